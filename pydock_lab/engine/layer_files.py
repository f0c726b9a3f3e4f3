"""The files of an image's layers, opened as far as somebody wants to see them.

    layer 4   RUN rm -r /srv/notes       - srv/notes/      2.1 MB    opened: what the layer itself did
    layer 2   COPY . /srv                + srv/            2.2 MB
                                             + notes/      2.1 MB    opened further; the bytes are still here

What is not opened costs nothing, not even reading: an image may have 100,000 files.
"""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from pydock_lab.archive.compress import decompress
from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.archive.reader import TarReader, chunks
from pydock_lab.engine.file_history import FileHistory, Node, Sums
from pydock_lab.engine.home import Home
from pydock_lab.engine.images import FoundImage
from pydock_lab.views import ChangeKind, FileContent, FileNode, LayerStack, Opened

CONTENT = 16 << 10  # bytes of a file that are shown
_SHOWN, _MORE = 40, 200  # rows of one folder, until somebody wants more
_FOUND = 120  # rows of a filter
_HEX = 256  # bytes of what is no text
_HEX_ROW = 16
_CHARACTER = 4  # bytes of UTF-8, at most
_NOTHING = Sums()
ReadFile = Callable[[int, bytes, int], bytes]


class LayerExplorer:
    """The layers of `stack`, to be opened; `load` reads what their files are, once somebody asks.

    `read(layer, path, limit)` gives the beginning of a file of a layer; layers count from the base, 0, rows as in the
    stack. A row without a layer has no files.
    """

    def __init__(self, stack: LayerStack, load: Callable[[], FileHistory], read: ReadFile) -> None:
        self._stack, self._load, self._read = stack, load, read
        self._layers = [at for at, row in enumerate(stack.rows) if not row.is_empty]
        self._history: FileHistory | None = None
        self._opened: dict[int, Opened] = {}
        self._folders: set[tuple[int, bytes]] = set()
        self._limits: dict[tuple[int, bytes], int] = {}
        self._places: dict[str, tuple[int, Node]] = {}  # what is shown, by its key
        self._content: FileContent | None = None
        self.filter = ""

    # ---- what somebody does with it

    def open(self, row: int, how: Opened = Opened.CHANGES) -> None:
        """Show the files of a row's layer: its own, or together with those below; CLOSED closes it."""
        if row in self._layers:
            self._opened[row] = how

    def open_path(self, row: int, path: str) -> None:
        """Open the folders on the way to a path of a row's layer, and the path itself where it is a folder."""
        parts = path.strip("/").encode().split(b"/")
        for depth in range(1, len(parts) + 1):
            self._folders.add((row, b"/".join(parts[:depth])))
        node = self._all.node(b"/".join(parts))
        if node is not None and row in self._layers:  # it may be shown together with the only folder in it
            self._folders.add((row, self._sight(row).joined(node)[0].path))

    def toggle(self, key: str) -> None:
        """Open a folder that is closed, close one that is open, show the rest of one that has more."""
        place = self._places.get(key)
        if place is None:
            return
        row, node = place
        if key.startswith("more-"):
            self._limits[row, node.path] = self._limits.get((row, node.path), _SHOWN) + _MORE
        elif (row, node.path) in self._folders:
            self._folders.discard((row, node.path))
        else:
            self._folders.add((row, node.path))

    def choose(self, key: str) -> bool:
        """Look at what is shown under that key; whether there is a content to be shown now, or no more."""
        before, self._content = self._content, None
        row, node = self._places.get(key, (-1, None))
        if node is not None and not key.startswith("more-"):
            sight = self._sight(row)
            entry, holder = sight.standing(node), node.holder(sight.layer)
            if entry is not None and entry.type is EntryType.FILE:
                self._content = content_of(key, self._read(holder, node.path, CONTENT), entry.size)
        return before is not None or self._content is not None

    def view(self) -> LayerStack:
        """The layers as they are opened now."""
        self._places.clear()
        rows = [
            replace(row, opened=self._how(at), files=tuple(self._files(at))) for at, row in enumerate(self._stack.rows)
        ]
        return replace(self._stack, rows=tuple(rows), can_open=True, filter=self.filter, content=self._content)

    # ---- what is shown

    @property
    def _all(self) -> FileHistory:
        if self._history is None:
            self._history = self._load()
        return self._history

    def _how(self, row: int) -> Opened:
        return self._opened.get(row, Opened.CLOSED)

    def _sight(self, row: int) -> "_Sight":
        return _Sight(row=row, layer=self._layers.index(row), together=self._how(row) is Opened.TOGETHER)

    def _files(self, row: int) -> Iterator[FileNode]:
        if self._how(row) is Opened.CLOSED:
            return
        sight = self._sight(row)
        yield from self._found(sight) if self.filter else self._below(sight, self._all.root, 0)

    def _below(self, sight: "_Sight", folder: Node, depth: int) -> Iterator[FileNode]:
        weighed = sorted(((sight.weight(child), child) for child in sight.inside(folder)), key=_heaviest_first)
        limit = self._limits.get((sight.row, folder.path), _SHOWN)
        for _, child in weighed[:limit]:
            node, name = sight.joined(child)
            is_open = sight.is_folder(node) and (sight.row, node.path) in self._folders
            yield self._node(sight, node, name, depth, is_open=is_open)
            if is_open:
                yield from self._below(sight, node, depth + 1)
        if len(weighed) > limit:
            key = self._key("more", sight, folder)
            yield FileNode(key=key, path=_text(folder.path), name="", depth=depth, others=len(weighed) - limit)

    def _found(self, sight: "_Sight") -> Iterator[FileNode]:
        """Paths with the text of the filter, in a flat list."""
        wanted, count = self.filter.strip("/").encode(), 0
        for node in self._all.nodes():
            if not sight.has(node) or wanted not in node.path:
                continue
            count += 1
            if count <= _FOUND:
                yield self._node(sight, node, _text(node.path)[1:], 0, is_open=False)
        if count > _FOUND:
            yield FileNode(key=f"more-{sight.row}", path="", name="", depth=0, others=count - _FOUND)

    def _node(self, sight: "_Sight", node: Node, name: str, depth: int, *, is_open: bool) -> FileNode:
        entry, is_folder, holder = sight.standing(node), sight.is_folder(node), node.holder(sight.layer)
        return FileNode(
            key=self._key("file", sight, node),
            path=_text(node.path),
            name=name + "/" * is_folder,
            depth=depth,
            kind=node.kind(sight.layer),
            size=sight.weight(node),
            is_directory=is_folder,
            opened=is_open,
            files=0 if is_open else sight.files(node),
            mode=entry.mode if entry else 0,
            owner=f"{entry.uid}:{entry.gid}" if entry else "",
            link=entry.target.decode("utf-8", "replace") if entry else "",
            holder=self._layers[holder] if holder >= 0 else -1,
        )

    def _key(self, kind: str, sight: "_Sight", node: Node) -> str:
        # By its path: what is chosen stays chosen when something above it is opened.
        key = f"{kind}-{sight.row}-{zlib.crc32(node.path)}"
        self._places[key] = (sight.row, node)
        return key


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sight:
    """How a row's layer is looked at: it alone, or `together` with all below."""

    row: int
    layer: int
    together: bool

    def inside(self, folder: Node) -> Iterator[Node]:
        """What is shown in a folder."""
        return (child for child in folder.children.values() if self.layer in child.sums or self.has(child))

    def has(self, node: Node) -> bool:
        """Whether a path itself is shown: what the layer does, and what is there together with those below."""
        return node.kind(self.layer) is not None or (self.together and node.entry(self.layer) is not None)

    def is_folder(self, node: Node) -> bool:
        """Whether a folder stands there, or did until the layer deleted it."""
        found = self.standing(node)
        return found is not None and found.type is EntryType.DIRECTORY

    def standing(self, node: Node) -> Entry | None:
        """What stands there after the layer, or stood there until the layer deleted it."""
        return node.entry(self.layer) or node.entry(self.layer - 1)

    def weight(self, node: Node) -> int:
        """Bytes: of what is deleted, what it goes on costing below."""
        entry, below = node.entry(self.layer), node.sums.get(self.layer, _NOTHING)
        if node.kind(self.layer) is ChangeKind.DELETED:
            before = node.entry(self.layer - 1)
            return (before.size if before else 0) - below.live
        if self.together:
            return (entry.size if entry else 0) + node.total(self.layer).live
        return (entry.size if entry and node.kind(self.layer) else 0) + below.written

    def files(self, node: Node) -> int:
        """How many are in a folder."""
        is_counted = self.together and node.kind(self.layer) is not ChangeKind.DELETED
        return node.total(self.layer).files if is_counted else node.sums.get(self.layer, _NOTHING).changes

    def joined(self, node: Node) -> tuple[Node, str]:
        """A folder that is only passed through, and has one folder in it, is told together with that."""
        name = node.name.decode("utf-8", "replace")
        while node.kind(self.layer) is None:
            inside = list(islice(self.inside(node), 2))
            if len(inside) != 1 or not self.is_folder(inside[0]):
                break
            node = inside[0]
            name += "/" + node.name.decode("utf-8", "replace")
        return node, name


