"""Snapshots: layers unpacked once, shared read-only by all that stand on them, and the writable ones on top.

    snapshots/<chain id>/      committed: one layer's files, a lower directory of many overlays, never changed
    containers/<id>/upper      active: what one container or build step writes

A committed snapshot has a name (its chain id: what the file system is, with all layers below), an active one only
a place. A step's active snapshot becomes the committed one of the layer that is made of it.

Source: the design of containerd's snapshotters; OCI image specification, config.md, "Layer ChainID".
"""

import contextlib
import os
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from pydock_lab.archive.pipeline import wide_pipe
from pydock_lab.oci import Descriptor, Digest
from pydock_lab.oci.runtime_spec import Rootfs
from pydock_lab.snapshot import written
from pydock_lab.snapshot.written import Row
from pydock_lab.store.home import make_private

Call = Callable[[str, Mapping[str, Any], Sequence[int]], Any]
# By name only: the jobs run in the workers, and machines without containers cannot even import them.
_JOBS, _TRANSFER = "pydock_lab.snapshot.jobs", "pydock_lab.snapshot.transfer_jobs"
JOB_MODULES = (_JOBS, _TRANSFER)
UNPACK, FILL, ADOPT, PACK, CHANGES, REMOVE, MAKE_FOLDER, FIND = (
    f"{_JOBS}:{name}" for name in ("unpack", "fill", "adopt", "pack", "changes", "remove", "make_folder", "find")
)
_AT_ONCE = 3  # layers: unpacking is work for a processor
READ, WRITE, LOOK, EXPORT = (f"{_TRANSFER}:{name}" for name in ("read", "write", "look", "export"))


@dataclass(frozen=True, kw_only=True, slots=True)
class PackedLayer:
    """A layer as a blob, to be unpacked."""

    chain_id: Digest
    diff_id: Digest
    blob: Descriptor


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """What an active snapshot holds; `total` counts its paths (the rows may be fewer), `size` is bytes of files."""

    rows: tuple[Row, ...]
    total: int
    size: int


