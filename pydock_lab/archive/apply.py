"""Unpacking a layer: the entries of a tar become files below one directory descriptor, and never elsewhere.

    layer.tar.gz ──thread──> decompressed, hashed ──> TarReader ──> mkdirat, openat, linkat ... below root_fd

It runs in two ways. With Whiteouts.REMOVE the layer goes on top of the tree of the layers below it, and a
whiteout removes at once. With Whiteouts.OVERLAY the directory holds this layer alone, to be a lower directory of
an overlay, and a whiteout becomes overlay's own mark. Owner, then mode, then attributes: chown clears the setuid
bit and capabilities. Directories get theirs at the end, deepest first: writing into them changes their times.

Source: OCI image specification, layer.md, "Applying Changesets".
"""

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from pydock_lab.archive import marks, whiteout
from pydock_lab.archive.compress import LayerReader
from pydock_lab.archive.entry import Entry, EntryType, Limits, show
from pydock_lab.archive.marks import Mark
from pydock_lab.archive.reader import Readable, TarReader
from pydock_lab.archive.rooted import RootedTree, join, split
from pydock_lab.archive.whiteout import OpaqueAttribute
from pydock_lab.errors import ArchiveError
from pydock_lab.oci import Digest

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_CAPABILITY = "security.capability"
_DEVICES = {EntryType.CHARACTER: stat.S_IFCHR, EntryType.BLOCK: stat.S_IFBLK}
# Linux writes at most 2 GiB at once, and says how much: small pieces keep memory flat.
_WRITE_PIECE = 4 << 20


class Whiteouts(Enum):
    """What a whiteout does: remove from the tree at once, or mark for an overlay mount.

    PLAIN is for a tar that is no layer: such names are names like others, and a folder and something else do not take
    each other's place, since what is there is somebody's.
    """

    REMOVE = auto()
    OVERLAY = auto()
    PLAIN = auto()


class Ownership(Enum):
    """Who owns what is unpacked: whom the entry names, or the caller, with the owner only written down.

    MARK writes it on the files as well (`marks.py`), and MARK_ALL also what an ordinary user must not give them: modes
    by which they could not read them, devices, capabilities.
    """

    CHOWN = auto()
    RECORD = auto()
    MARK = auto()
    MARK_ALL = auto()


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """What the privilege in force allows, and what the tree is for.

    Without `devices`, device nodes are skipped, and told in `Applied.skipped`.
    """

    whiteouts: Whiteouts = Whiteouts.REMOVE
    opaque: OpaqueAttribute = OpaqueAttribute.TRUSTED
    ownership: Ownership = Ownership.CHOWN
    devices: bool = True
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """What was unpacked; `size` is bytes of file content.

    `owners` are the uid and gid by path that only were written down, for paths whose owner is not 0:0; `skipped`
    are the paths of device nodes and the attributes (`path: name`) that this machine did not take.
    """

    entries: int
    size: int
    owners: Mapping[bytes, tuple[int, int]]
    skipped: tuple[bytes, ...]


def apply(
    layer: Readable,
    root_fd: int,
    *,
    policy: Policy | None = None,
    size: int | None = None,
    diff_id: Digest | None = None,
) -> Applied:
    """Unpack `layer` (a tar: plain, gzip or zstd; `size` bytes as it travels) into the directory `root_fd`.

    Raises ArchiveError for what is malformed or an attack, Corrupt where the content is not `diff_id`, OSError for
    what the system refuses. After an error the directory holds a part of the layer: unpack into a temporary one.
    """
    policy = policy or Policy()
    with LayerReader(layer, size=size, limits=policy.limits) as source:
        return apply_tar(iter(source), root_fd, policy=policy, verify=lambda: source.verify(diff_id))


