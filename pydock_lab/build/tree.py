"""The file system of an image, seen through the indexes of its layers: what is where, without unpacking anything.

Layers are laid over each other from the base up, as an overlay file system would:

    layer 2      etc/app.conf           .wh.old          an entry hides the one below,
    layer 1      etc/                    old   bin/       a whiteout deletes it,
    the tree     etc/  etc/app.conf            bin/       an opaque folder starts empty.
"""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.archive.index import LayerIndex
from pydock_lab.archive.reader import TarReader
from pydock_lab.build.source import join
from pydock_lab.oci import Digest

OpenLayer = Callable[[int], Iterator[bytes]]
_ROOT = Entry(path=b"", type=EntryType.DIRECTORY, mode=0o755)


class LayeredTree:
    """Layers as one Source; `open_layer(n)` gives the uncompressed tar of layer n (0 is the base) in chunks."""

    def __init__(self, indexes: Sequence[LayerIndex], open_layer: OpenLayer) -> None:
        self._open_layer = open_layer
        self._entries: dict[bytes, tuple[int, Entry]] = {b"": (-1, _ROOT)}
        self._children: dict[bytes, dict[bytes, None]] = {b"": {}}
        self._checksums: dict[tuple[int, bytes], str] = {}
        self._folders: dict[bytes, Digest] = {}
        self._repeating: set[int] = set()  # layers in whose tar a path comes twice: the last counts
        for number, index in enumerate(indexes):
            self.add(number, index)

    def add(self, number: int, index: LayerIndex) -> None:
        """Lay one more layer on top."""
        self._folders.clear()
        # Marks before entries, wherever they stand in the tar: they hide what lower layers have, and never what their
        # own layer brings (OCI image specification, layer.md, "Whiteouts").
        for path in index.whiteouts:
            self._remove(path)
        for folder in index.opaque:
            for name in list(self._children.get(folder, ())):
                self._remove(join(folder, name))
        for entry in index.entries:
            self._put(number, entry, index)

    def _put(self, number: int, entry: Entry, index: LayerIndex) -> None:
        path = entry.path
        known = self._entries.get(path)
        is_folder = entry.type is EntryType.DIRECTORY
        if known and known[0] == number:
            self._repeating.add(number)
        # As in an overlay, something else in the place of a folder hides all that was in that.
        if known and path and (known[1].type is EntryType.DIRECTORY) and not is_folder:
            self._remove(path)
        if entry.type is EntryType.HARDLINK:
            self._put_hardlink(entry)
            return
        self._add_parents(path)
        self._entries[path] = (number, entry)
        if is_folder:
            self._children.setdefault(path, {})
        if (said := index.checksums.get(path)) is not None:
            self._checksums[number, path] = said

    def _put_hardlink(self, entry: Entry) -> None:
        # A hard link is the same file under a second name: its bytes are found under the first.
        found = self._entries.get(entry.target)
        if found is None:
            return
        self._add_parents(entry.path)
        self._entries[entry.path] = found

    def _add_parents(self, path: bytes) -> None:
        folder, _, name = path.rpartition(b"/")
        while name:
            siblings = self._children.setdefault(folder, {})
            if name in siblings:
                return
            siblings[name] = None
            if folder not in self._entries:  # an archive may leave out its folders
                self._entries[folder] = (-1, replace(_ROOT, path=folder))
            folder, _, name = folder.rpartition(b"/")

    def _remove(self, path: bytes) -> None:
        for name in list(self._children.pop(path, ())):
            self._remove(join(path, name))
        self._entries.pop(path, None)
        folder, _, name = path.rpartition(b"/")
        self._children.get(folder, {}).pop(name, None)

    def entry(self, path: bytes) -> Entry | None:
        """The entry at exactly `path`, or None."""
        found = self._entries.get(path)
        if found is None:
            return None
        # Under a hard link's second name the entry still carries the first.
        return found[1] if found[1].path == path else replace(found[1], path=path)

    def holder(self, path: bytes) -> int:
        """The number of the layer whose entry that is; -1 where there is none, or a folder that no layer speaks of."""
        found = self._entries.get(path)
        return -1 if found is None else found[0]

    def children(self, path: bytes) -> tuple[bytes, ...]:
        """Names in a folder, in byte order."""
        return tuple(sorted(self._children.get(path, ())))

    def file_checksum(self, entry: Entry) -> Digest:
        """The checksum that the layer's index has of a file."""
        number, original = self._entries[entry.path]
        return Digest("sha256:" + self._checksums[number, original.path])

    def folder_checksum(self, path: bytes) -> Digest | None:
        """The checksum of a folder, where somebody has asked before."""
        return self._folders.get(path)

    def keep_folder_checksum(self, path: bytes, digest: Digest) -> None:
        """Remember it until the next layer."""
        self._folders[path] = digest

    def owners(self) -> dict[bytes, tuple[int, int]]:
        """The owners of all that does not belong to root."""
        return {path: (one.uid, one.gid) for path, (_, one) in self._entries.items() if one.uid or one.gid}

    def read(self, path: bytes) -> bytes:
        """The bytes of one small file (links not followed); empty where there is none."""
        entry = self.entry(path)
        if entry is None or entry.type is not EntryType.FILE:
            return b""
        with self.contents([entry]) as contents:
            fd = contents.descriptor(entry)
            with os.fdopen(fd, "rb") as file:
                return file.read()

    @contextmanager
    def contents(self, entries: Iterable[Entry]) -> Iterator["Spool"]:
        """The bytes of these files, taken out of their layers into a temporary folder, each layer read once."""
        wanted: dict[int, set[bytes]] = {}
        places: dict[bytes, tuple[int, bytes]] = {}
        for entry in entries:
            number, original = self._entries[entry.path]
            wanted.setdefault(number, set()).add(original.path)
            places[entry.path] = (number, original.path)
        with tempfile.TemporaryDirectory(prefix="pydock-copy-") as folder:
            files = {number: self._extract(number, paths, folder) for number, paths in wanted.items()}
            yield Spool({path: files[number][original] for path, (number, original) in places.items()})

    def _extract(self, number: int, paths: set[bytes], folder: str) -> dict[bytes, str]:
        found: dict[bytes, str] = {}
        reader = TarReader(self._open_layer(number))
        for entry in reader:
            if entry.path in paths and entry.type is EntryType.FILE:
                name = found.setdefault(entry.path, os.path.join(folder, f"{number}-{len(found)}"))
                with open(name, "wb") as file:
                    file.writelines(reader.content())
                if len(found) == len(paths) and number not in self._repeating:
                    break
        return found


class Spool:
    """Files that were taken out of layers, by their path in the tree."""

    def __init__(self, files: Mapping[bytes, str]) -> None:
        self._files = files

    def descriptor(self, entry: Entry) -> int:
        """One of them, opened."""
        return os.open(self._files[entry.path], os.O_RDONLY | getattr(os, "O_BINARY", 0))
