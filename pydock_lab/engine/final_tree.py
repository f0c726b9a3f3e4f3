"""The files of an image as they are in the end, all layers together, as one tar: what `docker export` would give.

layer 2     etc/app.conf   .wh.old          the tar has what the stack shows: first all folders and links, then
layer 1     etc/app.conf   old   bin/tool   the files, layer by layer, so that each layer is read once
the tar     bin/ etc/  bin/tool  etc/app.conf
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pydock_lab.archive import header
from pydock_lab.archive.compress import decompress
from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.archive.reader import TarReader, chunks
from pydock_lab.archive.writer import Writable
from pydock_lab.build.tree import LayeredTree
from pydock_lab.engine.home import Home
from pydock_lab.oci import ImageConfig, Manifest

_Place = tuple[int, bytes]  # a layer's number, and the path that a file has in it


class FinalTree(LayeredTree):
    """A LayeredTree that can be written down."""

    def write(self, sink: Writable, below: bytes = b"") -> int:
        """Write the tar of what is below a folder, without the folder's own entry; how many entries these are."""
        names: dict[_Place, list[bytes]] = {}
        start = below + b"/" if below else b""
        paths = sorted(path for path in self._entries if path and path.startswith(start))
        for path in paths:
            number, entry = self._entries[path]
            inside = path[len(start) :]
            if entry.type is EntryType.FILE:
                names.setdefault((number, entry.path), []).append(inside)
            else:
                _put(sink, replace(entry, path=inside, size=0))
        for number in sorted({number for number, _ in names}):
            self._files(number, names, start, sink)
        sink.write(header.END)
        return len(paths)

    def _files(self, number: int, names: dict[_Place, list[bytes]], start: bytes, sink: Writable) -> None:
        """The files that are seen of one layer; a further name of a file is a hard link to its first one."""
        reader = TarReader(self._open_layer(number))
        for entry in reader:
            place = (number, entry.path)
            # Of two entries with one name in one layer, the one that counts is the one that the index kept.
            if place not in names or self._entries[start + names[place][0]][1] != entry:
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


def final_tree(home: Home, manifest: Manifest, config: ImageConfig) -> FinalTree:
    """The files of an image."""
    layers = manifest.layers
    indexes = [home.indexes.get(diff_id, layer) for diff_id, layer in zip(config.diff_ids, layers, strict=True)]

    def open_layer(number: int) -> Iterator[bytes]:
        with home.blobs.open(layers[number]) as blob:
            yield from decompress(chunks(blob))

    return FinalTree(indexes, open_layer)
