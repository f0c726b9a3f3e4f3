"""The files of an image as they are in the end, all layers together, as one tar: what `docker export` would give.

layer 2     etc/app.conf   .wh.old          the tar has what the stack shows: first all folders and links, then
layer 1     etc/app.conf   old   bin/tool   the files, layer by layer, so that each layer is read once
the tar     bin/ etc/  bin/tool  etc/app.conf
"""

from collections.abc import Iterable
from dataclasses import replace

from pydock_lab.archive import header
from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.archive.reader import TarReader
from pydock_lab.archive.writer import Writable
from pydock_lab.build.tree import LayeredTree

_Place = tuple[int, bytes]  # a layer's number, and the path that a file has in it


class FinalTree(LayeredTree):
    """A LayeredTree that can be written down."""

    def write(self, sink: Writable) -> int:
        """Write the tar of it, without the root's own entry; how many entries these are."""
        names: dict[_Place, list[bytes]] = {}
        for path in sorted(filter(None, self._entries)):
            number, entry = self._entries[path]
            if entry.type is EntryType.FILE:
                names.setdefault((number, entry.path), []).append(path)
            else:
                _put(sink, replace(entry, path=path, size=0))
        for number in sorted({number for number, _ in names}):
            self._files(number, names, sink)
        sink.write(header.END)
        return len(self._entries) - 1

    def _files(self, number: int, names: dict[_Place, list[bytes]], sink: Writable) -> None:
        """The files that are seen of one layer; a further name of a file is a hard link to its first one."""
        reader = TarReader(self._open_layer(number))
        for entry in reader:
            place = (number, entry.path)
            # Of two entries with one name in one layer, the one that counts is the one that the index kept.
            if place not in names or self._entries[names[place][0]][1] != entry:
                continue
            first, *others = names.pop(place)
            _put(sink, replace(entry, path=first), reader.content())
            for other in others:
                _put(sink, replace(entry, path=other, type=EntryType.HARDLINK, target=first, size=0))

    @property
    def shown_size(self) -> int:
        """Bytes of all files, each counted once."""
        files = {(number, entry.path): entry.size for number, entry in self._entries.values()}
        return sum(files.values())


def _put(sink: Writable, entry: Entry, content: Iterable[bytes | memoryview] = ()) -> None:
    sink.write(header.encode(entry))
    for piece in content:
        sink.write(bytes(piece))
    sink.write(bytes(-entry.size % header.BLOCK))
