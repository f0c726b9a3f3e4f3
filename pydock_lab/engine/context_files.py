"""Files of build contexts that cells write, and what they were before.

shop/                        a context: a folder beside the notebook
  app.py                     %%context shop/app.py writes it
$PYDOCK_HOME/cells/<key>/    one folder a file: how it was before each cell, the newest last, for --undo

What was there is kept outside of the context: else every build would send it.
"""

import hashlib
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any, Self

from pydock_lab.build.modes import ModeChange
from pydock_lab.errors import CommandError, Conflict, NotFound
from pydock_lab.store.records import Collection

# Never a dot first: such folders are hidden, and `..` is another place.
_NAME = re.compile(r"\w[\w.-]{0,99}")
_KEPT = 20  # versions of a file
_COMPARED = 1_000_000  # lines of one times lines of the other, until which it is found out which are new


@dataclass(frozen=True, kw_only=True, slots=True)
class ContextPlace:
    """A `file` (with slashes) in the context `name`."""

    name: str
    file: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `NAME/FILE`; raises CommandError where that is no file, or one of another place."""
        name, slash, rest = text.partition("/")
        file = str(PurePosixPath(rest))
        if text.startswith(("/", "~")) or ".." in PurePosixPath(text).parts or rest.startswith("/"):
            raise CommandError("engine.context-outside", place=text)
        check_name(name)
        if not slash or file == "." or rest.endswith("/"):
            raise CommandError("engine.context-no-file", name=name)
        if not file.isprintable() or "\\" in file:
            raise CommandError("engine.context-file-name", file=ascii(file))
        return cls(name=name, file=file)

    def __str__(self) -> str:
        return f"{self.name}/{self.file}"


def check_name(name: str) -> None:
    """Raises CommandError for what is no name of a context."""
    if not _NAME.fullmatch(name):
        raise CommandError("engine.context-name", name=name if name.isprintable() else ascii(name))


class Done(StrEnum):
    """What became of a file."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    MODE = "mode"  # only its permissions
    GONE = "gone"


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """A file that was written: bytes, lines that came and went, permission bits before and now."""

    place: ContextPlace
    done: Done
    size: int = 0
    added: int = 0
    removed: int = 0
    old_mode: int = 0
    mode: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class _State:
    """A file at one time; without `content` it was not there."""

    content: bytes | None
    mode: int = 0

    @property
    def digest(self) -> str:
        return "" if self.content is None else hashlib.sha256(self.content).hexdigest()


