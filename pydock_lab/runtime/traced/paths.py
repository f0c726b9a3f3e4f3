"""From a path in the container to a path on the host: the walk that the kernel does after chroot(2), done here.

    /lib/x86_64-linux-gnu/libz.so.1        as the program wrote it
      ""      .                            the root is the folder that the supervisor works in
      "lib"   a link to usr/lib            go on with /usr/lib
              ./usr/lib/x86_64-linux-gnu
    and the last name, which each call treats in its own way: open(2) follows a link there, lstat(2) does not

A link never leads out of the container: an absolute one starts at its root, and `..` at the root stays there. Where
something is mounted, the walk goes on in another folder of the host.

Folders that were found are remembered, by the words that led there. That is safe because whatever changes the tree
goes through the same supervisor, one call after the other: who renames or removes a folder or link that a walk has
passed makes it forget. What others may change, volumes and /proc, is walked anew each time.

Source: path_resolution(7), symlink(7).
"""

import errno
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pydock_lab.linux.file_calls import Status, read_link
from pydock_lab.runtime.traced.refusal import failed
from pydock_lab.runtime.traced.view import Mounted, View

NO_MAGIC, NO_LINKS, BENEATH, IN_ROOT = 0x02, 0x04, 0x08, 0x10  # demands of openat2(2)
_MAX_LINKS = 40  # as Linux
_MAX_KNOWN = 20_000
_NO_NAMES = (b"", b".", b"..")


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder: its path in the container ("" is the root), and its path for the supervisor.

    `part` is what of the host it belongs to, `points` are the names in it that something is mounted on.
    """

    guest: bytes
    here: bytes
    part: Mounted
    points: Mapping[bytes, Mounted] | None = None

    def path(self, name: bytes) -> bytes:
        """The path, for the supervisor, of a name in it; "" is the folder itself."""
        return self.here + b"/" + name if name else self.here


class Spot(NamedTuple):
    """What a path means: `here` is its path for the supervisor, `error` minus the errno of looking at it (or 0).

    It is `name` in `folder`, or, where the name is empty, the folder.
    """

    here: bytes
    folder: Folder
    name: bytes
    error: int


# Where a link in a special folder leads to: an absolute path in the container, None for no such link, b"" for
# something that has no path there. Raises OSError: where it must not be followed, and for names that are out of sight.
Magic = Callable[[Folder, bytes], bytes | None]


def no_magic(_folder: Folder, _name: bytes) -> None:
    """A view without special folders."""


class Paths:
    """The walk through a view. `status` is that of the spot that was reached last; `demands` are openat2(2)'s."""

    def __init__(self, view: View) -> None:
        self._points = _points(view)
        self._root = self._folder(view.root, b"")
        self._known: dict[bytes, Folder] = {b"": self._root}
        self._used: dict[bytes, int] = {}  # how many links led to a known folder, where there were any
        self._passed: set[bytes] = set()
        self._links = 0
        self._is_ours = True
        self.demands = 0
        self.status = Status()

    def reach(self, whole: bytes, root: bytes, magic: Magic, *, follow: bool) -> Spot:
        """What stands at a path, which is absolute and seen from the top of the container.

        `root` is where a program that called chroot(2) has its "/", else "". Raises OSError (ELOOP, EACCES).
        """
        status, slash, self._links = self.status, b"", 0
        if whole.endswith(b"/"):
            whole, slash, follow = whole.rstrip(b"/"), b"/", True
        while True:
            folder, name = self._find(whole, root, magic)
            here = folder.here + b"/" + name + slash if name else folder.here
            error = status.of(here)
            if not follow or error or not name or status.mode() & _TYPE != _LINK:
                return Spot(here, folder, name, error)
            target = self._target(folder, name, root, magic)
            if not target:
                return Spot(here, folder, name, status.through(here))
            whole = target

    def find(self, whole: bytes, root: bytes, magic: Magic) -> tuple[Folder, bytes]:
        """The folder that a path is in and its last name, or the folder that it is, and ""; raises OSError."""
        self._links = 0
        return self._find(whole, root, magic)

    def _find(self, whole: bytes, root: bytes, magic: Magic) -> tuple[Folder, bytes]:
        head, _, name = whole.rpartition(b"/")
        if name in _NO_NAMES:
            head, name = whole, b""
        # Nearly always the folder is known.
        folder = None if root or self.demands else self._known.get(head)
        if folder is None:
            self._is_ours = True
            folder = self._walk(head, root, magic)
        elif self._used:
            # A walk that is not done again still counts its links: else ELOOP would come only the first time.
            self._count(self._used.get(head, 0))
        if folder.points and name in folder.points:
            return self._folder(folder.points[name], folder.points[name].guest), b""
        if folder.part.magic:
            magic(folder, name)
        return folder, name

    def forget(self, here: bytes) -> None:
        """A folder or link is about to go away."""
        if here in self._passed:
            self.forget_all()

    def forget_all(self) -> None:
        """Walk anew from now on."""
        self._known = {b"": self._root}
        self._used.clear()
        self._passed.clear()

    def _walk(self, whole: bytes, root: bytes, magic: Magic) -> Folder:
        """All names of a path are those of folders, or of links to folders."""
        if not root and not self.demands:
            known = self._known.get(whole)
            if known is not None:
                self._count(self._used.get(whole, 0))
                return known
        if not whole:
            return self._root
        head, _, name = whole.rpartition(b"/")
        before = self._links
        found = self._enter(self._walk(head, root, magic), name, root, magic)
        if self._is_ours and not root:
            if len(self._known) > _MAX_KNOWN:
                self.forget_all()
            self._known[whole] = found
            if self._links > before:
                self._used[whole] = self._links - before
        return found

    def _enter(self, folder: Folder, name: bytes, root: bytes, magic: Magic) -> Folder:
        if name in _NO_NAMES:
            if name != b".." or folder.guest == root:
                if name == b".." and self.demands & BENEATH:
                    raise failed(errno.EXDEV)
                return folder
            # Its path has no links any more: `..` is what is left without the last name.
            return self._walk(folder.guest.rpartition(b"/")[0], root, magic)
        if folder.points and name in folder.points:
            return self._folder(folder.points[name], folder.points[name].guest)
        self._is_ours = self._is_ours and not folder.part.outside
        here = folder.here + b"/" + name
        _check(self.status.of(here))
        if self.status.mode() & _TYPE == _LINK:
            self._passed.add(here)
            target = self._target(folder, name, root, magic)
            if target:
                return self._walk(target, root, magic)
            _check(self.status.through(here))
        if self.status.mode() & _TYPE != _FOLDER:
            raise failed(errno.ENOTDIR)
        self._passed.add(here)
        return self._folder(folder.part, folder.guest + b"/" + name, here)

    def _target(self, folder: Folder, name: bytes, root: bytes, magic: Magic) -> bytes | None:
        self._count(1)
        if self.demands & NO_LINKS:
            raise failed(errno.ELOOP)
        if folder.part.magic:
            found = magic(folder, name)
            if found is not None:
                if self.demands & NO_MAGIC:
                    raise failed(errno.ELOOP)
                return found
        text = read_link(folder.here + b"/" + name)
        if text is None:
            return None
        if text[:1] == b"/" and self.demands & BENEATH:
            raise failed(errno.EXDEV)
        return root + text if text[:1] == b"/" else folder.guest + b"/" + text

    def _count(self, links: int) -> None:
        self._links += links
        if self._links > _MAX_LINKS:
            raise failed(errno.ELOOP)

    def _folder(self, part: Mounted, guest: bytes, here: bytes = b"") -> Folder:
        return Folder(guest, here or part.here, part, self._points.get(guest))


_TYPE, _LINK, _FOLDER = 0o170000, stat.S_IFLNK, stat.S_IFDIR


def _check(error: int) -> None:
    if error:
        raise failed(-error)


def _points(view: View) -> dict[bytes, dict[bytes, Mounted]]:
    """The names that something is mounted on, by folder."""
    found: dict[bytes, dict[bytes, Mounted]] = {}
    for one in view.mounts:
        folder, _, name = one.guest.rpartition(b"/")
        found.setdefault(folder, {})[name] = one
    return found
