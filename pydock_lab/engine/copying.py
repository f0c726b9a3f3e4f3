"""`docker cp` from the caller's side: which name a copy gets, as cp(1) and Docker decide it.

SOURCE a file:     into DESTINATION if that is a folder, else to that name
SOURCE a folder:   below DESTINATION if that exists, else DESTINATION is its copy; `SOURCE/.` is its content

What goes from one side to the other is a tar, in which things have the names that they are to get. Who reads and writes
a container's files is a worker, inside the user namespace that owns them (snapshot/transfer_jobs.py).
"""

import contextlib
import errno
import os
import posixpath
import shutil
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from pydock_lab.archive.apply import Ownership, Policy, Whiteouts, apply
from pydock_lab.archive.diff import DiffOptions, TreeForm, pack
from pydock_lab.engine.containers import ContainerLife
from pydock_lab.engine.ground import Ground
from pydock_lab.engine.home import Home
from pydock_lab.engine.records import ContainerRecord
from pydock_lab.errors import CommandError, NotFound, PydockError
from pydock_lab.snapshot.snapshotter import LOOK, READ, WRITE

_CONTENT = ("/.", "/")  # ends of a source that is to be looked into, even through a link
_ROOT = (0, 0)


class ContainerFiles:
    """Copies between the host and containers of a home."""

    def __init__(self, home: Home, life: ContainerLife) -> None:
        self._home, self._life = home, life

    # ---- out of a container

    def copy_out(self, record: ContainerRecord, source: str, target: Path | str, *, archive: bool, follow: bool) -> int:
        """`docker cp CONTAINER:SOURCE TARGET`: the bytes of the tar that it was; raises NotFound, ArchiveError."""
        follow = follow or source.endswith(_CONTENT)
        found = self._look(record, source, follow=follow)
        if found["is_device"]:
            raise CommandError("engine.copy-device", path=source, container=record.name)
        self._check_file(record, found, source)
        is_directory = found["is_directory"]
        try:
            folder, name = _place_outside(source, os.fspath(target), is_directory=is_directory)
        except OSError as error:
            raise _told(error) from None
        ownership = Ownership.CHOWN if archive else Ownership.RECORD
        policy = Policy(ownership=ownership, devices=False, whiteouts=Whiteouts.PLAIN)

        def unpack(stream: "_Counted") -> None:
            root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                apply(stream, root, policy=policy)
            finally:
                os.close(root)

        return self._read(record, source, unpack, name=name, follow=follow, owners=archive)

    def archive_out(self, record: ContainerRecord, source: str, sink: BinaryIO, *, follow: bool) -> None:
        """`docker cp CONTAINER:SOURCE -`: a tar in which all is below the name of the source; raises NotFound."""
        follow = follow or source.endswith(_CONTENT)
        self._check_file(record, self._look(record, source, follow=follow), source)
        name = "" if source.endswith("/.") else _name(source)
        self._read(
            record, source, lambda stream: shutil.copyfileobj(stream, sink), name=name, follow=follow, owners=True
        )

    @staticmethod
    def _check_file(record: ContainerRecord, found: dict[str, Any], path: str) -> None:
        if found["is_kernels"]:
            raise CommandError("engine.copy-kernels", path=path, container=record.name)

    def _read(
        self,
        record: ContainerRecord,
        source: str,
        use: "Callable[[_Counted], None]",
        *,
        name: str,
        follow: bool,
        owners: bool,
    ) -> int:
        """Give the tar of a path in a container to `use`; its bytes."""
        reader, writer = os.pipe()
        failed: list[PydockError] = []
        arguments = self._arguments(record, source) | {"name": name, "follow": follow, "owners": owners}

        def ask() -> None:
            try:
                self._ground(record).call(READ, arguments, [writer])
            except PydockError as error:
                failed.append(error)
            finally:
                os.close(writer)

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        with os.fdopen(reader, "rb", buffering=0) as pipe:
            stream = _Counted(pipe)
            try:
                use(stream)
            except (PydockError, OSError) as error:
                failed.append(_told(error))
        thread.join()
        if failed:  # the first one led to the other: half a tar, or a pipe that nobody reads
            raise failed[0]
        return stream.count

    def export(self, record: ContainerRecord, stream: BinaryIO) -> None:
        """`docker export`: the tar of its files, without those of mounts."""
        with self._ground(record).snapshots.exported(record.spec.rootfs, self._stub) as tar:
            shutil.copyfileobj(tar, stream)

    # ---- into a container

    def copy_in(self, record: ContainerRecord, source: Path | str, target: str, *, archive: bool, follow: bool) -> int:
        """`docker cp SOURCE CONTAINER:TARGET`: the bytes of the tar that it was; raises NotFound, ArchiveError."""
        place = os.fspath(source)
        if follow or place.endswith(_CONTENT):
            name, place = _name(os.path.abspath(place)), os.path.realpath(place)
        else:
            name = _name(os.path.abspath(place))
        if not os.path.lexists(place):
            raise NotFound("engine.no-source", path=os.fspath(source))
        folder, top = self._place_inside(record, os.fspath(source), name, place, target)
        return self._write(record, folder, lambda sink: _pack(place, top, sink, archive=archive))

    def archive_in(self, record: ContainerRecord, tar: BinaryIO, target: str) -> None:
        """`docker cp - CONTAINER:TARGET`: what is in a tar, into a folder that is there; raises NotFound."""
        if not self._is_folder(record, target):
            raise NotFound("engine.no-path", container=record.name, path=target)
        self._write(record, target, lambda sink: shutil.copyfileobj(tar, sink))

    def _write(self, record: ContainerRecord, folder: str, fill: "Callable[[_Counting], None]") -> int:
        """Unpack into a folder of a container the tar that `fill` writes; its bytes."""
        reader, writer = os.pipe()
        counts: list[int] = []
        failed: list[PydockError] = []

        def feed() -> None:
            # Who reads may have had enough, or found a mistake: it is told there.
            with contextlib.suppress(BrokenPipeError), os.fdopen(writer, "wb") as sink:
                counting = _Counting(sink)
                try:
                    fill(counting)
                except BrokenPipeError:
                    raise
                except (PydockError, OSError) as error:
                    failed.append(_told(error))
                counts.append(counting.count)

        thread = threading.Thread(target=feed, daemon=True)
        thread.start()
        try:
            self._ground(record).call(WRITE, self._arguments(record, folder), [reader])
        except PydockError as error:
            failed.append(error)
        finally:
            os.close(reader)
            thread.join()
        if failed:  # see _read
            raise failed[0]
        return sum(counts)

    def _place_inside(self, record: ContainerRecord, said: str, name: str, place: str, target: str) -> tuple[str, str]:
        """The folder in the container, and the name that the copy gets in it ("" for the content of a folder)."""
        is_directory = stat.S_ISDIR(os.lstat(place).st_mode)
        there = self._seen(record, target)
        if there and there["is_directory"]:
            return target, "" if said.endswith("/.") and is_directory else name
        if target.endswith("/") and not is_directory:
            raise NotFound("engine.no-path", container=record.name, path=target)
        # What a link leads to gets the content, and the link stays.
        parent, _, last = (there["path"] if there else target.rstrip("/")).rpartition("/")
        if not self._is_folder(record, parent or "/"):
            raise NotFound("engine.no-path", container=record.name, path=parent)
        return parent or "/", last

    def _is_folder(self, record: ContainerRecord, path: str) -> bool:
        there = self._seen(record, path)
        return bool(there and there["is_directory"])

    def _seen(self, record: ContainerRecord, path: str) -> dict[str, Any] | None:
        try:
            return self._look(record, path, follow=True)
        except NotFound:
            return None

    # ---- both

    def _look(self, record: ContainerRecord, path: str, *, follow: bool) -> dict[str, Any]:
        """What the job LOOK says of a path; raises NotFound, ArchiveError where links lead in a circle."""
        try:
            found: dict[str, Any] = self._ground(record).call(LOOK, self._arguments(record, path) | {"follow": follow})
        except NotFound as error:
            if error.key != "snapshot.no-path":  # but the layers of its image
                raise
            raise NotFound("engine.no-path", container=record.name, path=path) from error
        return found

    @property
    def _stub(self) -> Path:
        return self._home.root / "stub"

    def _ground(self, record: ContainerRecord) -> Ground:
        return self._home.ground(record.isolation)

    def _arguments(self, record: ContainerRecord, path: str) -> dict[str, object]:
        state = self._life.state(record)
        running = self._life.is_running(record)
        return {
            "pid": state.process.pid if running and state.process else 0,
            "rootfs": record.spec.rootfs.to_json(),
            "stub": str(self._stub),
            "mounts": [mount.to_json() for mount in record.spec.mounts],
            "read_only": record.spec.read_only,
            "path": path,
        }


