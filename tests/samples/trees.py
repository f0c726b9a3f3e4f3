"""Small trees in memory, to copy from and onto."""

import io
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.archive.index import LayerIndex
from pydock_lab.archive.writer import TarWriter
from pydock_lab.build.tree import LayeredTree


def tar(*entries: tuple[Entry, bytes]) -> bytes:
    """A layer of these entries."""
    sink = io.BytesIO()
    writer = TarWriter(sink)
    for entry, content in entries:
        writer.add(entry, content)
    writer.finish()
    return sink.getvalue()


def file(path: str, content: str = "", mode: int = 0o644, **more: int) -> tuple[Entry, bytes]:
    """A file's entry and bytes."""
    body = content.encode()
    return Entry(path=path.encode(), size=len(body), mode=mode, **more), body


def folder(path: str, mode: int = 0o755, **more: int) -> tuple[Entry, bytes]:
    """A folder's entry."""
    return Entry(path=path.encode(), type=EntryType.DIRECTORY, mode=mode, **more), b""


def link(path: str, target: str) -> tuple[Entry, bytes]:
    """A symbolic link's entry."""
    return Entry(path=path.encode(), type=EntryType.SYMLINK, mode=0o777, target=target.encode()), b""


def tree(*layers: Iterable[tuple[Entry, bytes]]) -> LayeredTree:
    """Layers, base first, as one tree."""
    tars = [tar(*entries) for entries in layers]
    return LayeredTree([LayerIndex.read(iter([one])) for one in tars], lambda number: iter([tars[number]]))


@contextmanager
def on_disk(files: dict[str, str]) -> Iterator[str]:
    """A folder of these files."""
    with tempfile.TemporaryDirectory() as root:
        for path, content in files.items():
            whole = os.path.join(root, path)
            os.makedirs(os.path.dirname(whole), exist_ok=True)
            with open(whole, "w") as out:
                out.write(content)
        yield root
