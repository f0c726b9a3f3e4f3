"""Small layers for the tests, and a root to unpack them into that stands beside something to be protected."""

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pydock_lab.archive.apply import Applied, Policy, apply
from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.archive.writer import TarWriter

Pack = Callable[..., bytes]


def packed(*entries: Entry | tuple[Entry, bytes]) -> bytes:
    """The tar of these entries; the first parts of pairs get the second as content."""
    sink = io.BytesIO()
    tar = TarWriter(sink)
    for item in entries:
        entry, content = item if isinstance(item, tuple) else (item, b"")
        tar.add(entry, content)
    tar.finish()
    return sink.getvalue()


@pytest.fixture
def pack() -> Pack:
    return packed


class Victim:
    """`root` is unpacked into; `outside` beside it must stay as it is."""

    def __init__(self, folder: Path) -> None:
        self.root, self.outside = folder / "root", folder / "outside"
        self.root.mkdir()
        self.outside.mkdir()
        (self.outside / "secret").write_text("untouched")
        (self.outside / "secret").chmod(0o640)
        self.before = self._facts()
        self.fd = os.open(self.root, os.O_RDONLY)

    def apply(self, layer: bytes, policy: Policy | None = None, **options: object) -> Applied:
        return apply(io.BytesIO(layer), self.fd, policy=policy, **options)  # type: ignore[arg-type]

    def escaped(self) -> bool:
        return self._facts() != self.before or sorted(os.listdir(self.root.parent)) != ["outside", "root"]

    def _facts(self) -> list[object]:
        facts: list[object] = []
        for path in sorted([self.outside, *self.outside.rglob("*")]):
            status = path.lstat()
            facts.append((path, status.st_mode, status.st_uid, status.st_nlink, status.st_mtime_ns))
        return [*facts, (self.outside / "secret").read_bytes()]


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Victim]:
    folder = tmp_path / "victim"
    folder.mkdir()
    made = Victim(folder)
    yield made
    os.close(made.fd)


def file(path: str, content: bytes = b"", **fields: object) -> tuple[Entry, bytes]:
    return Entry(path=path.encode(), size=len(content), **fields), content  # type: ignore[arg-type]


def link(path: str, target: str, kind: EntryType = EntryType.SYMLINK) -> Entry:
    return Entry(path=path.encode(), type=kind, target=target.encode(), mode=0o777)


def folder(path: str, mode: int = 0o755) -> Entry:
    return Entry(path=path.encode(), type=EntryType.DIRECTORY, mode=mode)


@pytest.fixture
def make() -> type:
    class Make:
        """Entries by name: make.file, make.link, make.folder, make.hardlink."""

        file, link, folder = staticmethod(file), staticmethod(link), staticmethod(folder)

        @staticmethod
        def hardlink(path: str, target: str) -> Entry:
            return link(path, target, EntryType.HARDLINK)

    return Make