class ContextFiles:
    """Writes files of the contexts below the folder `here`; what they were before is kept below `home`."""

    def __init__(self, home: Path, here: Path) -> None:
        self._here = here
        self._kept = Collection(home, "cells")

    def write(
        self, place: ContextPlace, content: bytes, *, append: bool = False, mode: ModeChange | None = None
    ) -> Written:
        """Write a file, or add to its end; raises CommandError where its place is none or cannot be written."""
        target = self._target(place)
        before = self._look(place, target)
        whole = (before.content or b"") + content if append else content
        bits = mode.apply(before.mode or _new_mode(), is_folder=False) if mode else before.mode
        written = self._written(place, before, _State(content=whole, mode=bits))
        if written.done is not Done.UNCHANGED:
            with self._keeping(place, target, before, whole):
                self._put(place, target, whole, bits)
        return written

    def undo(self, place: ContextPlace) -> Written:
        """Take back what a cell did last to a file; raises NotFound, and Conflict where somebody else changed it."""
        target = self._target(place)
        with self._told(), self._kept.lock():
            key, changes = self._changes(target)
            if not changes:
                raise NotFound("engine.context-nothing-kept", place=place)
            last, now = changes[-1], self._look(place, target)
            if now.content is not None and now.digest != last["left"]:
                raise Conflict("engine.context-changed", place=place)
            kept = self._kept.path(key) / last["file"]
            then = _State(content=kept.read_bytes() if last["was"] else None, mode=last["mode"])
            if then.content is None:
                self._unlink(place, target)
            else:
                self._put(place, target, then.content, then.mode)
            self._note(key, place, target, changes[:-1])
            kept.unlink(missing_ok=True)
        return self._written(place, now, then)

    def names(self) -> frozenset[str]:
        """The contexts here of which cells have written files."""
        here = self._here.resolve()
        contexts = (Path(str(self._kept.read(key).get("context", ""))) for key in self._kept)
        return frozenset(context.name for context in contexts if context.parent == here)

    # ---- where, and what is there

    def _target(self, place: ContextPlace) -> Path:
        """The file itself, links followed; raises CommandError where they lead out of the context."""
        root = self._here / place.name
        try:
            inside, target = root.resolve(), (root / place.file).resolve()
        except (OSError, RuntimeError) as error:  # a circle of links
            raise CommandError("engine.context-write", place=place, reason=str(error)) from None
        if not target.is_relative_to(inside) or target == inside:
            raise CommandError("engine.context-link", place=place, target=str(target))
        return target

    def _look(self, place: ContextPlace, target: Path) -> _State:
        try:
            found = target.lstat()
            if not stat.S_ISREG(found.st_mode):
                raise CommandError("engine.context-not-a-file", place=place)
            return _State(content=target.read_bytes(), mode=stat.S_IMODE(found.st_mode))
        except FileNotFoundError:
            return _State(content=None)
        except OSError as error:
            raise CommandError("engine.context-write", place=place, reason=error.strerror) from None

    def _put(self, place: ContextPlace, target: Path, content: bytes, mode: int) -> None:
        """The whole file or, whatever happens, the one before."""
        # Beside it, since only there it can take its place at once.
        beside = target.with_name(f".{target.name[:80]}.{os.urandom(4).hex()}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(content)
            if mode:
                beside.chmod(mode)
            _give(beside, target)
            beside.replace(target)
        except OSError as error:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            raise CommandError("engine.context-write", place=place, reason=error.strerror) from None

    @staticmethod
    def _unlink(place: ContextPlace, target: Path) -> None:
        try:
            target.unlink(missing_ok=True)
        except OSError as error:
            raise CommandError("engine.context-write", place=place, reason=error.strerror) from None

    # ---- what it was before

    def _changes(self, target: Path) -> tuple[str, list[dict[str, Any]]]:
        key = hashlib.sha256(os.fsencode(target)).hexdigest()[:32]
        try:
            return key, list(self._kept.read(key)["changes"])
        except NotFound:
            return key, []

    @contextmanager
    def _keeping(self, place: ContextPlace, target: Path, before: _State, after: bytes) -> Iterator[None]:
        """Keep what is there before it is written, and note that it was: of what fails nothing is noted."""
        with self._told(), self._kept.lock():
            key, changes = self._changes(target)
            folder, file = self._kept.path(key), f"{int(changes[-1]['file']) + 1 if changes else 1}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(before.content or b"")
            yield
            left = _State(content=after).digest
            changes.append({"file": file, "was": before.content is not None, "mode": before.mode, "left": left})
            self._note(key, place, target, changes[-_KEPT:])
            for old in changes[:-_KEPT]:
                (folder / old["file"]).unlink(missing_ok=True)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What goes wrong with the folder that they are kept in is an error with words."""
        try:
            yield
        except OSError as error:
            directory = self._kept.directory
            raise CommandError("engine.context-write", place=directory, reason=error.strerror) from None

    def _note(self, key: str, place: ContextPlace, target: Path, changes: list[dict[str, Any]]) -> None:
        context = str(self._here.resolve() / place.name)
        self._kept.write(key, {"path": str(target), "context": context, "changes": changes})

    @staticmethod
    def _written(place: ContextPlace, before: _State, after: _State) -> Written:
        added, removed = lines_changed(before.content or b"", after.content or b"")
        return Written(
            place=place,
            done=_done(before, after),
            size=len(after.content or b""),
            added=added,
            removed=removed,
            old_mode=before.mode,
            mode=after.mode,
        )


def _done(before: _State, after: _State) -> Done:
    if after.content is None:
        return Done.GONE
    if before.content is None:
        return Done.NEW
    if before.content != after.content:
        return Done.CHANGED
    return Done.UNCHANGED if before.mode == after.mode else Done.MODE


def _new_mode() -> int:
    return 0o644


def _give(file: Path, like: Path) -> None:
    """Root who writes a user's file leaves it theirs."""
    with suppress(OSError, AttributeError):  # it is new, or there are no owners here
        found = like.stat()
        os.chown(file, found.st_uid, found.st_gid)


def lines_changed(before: bytes, after: bytes) -> tuple[int, int]:
    """How many lines came, and how many went."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    if len(old) * len(new) > _COMPARED:
        gone, came = Counter(old), Counter(new)
        return (came - gone).total(), (gone - came).total()
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    same = sum(block.size for block in blocks)
    return len(new) - same, len(old) - same
