"""`RUN --mount=...` and `RUN --device=...`: what a step sees besides its own file system.

    type=bind     files of the build context, or of another stage or image        read-only
    type=cache    a directory that outlives the build, for compilers and packages  writable
    type=tmpfs    a directory in memory                                            writable
    type=secret   a file or variable that never enters the image                   read-only
    type=ssh      the socket of an SSH agent                                       read-only

Source: BuildKit's documentation, "RUN --mount" and "RUN --device".
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import NoReturn, TypeVar

from pydock_lab.dockerfile.characters import quote
from pydock_lab.dockerfile.scalars import boolean, fields, size, unsigned
from pydock_lab.dockerfile.suggest import closest
from pydock_lab.errors import DockerfileError

Option = TypeVar("Option", bound=Enum)

_KEYS = {
    "src": "source",
    "dst": "target",
    "destination": "target",
    "ro": "readonly",
    "rw": "readwrite",
} | {
    key: key
    for key in (
        *("type", "from", "source", "target", "readonly", "readwrite", "required"),
        *("size", "id", "sharing", "mode", "uid", "gid", "env"),
    )
}


class MountType(Enum):
    """What is mounted."""

    BIND = "bind"
    CACHE = "cache"
    TMPFS = "tmpfs"
    SECRET = "secret"  # noqa: S105 - a type of mount, no password
    SSH = "ssh"


class Sharing(Enum):
    """What happens when two builds want one cache: both have it, each has its own, one waits."""

    SHARED = "shared"
    PRIVATE = "private"
    LOCKED = "locked"


@dataclass(frozen=True, kw_only=True, slots=True)
class Mount:
    """One mount, checked; `size_limit` in bytes (0: none), `mode` a number such as 0o755, None: the default."""

    type: MountType = MountType.BIND
    source: str = ""
    target: str = ""
    origin: str = ""  # `from`: a stage or an image
    read_only: bool = True
    required: bool = False
    size_limit: int = 0
    cache_id: str = ""
    sharing: Sharing | None = None
    mode: int | None = None
    uid: int | None = None
    gid: int | None = None
    env: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Device:
    """A device by its CDI name, `vendor.com/class=name`."""

    name: str = ""
    required: bool = False


def check_mount(text: str) -> None:
    """What can be said of a mount before its variables are known; raises DockerfileError."""
    for field in fields(text, what="mounts"):
        key, _, value = field.partition("=")
        # Stages are linked before any variable has a value.
        if key.lower() == "from" and "$" in value[:-1]:
            raise DockerfileError("dockerfile.mount-from-variable", option=key.lower())


def parse_mount(text: str, expand: Callable[[str], str]) -> Mount:
    """Read a mount, each value after `expand`; raises DockerfileError."""
    draft = _Draft()
    for field in fields(text, what="mounts"):
        # Only values can be variables: which options there are is known without them.
        key, equals, value = field.partition("=")
        if equals:
            draft.set(key.lower(), expand(value), field)
        else:
            draft.set_bare(key.lower(), field)
    return draft.finish()


class _Draft:
    """A mount while its options are read: what one means may depend on those before it."""

    def __init__(self) -> None:
        self._type = MountType.BIND
        self._read_only: bool | None = None
        self._values: dict[str, object] = {}

    def set_bare(self, key: str, field: str) -> None:
        """An option without a value."""
        if key in ("readonly", "ro", "readwrite", "rw"):
            self._read_only = key in ("readonly", "ro")
        elif key == "required":
            self._required("required", "true")
        else:
            raise DockerfileError("dockerfile.field-equals", field=field)

    def set(self, key: str, value: str, field: str) -> None:
        """An option with its value."""
        match _KEYS.get(key):
            case "type":
                self._type = _choice(MountType, value, "mount-type")
            case "sharing":
                self._values["sharing"] = _choice(Sharing, value.lower(), "mount-sharing", written=value)
            case "readonly":
                self._read_only = _boolean(key, value)
            case "readwrite":
                self._read_only = not _boolean(key, value)
            case "required":
                self._required(key, value)
            case "size":
                self._size(key, value)
            case "mode" | "uid" | "gid" as name:
                self._values[name] = _number(name, value)
            case None:
                _unexpected(key, field, _KEYS)
            case name:
                self._values[{"from": "origin", "id": "cache_id"}.get(name, name)] = value

    def _required(self, key: str, value: str) -> None:
        self._only(key, MountType.SECRET, MountType.SSH)
        self._values["required"] = _boolean(key, value)

    # The type must come first: until it is read, a mount is a bind mount, and the reference says so.
    def _size(self, key: str, value: str) -> None:
        self._only(key, MountType.TMPFS)
        if (limit := size(value)) is None:
            raise DockerfileError("dockerfile.field-value", option=key, value=value)
        self._values["size_limit"] = limit

    def _only(self, key: str, *types: MountType) -> None:
        if self._type not in types:
            raise DockerfileError("dockerfile.mount-key-type", option=key, type=self._type.value)

    def finish(self) -> Mount:
        """The mount, with the defaults of its type."""
        if self._type in (MountType.BIND, MountType.TMPFS):
            for name in ("mode", "uid", "gid"):
                if name in self._values:
                    raise DockerfileError("dockerfile.mount-owner", option=name, type=quote(self._type.value))
        if self._type is MountType.SECRET:
            self._check_secret()
        elif "sharing" in self._values and self._type is not MountType.CACHE:
            raise DockerfileError("dockerfile.mount-not-shared", type=self._type.value)
        # A cache that could not be written would stay empty; a secret must not be changed by accident.
        writable = self._type in (MountType.CACHE, MountType.TMPFS)
        read_only = not writable if self._read_only is None else self._read_only
        return Mount(type=self._type, read_only=read_only, **self._values)  # type: ignore[arg-type]  # checked by `set`

    def _check_secret(self) -> None:
        values = self._values
        if values.get("origin"):
            raise DockerfileError("dockerfile.secret-from")
        if "sharing" in values:
            raise DockerfileError("dockerfile.secret-sharing")
        if not (values.get("source") or values.get("target") or values.get("cache_id")):
            raise DockerfileError("dockerfile.secret-empty")
        if values.get("source") and values.get("cache_id"):
            raise DockerfileError("dockerfile.secret-twice")


def parse_device(text: str) -> Device:
    """Read `vendor.com/class=name,required`; raises DockerfileError."""
    name, required = "", False
    for field in fields(text, what="devices"):
        key, equals, value = field.partition("=")
        key = key.lower()
        if key == "required":
            required = _boolean(key, value if equals else "true")
        elif key == "name" and equals:
            if name:
                raise DockerfileError("dockerfile.device-twice", name=name)
            name = value
        elif not name:
            # A CDI name has an equals sign of its own.
            name = field
        elif equals:
            _unexpected(key, field, ("name", "required"))
        else:
            raise DockerfileError("dockerfile.field-equals", field=field)
    return Device(name=name, required=required)


def _unexpected(key: str, field: str, known: Iterable[str]) -> NoReturn:
    if (meant := closest(key, known)) is not None:
        raise DockerfileError("dockerfile.field-unknown-like", option=key, field=field, suggestion=meant)
    raise DockerfileError("dockerfile.field-unknown", option=key, field=field)


def _boolean(key: str, value: str) -> bool:
    if (found := boolean(value)) is None:
        raise DockerfileError("dockerfile.field-value", option=key, value=value)
    return found


def _number(key: str, value: str) -> int:
    found = unsigned(value, base=8 if key == "mode" else 10)
    if found is None:
        raise DockerfileError("dockerfile.field-number", option=key, value=value)
    return found


def _choice(options: type[Option], value: str, key: str, written: str | None = None) -> Option:
    try:
        return options(value)
    except ValueError:
        known = ", ".join(option.value for option in options)
        shown = quote(value if written is None else written)
        raise DockerfileError(f"dockerfile.{key}", value=shown, known=known) from None
