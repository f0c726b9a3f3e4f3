"""An image whose layers can be opened: notes that come, are changed, and are deleted; and one of a stranger."""

from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.archive.index import LayerIndex
from pydock_lab.engine.file_history import FileHistory
from pydock_lab.engine.layer_files import LayerExplorer
from pydock_lab.views import LayerStack, Opened, Origin
from samples.views import HOSTILE, HOSTILE_STACK, config, digest, layer

CONTENTS = {
    (0, b"etc/hostname"): b"base\n",
    (1, b"srv/notes/todo.txt"): "acheter du café\n".encode(),
    (1, b"srv/notes/photo.raw"): bytes(range(256)) * 40,
    (1, b"srv/app.py"): b"print('hello')\n",
    (3, b"srv/app.py"): b"print('hello, world')\n",
}


def folder(path: str) -> Entry:
    """A folder of root's."""
    return Entry(path=path.encode(), type=EntryType.DIRECTORY, mode=0o755)


def file(path: str, size: int, mode: int = 0o644) -> Entry:
    """A file of root's."""
    return Entry(path=path.encode(), size=size, mode=mode)


def link(path: str, target: str) -> Entry:
    """A symbolic link."""
    return Entry(path=path.encode(), type=EntryType.SYMLINK, mode=0o777, target=target.encode())


def index(*entries: Entry, gone: tuple[str, ...] = (), opaque: tuple[str, ...] = ()) -> LayerIndex:
    """A layer of these entries."""
    return LayerIndex(
        entries=entries,
        checksums={},
        whiteouts=frozenset(path.encode() for path in gone),
        opaque=frozenset(path.encode() for path in opaque),
    )


INDEXES = (
    index(
        folder("bin"), file("bin/sh", 1_200_000, 0o755), folder("etc"), file("etc/hostname", 5), link("sh", "bin/sh"),
        folder("usr"), folder("usr/share"), *(file(f"usr/share/page{number}.gz", 900 + number) for number in range(60)),
    ),
    index(
        folder("srv"), folder("srv/notes"), file("srv/notes/todo.txt", 17), file("srv/notes/photo.raw", 10_240),
        file("srv/app.py", 15),
    ),
    index(folder("srv"), gone=("srv/notes",)),
    index(folder("srv"), file("srv/app.py", 22)),
)  # fmt: skip
STACK = LayerStack(
    name="notes:1",
    image_id=digest("notes config"),
    digest=digest("notes manifest"),
    platform="linux/amd64",
    rows=(
        layer(0, "FROM lab/base", Origin.BASE, INDEXES[0].size),
        layer(1, "COPY . /srv", Origin.CACHED, INDEXES[1].size, line=2),
        config(2, 'CMD ["python3", "app.py"]'),
        layer(3, "RUN rm -r /srv/notes", Origin.BUILT, 0, line=4, seconds=0.2),
        layer(4, "COPY app.py /srv", Origin.BUILT, INDEXES[3].size, line=5),
    ),
)


def explorer() -> LayerExplorer:
    """Of that image, with nothing opened."""
    return LayerExplorer(STACK, lambda: FileHistory(INDEXES), read)


def closed(stack: LayerStack) -> LayerExplorer:
    """Of another image, whose files nobody will look at."""
    return LayerExplorer(stack, lambda: FileHistory(()), read)


def read(number: int, path: bytes, limit: int) -> bytes:
    """The beginning of a file of a layer."""
    return CONTENTS[number, path][:limit]


def _opened() -> LayerStack:
    found = explorer()
    for row in (1, 3):
        found.open(row)
        found.open_path(row, "srv/notes")
    found.open(4, Opened.TOGETHER)
    found.open_path(4, "srv")
    kept = next(node for node in found.view().rows[3].files if node.name == "todo.txt")
    found.choose(kept.key)
    return found.view()


def _hostile() -> LayerStack:
    name = HOSTILE.replace("/", "-").encode(errors="replace")
    entries = [
        Entry(path=name, type=EntryType.DIRECTORY, mode=0o7777, uid=2**32 - 2, gid=2**32 - 2),
        Entry(path=name + b"/" + name, size=10**15, mode=0o7777),
        Entry(path=name + b"/link", type=EntryType.SYMLINK, target=name * 5),
        Entry(path=b"\xff\xfe" + name, size=1),
    ]
    indexes = (LayerIndex(entries=tuple(entries), checksums={}), index(gone=(name.decode(),)))
    found = LayerExplorer(HOSTILE_STACK, lambda: FileHistory(indexes), lambda *_: b"<script>\x1b[2J" + name)
    for row in (0, 1):
        found.open(row)
        found.open_path(row, name.decode())
    found.choose(next(node.key for node in found.view().rows[1].files if node.size == 10**15))
    return found.view()


OPENED, HOSTILE_OPENED = _opened(), _hostile()