def _told(error: PydockError | OSError) -> PydockError:
    """What the host's files refused, as one of our errors."""
    if isinstance(error, PydockError):
        return error
    return CommandError(
        "engine.copy-refused", path=os.fsdecode(error.filename or ""), reason=error.strerror or str(error)
    )


def _name(path: str) -> str:
    return posixpath.basename(posixpath.normpath(path)).strip("/")


def _place_outside(source: str, target: str, *, is_directory: bool) -> tuple[Path, str]:
    """The folder of the host, and the name of the copy there ("" for the content of a folder); raises OSError."""
    place = Path(target)
    if is_directory and (source.endswith("/.") or not _name(source)):
        place.mkdir(exist_ok=True)
        return place, ""
    if place.is_dir():
        return place, _name(source)
    if target.endswith("/") and not is_directory:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), target)
    # What a link leads to gets the content, and the link stays.
    place = Path(os.path.realpath(place)) if place.is_symlink() else place
    return place.parent, place.name


def _pack(place: str, top: str, sink: "_Counting", *, archive: bool) -> None:
    """Write the tar of something of the host."""
    folder = os.open(os.path.dirname(os.path.abspath(place)), os.O_RDONLY | os.O_DIRECTORY)
    options = DiffOptions(form=TreeForm.PLAIN, everyone=None if archive else _ROOT)
    try:
        pack(folder, os.fsencode(os.path.basename(os.path.abspath(place))), sink, top=os.fsencode(top), options=options)
    finally:
        os.close(folder)


class _Counted:
    """A pipe to read, with the bytes that came."""

    def __init__(self, stream: "BinaryIO | object") -> None:
        self._stream, self.count = stream, 0

    def read(self, count: int = -1, /) -> bytes:
        found: bytes = self._stream.read(count)  # type: ignore[union-attr]
        self.count += len(found)
        return found


class _Counting:
    """A pipe to write, with the bytes that went."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self.count = stream, 0

    def write(self, content: bytes, /) -> int:
        self.count += len(content)
        return self._stream.write(content)
