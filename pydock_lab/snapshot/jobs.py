"""The work on trees of files that only the owner of the user namespace can do: unpack, pack, look, remove.

Rootless, the files of a snapshot belong to ids that the engine's own user can neither read nor delete. So these
functions run in a worker that the zygote forks inside the user namespace, as root they run in the same way, and
the engine hands over open files and gets plain data back.
"""

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydock_lab.archive import compress, marks
from pydock_lab.archive.apply import Applied, Ownership, Policy, Whiteouts, apply, apply_tar
from pydock_lab.archive.diff import NOBODY_ELSES, DiffOptions, MarkedOwners, TreeForm, diff
from pydock_lab.archive.marks import Mark
from pydock_lab.archive.reader import chunks
from pydock_lab.archive.rooted import RootedTree, join, split
from pydock_lab.archive.whiteout import OpaqueAttribute
from pydock_lab.errors import ArchiveError
from pydock_lab.linux.tiers import Tier
from pydock_lab.oci import Digest
from pydock_lab.sandbox.worker import Request
from pydock_lab.snapshot import copying, written
from pydock_lab.snapshot.unmarkable import by_path
from pydock_lab.store.home import make_private


def warm() -> None:
    """Prepare what every layer needs."""
    compress.warm()


def policy(tier: Tier) -> Policy:
    """How a layer becomes an overlay's lower directory with the privilege that `tier` has."""
    return Policy(
        whiteouts=Whiteouts.OVERLAY,
        opaque=opaque(tier),
        # With one uid nobody can be made the owner; a mark says who it should be.
        ownership=_OWNERSHIP.get(tier, Ownership.CHOWN),
        # In a user namespace mknod(2) makes no device but 0/0, whatever capabilities one has there.
        devices=tier is Tier.ROOT,
    )


_OWNERSHIP = {
    Tier.ROOTLESS_SINGLE: Ownership.MARK,
    Tier.NESTED: Ownership.MARK,
    Tier.TRACED: Ownership.MARK_ALL,
}


def opaque(tier: Tier) -> OpaqueAttribute:
    """The mark of an opaque directory that this tier may write."""
    return OpaqueAttribute.TRUSTED if tier is Tier.ROOT else OpaqueAttribute.USER


def unpack(request: Request) -> list[dict[str, Any]]:
    """Unpack the layer in each descriptor into a directory, all or nothing; one after the other, up to an error.

    Argument: `layers`, each with `directory`, `size` (compressed bytes), `diff_id`. Gives for each `size` (bytes of
    files) and `skipped`.
    """
    how, done = policy(request.tier), []
    for layer, descriptor in zip(request.arguments["layers"], request.descriptors, strict=True):
        size, diff_id = layer["size"], Digest(layer["diff_id"])
        with open(descriptor, "rb", buffering=0) as blob, _whole(layer["directory"]) as root:
            done.append(_told(apply(blob, root, policy=how, size=size, diff_id=diff_id)))
    return done


def fill(request: Request) -> dict[str, Any]:
    """Unpack the plain tar that comes through the first descriptor into `directory`; gives what `unpack` gives.

    Who writes it knows its digest: nothing is decompressed or hashed here. A directory that is there stays the same
    one, and gets the files.
    """
    directory = request.arguments["directory"]
    place = _existing if os.path.isdir(directory) else _whole
    with open(request.descriptors[0], "rb", buffering=0) as tar, place(directory) as root:
        return _told(apply_tar(chunks(tar), root, policy=policy(request.tier)))


@contextlib.contextmanager
def _existing(directory: str) -> Iterator[int]:
    root = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield root
    finally:
        os.close(root)


