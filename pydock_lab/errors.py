"""One tree of errors. Each carries a key and fields; `locale` has its words, in French and in English.

    PydockError
    ├── InvalidValue            a text that is not what it should be
    │   ├── InvalidReference      name:tag, name@digest
    │   ├── InvalidDigest
    │   └── InvalidDocument       a manifest, index or config that breaks the specification
    ├── DockerfileError         with the lines it speaks of
    ├── ArchiveError            a layer that cannot, or must not, be unpacked
    ├── StoreError              what is on disk
    │   ├── NotFound              no such image, container, volume ...
    │   ├── Conflict              the name is taken, the thing is in use
    │   └── Corrupt               bytes that do not match their digest
    ├── IsolationError          this machine cannot give what was asked for
    ├── ContainerError          a container could not be started (exit status 125, 126 or 127)
    ├── BuildError              a step failed
    ├── RegistryError           a registry said no, or could not be reached
    ├── CommandError            a command line that means nothing
    └── Interrupted             the user stopped it

A text says what failed and where; its hint says what to do next.
"""

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from pydock_lab import locale

_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


class PydockError(Exception):
    """Something that a user can understand and act on: `key` names its text in `locale`, `fields` fill it."""

    exit_status: int = 1

    def __init__(self, key: str, /, **fields: object) -> None:
        super().__init__(key)
        self.key = key
        self.fields: Mapping[str, object] = MappingProxyType(fields)

    def message(self, language: str | None = None) -> str:
        """What failed and where, in one sentence."""
        return locale.text(self.key, language, **self.fields)

    def hint(self, language: str | None = None) -> str | None:
        """What to do next, where there is something to say."""
        found = locale.find(f"{self.key}.hint", language)
        return found.format(**self.fields) if found is not None else None

    def place(self, language: str | None = None) -> str:
        """Where it is, as a start of a sentence (`line 3: `); empty where it is in no line."""
        line = self.fields.get("line")
        return locale.text("errors.line", language, line=line) if line else ""

    def __str__(self) -> str:
        hint = self.hint()
        return harmless(f"{self.place()}{self.message()}" + (f"\n{hint}" if hint else ""))

    def __reduce__(self) -> tuple[object, ...]:
        return (_restore, (type(self), self.key, dict(self.fields)))

    def to_json(self) -> dict[str, object]:
        """The error as plain data (class name, key, fields), to cross a process boundary or enter a record."""
        return {"error": type(self).__name__, "key": self.key, "fields": dict(self.fields)}


# What a terminal obeys, but for the tab and the end of a line, and the marks that reorder a line.
_SEEN = {code: f"\\x{code:02x}" for code in (*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0))}
_SEEN |= {code: f"\\u{code:04x}" for code in (0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}


def harmless(text: str) -> str:
    r"""A text with words of strangers (a label, a registry's answer): `\x1b[2J` in it is seen, and not obeyed."""
    return text if text.isprintable() else text.translate(_SEEN)


def _restore(kind: type[PydockError], key: str, fields: dict[str, object]) -> PydockError:
    return kind(key, **fields)


@contextmanager
def telling_no_space() -> Iterator[None]:
    """What is done here raises StoreError where a disk has run full, and not the system's own error."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise StoreError("store.no-space", reason=error.strerror) from error


def from_json(document: Mapping[str, object]) -> PydockError:
    """The error that `to_json` wrote down; an unknown class becomes a PydockError."""
    kind = _KINDS.get(str(document["error"]), PydockError)
    fields = document["fields"]
    return kind(str(document["key"]), **(fields if isinstance(fields, dict) else {}))


class InvalidValue(PydockError):
    """A text that is not what it should be."""


class InvalidReference(InvalidValue):
    """Not an image reference: the field `part` is the part that is wrong."""


class InvalidDigest(InvalidValue):
    """Not a digest `algorithm:hex`."""


class InvalidDocument(InvalidValue):
    """A manifest, index or config that breaks the OCI image specification; `where` is the path in it."""


class DockerfileError(PydockError):
    """A Dockerfile that means nothing; fields `line` and `end_line` (from 1) where the place is known."""

    @property
    def line(self) -> int | None:
        """The first line of the instruction, from 1."""
        line = self.fields.get("line")
        return line if isinstance(line, int) else None


class ArchiveError(PydockError):
    """A layer or archive that cannot, or must not, be unpacked; `entry` names the place in it."""


class StoreError(PydockError):
    """The files of `$PYDOCK_HOME`."""


class NotFound(StoreError):
    """No such image, container, network, volume."""


class Conflict(StoreError):
    """The name is taken, or the thing is in use."""


class Corrupt(StoreError):
    """Bytes that do not match their digest."""


class IsolationError(PydockError):
    """This machine cannot give what was asked for; `facet` names the missing part."""

    exit_status = 125


class ContainerError(PydockError):
    """A container that could not be started, or not found in the state that a command needs."""

    exit_status = 125

    def __init__(self, key: str, /, **fields: object) -> None:
        super().__init__(key, **fields)
        status = fields.get("exit_status")
        if isinstance(status, int):
            self.exit_status = status


class BuildError(PydockError):
    """A step of a build failed."""


class RegistryError(PydockError):
    """A registry said no, or could not be reached; `status` is the HTTP status where there was one."""


class CommandError(PydockError):
    """A command line that means nothing."""

    exit_status = 125


class Interrupted(PydockError):
    """The user stopped it (Ctrl-C, the notebook's stop button)."""

    exit_status = 130


def _tree(kind: type[PydockError]) -> dict[str, type[PydockError]]:
    found = {kind.__name__: kind}
    for child in kind.__subclasses__():
        found |= _tree(child)
    return found


_KINDS = _tree(PydockError)