def _heaviest_first(weighed: tuple[int, Node]) -> tuple[int, bytes]:
    return -weighed[0], weighed[1].name


def _text(path: bytes) -> str:
    return "/" + path.decode("utf-8", "replace")


def content_of(key: str, content: bytes, size: int) -> FileContent:
    """The beginning of a file as text, or as rows of bytes where it is none."""
    cut = size > len(content)
    text = _decoded(content, cut=cut)
    if text is not None:
        return FileContent(key=key, text=text, is_text=True, cut=cut)
    head = content[:_HEX]
    rows = (head[at : at + _HEX_ROW] for at in range(0, len(head), _HEX_ROW))
    lines = [f"{number * _HEX_ROW:08x}  {row.hex(' '):<47}  {_letters(row)}" for number, row in enumerate(rows)]
    return FileContent(key=key, text="\n".join(lines), is_text=False, cut=size > len(head))


def _decoded(content: bytes, *, cut: bool) -> str | None:
    """The text that it is, or None."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        # The last character may have been cut in the middle.
        if not cut or error.start < len(content) - _CHARACTER:
            return None
        text = content[: error.start].decode()
    return None if "\0" in text else text


def _letters(row: bytes) -> str:
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)  # noqa: PLR2004 - printable ASCII


def layer_explorer(home: Home, found: FoundImage, stack: LayerStack) -> LayerExplorer:
    """The explorer of an image of the store."""
    layers = found.manifest.layers

    def load() -> FileHistory:
        pairs = zip(found.config.diff_ids, layers, strict=True)
        return FileHistory([home.indexes.get(diff_id, layer) for diff_id, layer in pairs])

    def read(layer: int, path: bytes, limit: int) -> bytes:
        with home.blobs.open(layers[layer]) as blob:
            return first_bytes(TarReader(decompress(chunks(blob))), path, limit)

    return LayerExplorer(stack, load, read)


def first_bytes(tar: TarReader, path: bytes, limit: int) -> bytes:
    """The beginning of a file in a tar; empty where it is not in it."""
    for entry in tar:
        if entry.path != path or entry.type is not EntryType.FILE:
            continue
        content = bytearray()
        for piece in tar.content():
            content += piece[: limit - len(content)]
            if len(content) == limit:
                break
        return bytes(content)
    return b""