@contextlib.contextmanager
def _whole(place: str) -> Iterator[int]:
    """A new directory that is at `place` when nothing went wrong, and nowhere else."""
    directory = Path(place)
    make_private(directory.parent)
    # On the same file system: rename(2) shows all of it at once, and after a crash nothing stands at `place`.
    temporary = tempfile.mkdtemp(prefix=".unpacking-", dir=directory.parent)
    try:
        os.chmod(temporary, 0o755)  # noqa: S103 - the root of an image
        root = os.open(temporary, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield root
        finally:
            os.close(root)
        _settle(temporary, directory)
    finally:
        if os.path.isdir(temporary):
            delete(temporary)


def _told(applied: Applied) -> dict[str, Any]:
    return {"size": applied.size, "skipped": [os.fsdecode(path) for path in applied.skipped]}


def make_folder(request: Request) -> None:
    """Make the folder `path` with `mode`, `uid` and `gid`; one that is there gets them."""
    path, uid, gid, mode = (request.arguments[name] for name in ("path", "uid", "gid", "mode"))
    os.makedirs(path, exist_ok=True)
    ownership = policy(request.tier).ownership
    if ownership is Ownership.CHOWN:
        with contextlib.suppress(OSError):  # an owner without a place in this user namespace
            os.chown(path, uid, gid)
        os.chmod(path, mode)
        return
    own = marks.accessible(mode, is_directory=True) if ownership is Ownership.MARK_ALL else mode
    marks.mark(path, Mark(uid, gid, None if own == mode else stat.S_IFDIR | mode))
    os.chmod(path, own)


def find(request: Request) -> str:
    """Where `path` is in the tree of `directory`: a path without links; ArchiveError where it is not there."""
    root = os.open(request.arguments["directory"], os.O_RDONLY | os.O_DIRECTORY)
    try:
        with RootedTree(root) as tree:
            # Without "..": the last part is looked at as it is, and would climb out of the tree.
            above, name = split(os.fsencode(os.path.normpath("/" + request.arguments["path"]).strip("/")))
            place = join(tree.resolve(above), name)
            # The last part may be a link as well.
            found = tree.resolve(place) if stat.S_ISLNK(_status(root, place)) else place
            os.stat(found or b".", dir_fd=root, follow_symlinks=False)
            return os.fsdecode(found)
    except FileNotFoundError:
        raise ArchiveError("archive.not-there", path=request.arguments["path"]) from None
    finally:
        os.close(root)


def _status(root: int, path: bytes) -> int:
    return os.stat(path or b".", dir_fd=root, follow_symlinks=False).st_mode


def _settle(temporary: str, directory: Path) -> None:
    try:
        os.rename(temporary, directory)
    except OSError:
        # Somebody else unpacked the same layer meanwhile: one is as good as the other.
        if not directory.is_dir():
            raise


def adopt(request: Request) -> None:
    """Make the upper directory of a finished step the snapshot of the layer that was made of it.

    Arguments: `upper`, `directory`. What is there already stays.
    """
    directory = Path(request.arguments["directory"])
    make_private(directory.parent)
    if not directory.is_dir():
        _settle(request.arguments["upper"], directory)


def pack(request: Request) -> dict[str, Any]:
    """Write the tar of `directory` to the first descriptor.

    Arguments: `directory`, `tree` (of which it is to be what was changed, where that was materialised), `plain` (no
    overlay marks), `owners` (path -> [uid, gid] where only said), `latest` (seconds: no file is newer). Gives the
    number of `entries`.
    """
    arguments, tree = request.arguments, request.arguments.get("tree") or ""
    unmarkable = by_path(tree) if tree else NOBODY_ELSES.unmarkable
    marked = MarkedOwners(newcomer=(0, 0), unmarkable=unmarkable) if request.tier is Tier.TRACED else None
    if not tree or not copying.is_materialised(tree):
        return {"entries": pack_directory(arguments, request.descriptors[0], marked)}
    with _collected(tree, request.tier) as upper:
        return {"entries": pack_directory(arguments | {"directory": upper}, request.descriptors[0], marked)}


@contextlib.contextmanager
def _collected(tree: str, tier: Tier) -> Iterator[str]:
    """What was changed in a tree, as an upper directory, for the moment."""
    with tempfile.TemporaryDirectory(prefix=".collected-", dir=os.path.dirname(tree)) as folder:
        copying.collect(tree, folder, opaque=opaque(tier))
        yield folder


def pack_directory(arguments: Mapping[str, Any], descriptor: int, marked: MarkedOwners | None = None) -> int:
    """What `pack` does, for who has the privilege already; the number of entries. `marked` goes before `owners`."""
    owners: Mapping[str, list[int]] = arguments.get("owners") or {}
    options = DiffOptions(
        form=TreeForm.PLAIN if arguments.get("plain") else TreeForm.OVERLAY,
        owners={os.fsencode(path): (uid, gid) for path, (uid, gid) in owners.items()},
        marked=marked,
        latest=arguments.get("latest"),
    )
    root = os.open(arguments["directory"], os.O_RDONLY | os.O_DIRECTORY)
    try:
        with open(descriptor, "wb", buffering=0) as sink:
            return diff(root, _Whole(sink.write), options=options)
    finally:
        os.close(root)


class _Whole:
    """A pipe takes what fits: this writes until all is taken."""

    def __init__(self, write: Callable[[memoryview], int | None]) -> None:
        self._write = write

    def write(self, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            rest = rest[self._write(rest) or 0 :]


def changes(request: Request) -> dict[str, Any]:
    """What an upper directory holds, as `written.rows` tells it.

    Arguments: `directory`, `tree` (as for `pack`), `most` (rows).
    """
    tree, directory = request.arguments.get("tree") or "", request.arguments["directory"]
    most = request.arguments.get("most", written.MOST)
    if tree and copying.is_materialised(tree):
        with _collected(tree, request.tier) as upper:
            return written.rows(upper, is_copy=True, most=most)
    return written.rows(directory, most=most)


def remove(request: Request) -> None:
    """Remove the trees `paths`; what is not there is no error."""
    for path in request.arguments["paths"]:
        if os.path.lexists(path):
            delete(path)


def delete(path: str) -> None:
    """Remove a tree, whatever its modes; raises OSError."""

    def unlock(_function: object, failed: str, _error: object) -> None:
        # overlay's work/work has mode 000, and an image may hold folders that even their owner cannot enter.
        if not os.path.lexists(failed):
            return
        os.chmod(os.path.dirname(failed), 0o700)
        if os.path.isdir(failed) and not os.path.islink(failed):
            os.chmod(failed, 0o700)
            shutil.rmtree(failed)
        else:
            os.unlink(failed)

    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, onerror=unlock)
    else:
        os.unlink(path)
