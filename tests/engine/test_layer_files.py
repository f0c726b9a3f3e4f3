"""What is in the layers of an image: against the tree that builds stand on, and opened step by step."""

from hypothesis import given
from hypothesis import strategies as some
from samples.opened import INDEXES, explorer, file, folder, index, link, read

from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.archive.index import LayerIndex
from pydock_lab.build.tree import LayeredTree
from pydock_lab.engine.file_history import FileHistory
from pydock_lab.engine.layer_files import LayerExplorer, content_of
from pydock_lab.views import ChangeKind, FileNode, Opened

PATHS = ["a", "a/b", "a/b/c", "a/d", "e", "e/f"]
ENTRIES = some.one_of(
    some.builds(file, some.sampled_from(PATHS), some.integers(0, 9)),
    some.builds(folder, some.sampled_from(PATHS)),
    some.builds(link, some.sampled_from(PATHS), some.just("x")),
)


def in_order(entries: list[Entry]) -> list[Entry]:
    """As a tar has them: nothing below what is no folder."""
    kept: dict[bytes, Entry] = {}
    for entry in entries:
        parts = entry.path.split(b"/")
        above = [kept.get(b"/".join(parts[:depth])) for depth in range(1, len(parts))]
        is_free = all(one is None or one.type is EntryType.DIRECTORY for one in above)
        below = any(path.startswith(entry.path + b"/") for path in kept)
        if is_free and entry.path not in kept and (entry.type is EntryType.DIRECTORY or not below):
            kept[entry.path] = entry
    return list(kept.values())


LAYERS = some.lists(
    some.builds(
        lambda entries, gone, opaque: index(*in_order(entries), gone=tuple(gone), opaque=tuple(opaque)),
        some.lists(ENTRIES, max_size=5),
        some.lists(some.sampled_from(PATHS), max_size=2),
        some.lists(some.sampled_from(["a", "e"]), max_size=1),
    ),
    max_size=5,
)


@given(LAYERS)
def test_after_every_layer_there_is_what_a_build_would_see(layers: list[LayerIndex]) -> None:
    history, tree = FileHistory(layers), LayeredTree((), lambda _: iter(()))
    for number, layer in enumerate(layers):
        tree.add(number, layer)
        expected = {path: tree.entry(path) for path in walked(tree, b"")}
        found = {node.path: node.entry(number) for node in history.nodes() if node.path and node.entry(number)}
        assert {path: facts(entry) for path, entry in found.items()} == {
            path: facts(entry) for path, entry in expected.items()
        }
        size = sum(entry.size for entry in expected.values())
        files = sum(entry.type is not EntryType.DIRECTORY for entry in expected.values())
        total = history.root.total(number)
        assert (total.live, total.files) == (size, files)


def facts(entry: Entry) -> tuple[EntryType, int, int, bytes]:
    return entry.type, entry.mode, entry.size, entry.target


def walked(tree: LayeredTree, folder: bytes) -> list[bytes]:
    inside = [folder + b"/" + name if folder else name for name in tree.children(folder)]
    return [*inside, *(deeper for path in inside for deeper in walked(tree, path))]


def names(explorer: LayerExplorer, row: int) -> list[str]:
    return [f"{'  ' * node.depth}{node.name}" for node in explorer.view().rows[row].files]


def named(explorer: LayerExplorer, row: int, path: str) -> FileNode:
    return next(node for node in explorer.view().rows[row].files if node.path == path)


def test_a_layer_shows_what_it_alone_did() -> None:
    found = explorer()
    found.open(1)
    assert names(found, 1) == ["srv/"]
    found.toggle(named(found, 1, "/srv").key)
    assert names(found, 1) == ["srv/", "  notes/", "  app.py"]
    found.open(3)
    assert names(found, 3) == ["srv/notes/"]
    gone = named(found, 3, "/srv/notes")
    assert (gone.kind, gone.size, gone.files) == (ChangeKind.DELETED, 10_257, 2)
    found.open(4)
    found.open_path(4, "/srv")
    changed = named(found, 4, "/srv/app.py")
    assert (changed.kind, changed.size, changed.holder) == (ChangeKind.CHANGED, 22, 4)


def test_together_with_what_is_below() -> None:
    found = explorer()
    found.open(4, Opened.TOGETHER)
    assert names(found, 4) == ["bin/", "usr/share/", "srv/", "etc/", "sh"]
    found.open_path(4, "/srv")
    assert [node.path for node in found.view().rows[4].files if node.depth == 1] == ["/srv/app.py"]
    found.open(1, Opened.TOGETHER)
    found.open_path(1, "/srv")
    assert [node.path for node in found.view().rows[1].files if node.depth == 1] == ["/srv/notes", "/srv/app.py"]
    assert named(found, 1, "/bin").kind is None
    assert named(found, 1, "/srv/notes").kind is ChangeKind.ADDED


def test_the_bytes_of_a_deleted_file_are_still_there() -> None:
    found = explorer()
    found.open(3)
    found.open_path(3, "/srv/notes")
    gone = named(found, 3, "/srv/notes/todo.txt")
    assert (gone.kind, gone.holder) == (ChangeKind.DELETED, 1)
    assert found.choose(gone.key)
    content = found.view().content
    assert content is not None
    assert (content.text, content.is_text, content.cut) == ("acheter du café\n", True, False)
    assert found.choose("layer-3")  # the content goes with the choice
    assert found.view().content is None
    assert not found.choose("layer-3")


def test_many_files_come_in_parts() -> None:
    found = explorer()
    found.open(0)
    found.open_path(0, "usr/share")
    rows = [node for node in found.view().rows[0].files if node.path.startswith("/usr/share")]
    assert (len(rows), rows[-1].others) == (42, 20)
    found.toggle(rows[-1].key)
    rows = [node for node in found.view().rows[0].files if node.path.startswith("/usr/share")]
    assert (len(rows), rows[-1].others) == (61, 0)


def test_a_filter_finds_what_is_nowhere_opened() -> None:
    found = explorer()
    found.open(0)
    found.open(3)
    found.filter = "o"
    assert names(found, 0) == ["etc/hostname"]
    assert names(found, 3) == ["srv/notes/", "srv/notes/todo.txt", "srv/notes/photo.raw"]
    found.filter = "nowhere"
    assert names(found, 0) == []


def test_what_is_not_there_is_no_error() -> None:
    found = explorer()
    found.open(2)  # it only configures
    found.open(99)
    found.toggle("file-1-5")
    assert not found.choose("file-1-5")
    assert all(not row.files for row in found.view().rows)


def test_nothing_is_read_before_something_is_opened() -> None:
    loads = []

    def load() -> FileHistory:
        loads.append(1)
        return FileHistory(INDEXES)

    stack = explorer().view()
    found = LayerExplorer(stack, load, read)
    found.view()
    assert not loads
    found.open(1)
    found.open(0)
    found.view()
    assert loads == [1]


def test_contents() -> None:
    assert content_of("k", b"caf\xc3\xa9", 9).text == "café"
    cut = content_of("k", "é".encode() * 10 + b"\xc3", 99)
    assert (cut.text, cut.is_text, cut.cut) == ("é" * 10, True, True)
    broken = content_of("k", b"\xc3", 1)
    assert (broken.text, broken.is_text) == (f"00000000  {'c3':<47}  .", False)
    assert not content_of("k", b"text\0", 5).is_text
    rows = content_of("k", bytes(range(65, 97)) * 20, 640)
    assert rows.is_text
    assert len(content_of("k", b"\0" * 640, 640).text.split("\n")) == 16