class Snapshotter:
    """Snapshots below a folder, which `place` finds; `call(job, arguments, descriptors)` works where it may."""

    def __init__(self, place: Callable[[], Path], call: Call) -> None:
        self._place = place
        self._call = call

    def path(self, chain_id: Digest) -> Path:
        """Where the committed snapshot of that name is, or would be."""
        return self._place() / chain_id.hex

    def has(self, chain_id: Digest) -> bool:
        """Whether the layer is unpacked."""
        return self.path(chain_id).is_dir()

    def have(self, layers: Iterable[PackedLayer], open_blob: Callable[[Descriptor], BinaryIO]) -> None:
        """Unpack those layers that are not here, several at once: each is a folder of its own.

        Raises ArchiveError, Corrupt, and what `open_blob` raises; what is whole by then stays.
        """
        shares = _shares(layer for layer in layers if not self.has(layer.chain_id))
        if len(shares) <= 1:
            for share in shares:
                self._unpack(share, open_blob)
            return
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - only for an image that is new here

        with ThreadPoolExecutor(len(shares), thread_name_prefix="pydock unpack") as pool:
            list(pool.map(lambda share: self._unpack(share, open_blob), shares))

    def _unpack(self, layers: Sequence[PackedLayer], open_blob: Callable[[Descriptor], BinaryIO]) -> None:
        """Unpack layers one after the other in one worker, each all or nothing."""
        said = [
            {"directory": str(self.path(layer.chain_id)), "size": layer.blob.size, "diff_id": str(layer.diff_id)}
            for layer in layers
        ]
        with contextlib.ExitStack() as opened:
            blobs = [opened.enter_context(open_blob(layer.blob)) for layer in layers]
            self._call(UNPACK, {"layers": said}, [blob.fileno() for blob in blobs])

    def commit(self, directory: Path, chain_id: Digest) -> None:
        """Make a directory (an active snapshot's upper one) the committed snapshot of that name."""
        # Renaming takes no more privilege than the folders above: a worker is asked only where they are not ours.
        with contextlib.suppress(OSError):
            make_private(self._place())
            os.rename(directory, self.path(chain_id))
            return
        self._call(ADOPT, {"upper": str(directory), "directory": str(self.path(chain_id))}, [])

    def rootfs(self, chain_ids: Sequence[Digest], folder: Path, *, writable: bool = True) -> Rootfs:
        """The tree of these layers (base first), with the writable one in `folder`."""
        return Rootfs(
            layers=tuple(str(self.path(chain_id)) for chain_id in reversed(chain_ids)),
            mountpoint=str(folder / "merged"),
            upper=str(folder / "upper") if writable else "",
            work=str(folder / "work") if writable else "",
        )

    @staticmethod
    def pack_arguments(
        directory: str,
        *,
        tree: str = "",
        plain: bool = False,
        owners: Mapping[bytes, tuple[int, int]] | None = None,
        latest: int | None = None,
    ) -> dict[str, object]:
        """What `packed` asks of a worker."""
        said = {os.fsdecode(path): owner for path, owner in (owners or {}).items()}
        return {"directory": directory, "tree": tree, "plain": plain, "latest": latest, "owners": said}

    @contextlib.contextmanager
    def packed(
        self,
        directory: str,
        *,
        tree: str = "",
        plain: bool = False,
        owners: Mapping[bytes, tuple[int, int]] | None = None,
        latest: int | None = None,
    ) -> Iterator[BinaryIO]:
        """The tar of a directory as a stream, written by a worker meanwhile; its errors are raised at the end.

        With `tree`, the mountpoint of an upper directory, there may be no overlay (copying.py). No time in it is after
        `latest` (seconds since 1970).
        """
        arguments = self.pack_arguments(directory, tree=tree, plain=plain, owners=owners, latest=latest)
        with self._streamed(PACK, arguments) as stream:
            yield stream

    @contextlib.contextmanager
    def exported(self, rootfs: Rootfs, stub: Path) -> Iterator[BinaryIO]:
        """The tar of all files of a container as a stream, without those of mounts; errors are raised at the end.

        `stub` lies below all layers.
        """
        with self._streamed(EXPORT, {"rootfs": rootfs.to_json(), "stub": str(stub)}) as stream:
            yield stream

    @contextlib.contextmanager
    def _streamed(self, job: str, arguments: Mapping[str, Any]) -> Iterator[BinaryIO]:
        reader, writer = wide_pipe()
        failures: list[BaseException] = []

        def work() -> None:
            try:
                self._call(job, arguments, [writer])
            except BaseException as error:  # noqa: BLE001 - raised again below, in the thread that reads
                failures.append(error)
            finally:
                # Whatever has happened: a reader waits as long as anybody could still write (pipe(7)).
                os.close(writer)

        thread = threading.Thread(target=work, name="pydock-stream", daemon=True)
        thread.start()
        with os.fdopen(reader, "rb", buffering=0) as stream:
            yield stream
        thread.join()
        if failures:
            raise failures[0]

    @contextlib.contextmanager
    def filled(self, directory: Path) -> Iterator[BinaryIO]:
        """A stream for a tar that a worker unpacks into `directory`, new or as it is there; raises at the end."""
        reader, writer = wide_pipe()
        failures: list[BaseException] = []

        def work() -> None:
            try:
                self._call(FILL, {"directory": str(directory)}, [reader])
            except BaseException as error:  # noqa: BLE001 - raised again below, in the thread that writes
                failures.append(error)
            finally:
                os.close(reader)

        thread = threading.Thread(target=work, name="pydock-fill", daemon=True)
        thread.start()
        try:
            # Where the worker has gone, its own error says why.
            with contextlib.suppress(BrokenPipeError), os.fdopen(writer, "wb") as stream:
                yield stream
        finally:
            thread.join()
        if failures:
            raise failures[0]

    def make_folder(self, path: Path, mode: int, uid: int, gid: int) -> None:
        """Make a folder, or give one that is there its permission bits and owner (as far as this machine can)."""
        self._call(MAKE_FOLDER, {"path": str(path), "mode": mode, "uid": uid, "gid": gid}, [])

    def find(self, directory: Path, path: str) -> Path:
        """Where `path` is in a tree, links followed inside it only; raises ArchiveError where it is not there."""
        return directory / str(self._call(FIND, {"directory": str(directory), "path": path}, []))

    def changes(self, rootfs: Rootfs, *, most: int = written.MOST) -> Changes:
        """What was written, as far as it can be seen now, in at most so many rows."""
        if not os.path.isdir(rootfs.upper) and not os.path.isdir(rootfs.mountpoint):
            return Changes(rows=(), total=0, size=0)
        found = self._written_here(rootfs, most)
        if found is None:
            found = self._call(CHANGES, {"directory": rootfs.upper, "tree": rootfs.mountpoint, "most": most}, [])
        return Changes(rows=tuple(Row(*row) for row in found["rows"]), total=found["total"], size=found["size"])

    @staticmethod
    def _written_here(rootfs: Rootfs, most: int) -> dict[str, Any] | None:
        """The same without asking anybody; None where this process may not look, or a tree has to be compared."""
        from pydock_lab.snapshot.copying import is_materialised  # noqa: PLC0415 - not on every machine

        if not rootfs.upper or is_materialised(rootfs.mountpoint):
            return None
        try:
            return written.rows(rootfs.upper, most=most)
        except PermissionError:  # rootless: a file of one of the container's own users
            return None

    def remove(self, *paths: str | Path) -> None:
        """Remove trees whose files may belong to ids that only the workers can touch."""
        present = [str(path) for path in paths if os.path.lexists(path) and not _is_removed(path)]
        if present:
            self._call(REMOVE, {"paths": present}, [])


def _shares(layers: Iterable[PackedLayer]) -> list[list[PackedLayer]]:
    """Layers for workers at the same time: as even as can be, the largest first."""
    shares: list[list[PackedLayer]] = []
    for layer in sorted(layers, key=lambda one: one.blob.size, reverse=True):
        if len(shares) < _AT_ONCE:
            shares.append([layer])
        else:
            min(shares, key=lambda share: sum(one.blob.size for one in share)).append(layer)
    return shares


def _is_removed(path: str | Path) -> bool:
    """Try to remove a tree from here; what belongs to other ids is left to a worker."""
    with contextlib.suppress(OSError):
        # Overlay leaves directories that nobody may list: `incompat` is the mark of a volatile one.
        for locked in ("work/work", "work/work/incompat"):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                os.chmod(os.path.join(path, locked), 0o700)
        shutil.rmtree(path)
        return True
    return False