def apply_tar(
    source: Iterator[bytes], root_fd: int, *, policy: Policy, verify: Callable[[], None] = lambda: None
) -> Applied:
    """Unpack the chunks of an uncompressed tar into the directory `root_fd`; raises as `apply` does.

    `verify` is called at the end, before the directories get their modes: what it refuses stays unfinished.
    """
    with RootedTree(root_fd) as tree:
        reader = TarReader(source, policy.limits)
        unpacking = _Unpacking(tree, reader, policy)
        entries = 0
        for entry in reader:
            unpacking.add(entry)
            entries += 1
        verify()
        unpacking.finish()
        return Applied(entries=entries, size=reader.size, owners=unpacking.owners, skipped=tuple(unpacking.skipped))


class _Unpacking:
    """One layer on its way onto the disk."""

    def __init__(self, tree: RootedTree, reader: TarReader, policy: Policy) -> None:
        self._tree, self._reader, self._policy = tree, reader, policy
        self._overlay, self._plain = policy.whiteouts is Whiteouts.OVERLAY, policy.whiteouts is Whiteouts.PLAIN
        self._chown = policy.ownership is Ownership.CHOWN
        self._marks_all = policy.ownership is Ownership.MARK_ALL
        # What this layer wrote: its own whiteouts only hide what lies below (layer.md).
        self._written: set[bytes] = set()
        self._directories: dict[bytes, Entry] = {}
        self.owners: dict[bytes, tuple[int, int]] = {}
        self.skipped: list[bytes] = []
        self._makers: dict[EntryType, Callable[[Entry, bytes], None]] = {
            EntryType.FILE: self._file,
            EntryType.HARDLINK: self._hardlink,
            EntryType.SYMLINK: self._symlink,
            EntryType.CHARACTER: self._device,
            EntryType.BLOCK: self._device,
            EntryType.FIFO: self._fifo,
        }

    def add(self, entry: Entry) -> None:
        """Put one entry into the tree."""
        if not entry.path:
            self._root(entry)
            return
        parent, name = split(entry.path)
        # A whiteout is a name, whatever its type and content.
        if name.startswith(whiteout.PREFIX) and not self._plain:
            self._whiteout(parent, name)
            return
        # A layer need not have an entry for each directory above a file.
        path = join(self._tree.resolve(parent, make=True), name)
        if entry.type is EntryType.DIRECTORY:
            self._directory(entry, path)
        else:
            try:
                self._makers[entry.type](entry, path)
            except FileExistsError:
                self._check_kind(entry, path)
                # Never written into: an old hard link would carry the bytes to another name.
                self._tree.remove(path)
                self._makers[entry.type](entry, path)
        self._written.add(path)

    def finish(self) -> None:
        """Give the directories what they were announced with, deepest first."""
        for path, entry in sorted(self._directories.items(), reverse=True):
            try:
                fd = self._tree.fd(path)
            except OSError:
                continue  # a later entry made it something else
            self._attributes(fd, entry, path)

    def _root(self, entry: Entry) -> None:
        if entry.type is not EntryType.DIRECTORY:
            raise ArchiveError("archive.root", kind=entry.type.name.lower())
        self._directories[b""] = entry

    def _directory(self, entry: Entry, path: bytes) -> None:
        found = self._tree.lookup(path)
        if found is None or not stat.S_ISDIR(found.st_mode):
            if found is not None:
                self._check_kind(entry, path)
                self._tree.remove(path)
            parent, name = split(path)
            # Private until it is complete: its own mode comes at the end.
            os.mkdir(name, 0o700, dir_fd=self._tree.fd(parent))
            # Deleted below and made anew here: nothing of the old one may show through.
            if found is not None and self._overlay and whiteout.is_whiteout(found):
                self._mark_opaque(path)
        self._directories[path] = entry

    def _check_kind(self, entry: Entry, path: bytes) -> None:
        """Before something takes the place of what stands there; raises ArchiveError where it may not."""
        found = self._tree.lookup(path) if self._plain else None
        if found is not None and stat.S_ISDIR(found.st_mode) is not (entry.type is EntryType.DIRECTORY):
            raise ArchiveError("archive.other-kind", entry=show(entry.path))

    def _file(self, entry: Entry, path: bytes) -> None:
        parent, name = split(path)
        # O_EXCL makes a new file or nothing: a link or device in this place is never opened.
        fd = os.open(name, _NEW_FILE, 0o600, dir_fd=self._tree.fd(parent))
        try:
            for piece in self._reader.content():
                rest = piece
                while rest:
                    rest = rest[os.write(fd, rest[:_WRITE_PIECE]) :]
            self._attributes(fd, entry, path)
        finally:
            os.close(fd)

    def _hardlink(self, entry: Entry, path: bytes) -> None:
        parent, name = split(path)
        directory, target = split(entry.target)
        try:
            source = join(self._tree.resolve(directory), target)
            # A link to itself says nothing, and link(2) would call it a conflict.
            if source == path:
                return
            # A copy: on the way to the other directory the tree may close what it opened for this one.
            source_fd = os.dup(self._tree.fd(split(source)[0]))
            try:
                # Where the target is a symbolic link, that gets a second name, and not what it leads to (linkat(2)).
                os.link(target, name, src_dir_fd=source_fd, dst_dir_fd=self._tree.fd(parent), follow_symlinks=False)
            finally:
                os.close(source_fd)
        except (FileNotFoundError, PermissionError):
            # PermissionError: a directory cannot have a second name.
            raise ArchiveError("archive.hardlink", entry=show(entry.path), target=show(entry.target)) from None
        if source in self.owners:
            self.owners[path] = self.owners[source]

    def _symlink(self, entry: Entry, path: bytes) -> None:
        parent, name = split(path)
        os.symlink(entry.target, name, dir_fd=self._tree.fd(parent))
        self._owner_and_time(entry, path)

    def _device(self, entry: Entry, path: bytes) -> None:
        if self._marks_all:
            self._mark_device(entry, path)
            return
        if not self._policy.devices:
            self.skipped.append(path)
            return
        # In an overlay's lower directory the device 0/0 would delete: the archive has whiteouts for that.
        if entry.device == (0, 0) and entry.type is EntryType.CHARACTER:
            raise ArchiveError("archive.device-zero", entry=show(entry.path))
        parent, name = split(path)
        node, fd = os.makedev(*entry.device), self._tree.fd(parent)
        os.mknod(name, entry.mode | _DEVICES[entry.type], node, dir_fd=fd)
        self._owner_and_time(entry, path)
        # mknod(2) applies the umask. The name was made here a moment ago, so it is no link.
        os.chmod(name, entry.mode, dir_fd=fd)

    def _mark_device(self, entry: Entry, path: bytes) -> None:
        """An empty file stands for it."""
        parent, name = split(path)
        fd = os.open(name, _NEW_FILE, 0o600, dir_fd=self._tree.fd(parent))
        try:
            marks.mark(fd, Mark(entry.uid, entry.gid, _DEVICES[entry.type] | entry.mode, entry.device))
            os.utime(fd, (entry.mtime, entry.mtime))
        finally:
            os.close(fd)

    def _fifo(self, entry: Entry, path: bytes) -> None:
        parent, name = split(path)
        os.mkfifo(name, entry.mode, dir_fd=self._tree.fd(parent))
        self._owner_and_time(entry, path)
        os.chmod(name, entry.mode, dir_fd=self._tree.fd(parent))

    def _owner_and_time(self, entry: Entry, path: bytes) -> None:
        """For what cannot be opened: by name, but never through a link (CVE-2021-32760)."""
        parent, name = split(path)
        fd = self._tree.fd(parent)
        if self._chown:
            self._permitted(entry, lambda: os.chown(name, entry.uid, entry.gid, dir_fd=fd, follow_symlinks=False))
        else:
            self._record(entry, path)
        os.utime(name, (entry.mtime, entry.mtime), dir_fd=fd, follow_symlinks=False)

    def _attributes(self, fd: int, entry: Entry, path: bytes) -> None:
        """For what is open: owner, mode, attributes, time, in this order."""
        if self._chown:
            self._permitted(entry, lambda: os.fchown(fd, entry.uid, entry.gid))
        else:
            self._record(entry, path)
        mode = entry.mode
        if self._marks_all:
            mode = marks.accessible(mode, is_directory=entry.type is EntryType.DIRECTORY)
        if self._policy.ownership in (Ownership.MARK, Ownership.MARK_ALL):
            kind = stat.S_IFDIR if entry.type is EntryType.DIRECTORY else stat.S_IFREG
            mark = Mark(entry.uid, entry.gid, None if mode == entry.mode else kind | entry.mode)
            if not self._marks_all or mark != (0, 0, None, None):  # who marks all takes the others for root's
                marks.mark(fd, mark)
        os.fchmod(fd, mode)
        for name, value in entry.xattrs.items():
            self._xattr(fd, name, value, path)
        os.utime(fd, (entry.mtime, entry.mtime))

    def _permitted(self, entry: Entry, chown: Callable[[], None]) -> None:
        try:
            chown()
        except OSError as error:
            # EINVAL: the user namespace does not map this id. EPERM: this process may not give files away.
            raise ArchiveError(
                "archive.owner", entry=show(entry.path), uid=entry.uid, gid=entry.gid, reason=error.strerror
            ) from error

    def _record(self, entry: Entry, path: bytes) -> None:
        # The path may have had another owner in an entry before.
        self.owners.pop(path, None)
        if (entry.uid, entry.gid) != (0, 0):
            self.owners[path] = (entry.uid, entry.gid)

    def _xattr(self, fd: int, name: str, value: bytes, path: bytes) -> None:
        if not allowed_xattr(name):
            self.skipped.append(path + b": " + os.fsencode(name))
            return
        try:
            os.setxattr(fd, marks.CAPABILITY if self._marks_all and name == _CAPABILITY else name, value)
        except OSError:  # the file system or the namespace has no room for it: said, not fatal
            self.skipped.append(path + b": " + os.fsencode(name))

    def _whiteout(self, parent: bytes, name: bytes) -> None:
        if name == whiteout.OPAQUE:
            self._opaque(parent)
        elif not name.startswith(whiteout.META_PREFIX):  # the rest of these is bookkeeping of old aufs
            self._delete(parent, whiteout.hidden(name))

    def _opaque(self, directory: bytes) -> None:
        try:
            path = self._tree.resolve(directory, make=self._overlay)
        except FileNotFoundError:
            return
        if self._overlay:
            self._mark_opaque(path)
        else:
            # Opaque hides what lies below, not what the layer itself has put there already.
            self._tree.clear(path, self._written)

    def _delete(self, directory: bytes, name: bytes) -> None:
        try:
            path = join(self._tree.resolve(directory, make=self._overlay), name)
        except FileNotFoundError:
            return
        if not self._overlay:
            self._tree.remove(path, self._written)
            return
        found = self._tree.lookup(path)
        if found is None:
            # Made of the resolved path: the directory may have been reached through a link.
            parent = split(path)[0]
            whiteout.make_whiteout(name, self._tree.fd(parent))
        # Deleted below and made anew by this layer: as a directory it would be merged with the old one.
        elif stat.S_ISDIR(found.st_mode):
            self._mark_opaque(path)

    def _mark_opaque(self, path: bytes) -> None:
        os.setxattr(self._tree.fd(path), self._policy.opaque, b"y")


def allowed_xattr(name: str) -> bool:
    """Whether an extended attribute belongs to the image: capabilities, ACLs, the user's own; never overlay's."""
    if name.startswith((*whiteout.OVERLAY_PREFIXES, marks.PREFIX)):
        return False
    return name.startswith(("user.", "system.posix_acl_")) or name == _CAPABILITY
