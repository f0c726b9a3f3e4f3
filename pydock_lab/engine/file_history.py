"""Every path of an image through its layers: what each layer did to it, and what stands there after it.

    /srv/app.py     layer 2: added      layer 5: changed
    /srv/notes      layer 2: added      layer 4: deleted      its bytes are still in layer 2

Made once from the layers' indexes; then what is in a folder after any layer is a matter of that folder alone, however
many files the image has. Layers are numbered from the base, 0.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.archive.index import LayerIndex
from pydock_lab.views import ChangeKind

_FOLDER = Entry(path=b"", type=EntryType.DIRECTORY, mode=0o755)  # one that no archive names


@dataclass(slots=True)
class Sums:
    """What one layer does to all that is below a folder: `changes` counts files that it adds, changes and deletes.

    `written` are bytes that it holds, `live` and `files` how many more bytes and files are seen with it than without.
    """

    changes: int = 0
    written: int = 0
    live: int = 0
    files: int = 0

    def add(self, other: "Sums") -> None:
        """And that too."""
        self.changes += other.changes
        self.written += other.written
        self.live += other.live
        self.files += other.files


class Node:
    """One path: its name, what is in it, and what layers did to it (`numbers` and `entries`, None: deleted)."""

    __slots__ = ("children", "entries", "name", "numbers", "parent", "sums")

    def __init__(self, name: bytes, parent: "Node | None") -> None:
        self.name, self.parent = name, parent
        self.children: dict[bytes, Node] = {}
        self.numbers: list[int] = []
        self.entries: list[Entry | None] = []
        self.sums: dict[int, Sums] = {}  # of what is below, by layer

    @property
    def path(self) -> bytes:
        """Without a slash in front."""
        above = self.parent.path if self.parent else b""
        return above + b"/" + self.name if above else self.name

    def entry(self, layer: int) -> Entry | None:
        """What stands here itself after that layer."""
        at = bisect_right(self.numbers, layer)
        return self.entries[at - 1] if at else None

    def holder(self, layer: int) -> int:
        """The layer whose bytes are here after that one, or were until it was deleted; -1 where nothing ever was."""
        at = bisect_right(self.numbers, layer)
        while at and self.entries[at - 1] is None:
            at -= 1
        return self.numbers[at - 1] if at else -1

    def kind(self, layer: int) -> ChangeKind | None:
        """What that layer did to the path itself."""
        at = bisect_right(self.numbers, layer)
        if not at or self.numbers[at - 1] != layer:
            return None
        if self.entries[at - 1] is None:
            return ChangeKind.DELETED
        before = self.entry(layer - 1)
        return ChangeKind.CHANGED if before else ChangeKind.ADDED

    def total(self, layer: int) -> Sums:
        """All that is below it after that layer: `live` bytes and `files`."""
        found = Sums()
        for number, sums in self.sums.items():
            if number <= layer:
                found.add(sums)
        return found


class FileHistory:
    """The paths of an image, from the indexes of its layers."""

    def __init__(self, indexes: Sequence[LayerIndex]) -> None:
        self.root = Node(b"", None)
        self._nodes: dict[bytes, Node] = {b"": self.root}
        for layer, index in enumerate(indexes):
            self._add(layer, index)

    def node(self, path: bytes) -> Node | None:
        """What is known of a path in any layer; a path has no slash in front."""
        return self._nodes.get(path)

    def nodes(self) -> Iterable[Node]:
        """All of them, in the order in which they came."""
        return self._nodes.values()

    def _add(self, layer: int, index: LayerIndex) -> None:
        touched: dict[Node, Sums] = {}
        for path in index.whiteouts:
            if (node := self._nodes.get(path)) is not None:
                self._delete(node, layer, touched)
        for folder in index.opaque:
            if (node := self._nodes.get(folder)) is not None:
                for child in node.children.values():
                    self._delete(child, layer, touched)
        for entry in index.entries:
            self._put(entry, layer, touched)
        # Each folder once, and not each file at every folder above it.
        for node, sums in touched.items():
            above: Node | None = node
            while above is not None:
                above.sums.setdefault(layer, Sums()).add(sums)
                above = above.parent

    def _put(self, entry: Entry, layer: int, touched: dict[Node, Sums]) -> None:
        if not entry.path:
            return
        node = self._nodes.get(entry.path) or self._make(entry.path)
        _imply_folders(node, layer)
        before = node.entries[-1] if node.entries else None
        is_folder = entry.type is EntryType.DIRECTORY
        if before is not None and is_folder and _is_same_folder(before, entry):
            return  # only passed through
        if node.children and not is_folder:
            for child in node.children.values():
                self._delete(child, layer, touched)
        _note(node, layer, entry)
        sums = _sums(touched, node)
        sums.changes += not is_folder
        sums.written += entry.size
        sums.live += entry.size - (before.size if before else 0)
        sums.files += (not is_folder) - _is_file(before)

    def _delete(self, node: Node, layer: int, touched: dict[Node, Sums]) -> None:
        """Delete a path with all that is below it."""
        for child in node.children.values():
            self._delete(child, layer, touched)
        before = node.entries[-1] if node.entries else None
        if before is None:
            return
        _note(node, layer, None)
        sums = _sums(touched, node)
        sums.changes += _is_file(before)
        sums.live -= before.size
        sums.files -= _is_file(before)

    def _make(self, path: bytes) -> Node:
        folder, _, name = path.rpartition(b"/")
        parent = self._nodes.get(folder) or self._make(folder)
        node = self._nodes[path] = parent.children[name] = Node(name, parent)
        return node


def _imply_folders(node: Node, layer: int) -> None:
    """An archive may leave out the folders that something is in: they come with it."""
    above = node.parent
    while above is not None and above.parent is not None and (not above.entries or above.entries[-1] is None):
        _note(above, layer, _FOLDER)
        above = above.parent


def _note(node: Node, layer: int, entry: Entry | None) -> None:
    """A layer that names a path twice means the second."""
    if node.numbers and node.numbers[-1] == layer:
        node.entries[-1] = entry
    else:
        node.numbers.append(layer)
        node.entries.append(entry)


def _sums(touched: dict[Node, Sums], node: Node) -> Sums:
    # Those of the folder that it is in: what is said of a folder is said of what is below it.
    assert node.parent is not None  # noqa: S101 - the root is never added
    return touched.setdefault(node.parent, Sums())


def _is_same_folder(before: Entry, entry: Entry) -> bool:
    known = (before.type, before.mode, before.uid, before.gid)
    return known == (entry.type, entry.mode, entry.uid, entry.gid)


def _is_file(entry: Entry | None) -> bool:
    return entry is not None and entry.type is not EntryType.DIRECTORY
