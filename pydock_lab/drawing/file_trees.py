"""What a layer changes as a tree of few rows: the heaviest folders are opened first, as long as there is room.

+ usr/lib/python3/            9.1 MB
    + numpy/                  8.8 MB    412 files: a folder that stays closed is one row
    + six.py                   35 kB
- usr/share/doc/              6.1 MB
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pydock_lab.views import ChangeKind, FileChange


@dataclass(frozen=True, kw_only=True, slots=True)
class TreeRow:
    """One row: how deep it stands, its name (a folder's ends with a slash), what became of it, and its bytes.

    `kind` is None for a folder that is only passed through. `files` counts what a closed folder hides.
    """

    depth: int
    name: str
    kind: ChangeKind | None
    size: int
    files: int = 0


@dataclass(slots=True)
class _Node:
    name: str
    change: FileChange | None = None
    children: "dict[str, _Node]" = field(default_factory=dict)
    size: int = 0
    files: int = 0

    @property
    def is_folder(self) -> bool:
        return bool(self.children) or (self.change is not None and self.change.is_directory)

    @property
    def kind(self) -> ChangeKind | None:
        """Its own, or that of all that is in it, where they agree."""
        if self.change is not None:
            return self.change.kind
        kinds = {child.kind for child in self.children.values()}
        return kinds.pop() if len(kinds) == 1 else None

    def sorted(self) -> "list[_Node]":
        return sorted(self.children.values(), key=lambda node: (-node.size, -node.files, node.name))


def tree_rows(changes: Sequence[FileChange], limit: int) -> tuple[TreeRow, ...]:
    """At most `limit` rows (one folder more, where even the topmost are too many)."""
    root = _Node("")
    for change in changes:
        _put(root, change)
    _join(root)
    opened: set[int] = {id(root)}
    room = limit - len(root.children)
    closed = [node for node in root.sorted() if node.children]
    while closed:
        node = closed.pop(0)
        if len(node.children) > room:
            continue
        room -= len(node.children)
        opened.add(id(node))
        closed = sorted([*closed, *(child for child in node.sorted() if child.children)], key=lambda one: -one.size)
    return tuple(_rows(root, opened, 0))


def _put(root: _Node, change: FileChange) -> None:
    node = root
    for name in change.path.strip("/").split("/"):
        node.size += change.size
        node.files += not change.is_directory
        node = node.children.setdefault(name, _Node(name))
    node.change = change
    node.size += change.size
    node.files += not change.is_directory


def _join(node: _Node) -> None:
    """A folder with one thing in it is told together with that."""
    for name, child in list(node.children.items()):
        joined = child
        while joined.change is None and len(joined.children) == 1:
            only = next(iter(joined.children.values()))
            only.name = f"{joined.name}/{only.name}"
            joined = only
        node.children[name] = joined
        _join(joined)


def _rows(node: _Node, opened: set[int], depth: int) -> Iterator[TreeRow]:
    for child in node.sorted():
        is_open = id(child) in opened
        yield TreeRow(
            depth=depth,
            name=child.name + "/" * child.is_folder,
            kind=child.kind,
            size=child.size,
            files=0 if is_open or not child.children else child.files,
        )
        if is_open:
            yield from _rows(child, opened, depth + 1)
