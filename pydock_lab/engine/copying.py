"""`docker cp` from the caller's side: which name a copy gets, as cp(1) and Docker decide it.

SOURCE a file:     into DESTINATION if that is a folder, else to that name
SOURCE a folder:   below DESTINATION if that exists, else DESTINATION is its copy; `SOURCE/.` is its content
"""

import contextlib
import os
import posixpath
import shutil
import tarfile
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from pydock_lab.archive.apply import Ownership, Policy, apply
from pydock_lab.archive.entry import EntryType
from pydock_lab.archive.writer import TarWriter
from pydock_lab.build.context import BuildContext
from pydock_lab.build.source import walk
from pydock_lab.engine.containers import ContainerLife
from pydock_lab.engine.ground import Ground
from pydock_lab.engine.home import Home
from pydock_lab.engine.records import ContainerRecord
from pydock_lab.errors import NotFound, PydockError
from pydock_lab.snapshot.snapshotter import LOOK, READ, WRITE


class ContainerFiles:
    """Copies between the host and containers of a home."""

    def __init__(self, home: Home, life: ContainerLife) -> None:
        self._home, self._life = home, life

    def copy_out(self, record: ContainerRecord, source: str, target: Path) -> None:
        """`docker cp CONTAINER:SOURCE TARGET`; raises NotFound."""
        with tempfile.TemporaryDirectory(prefix="pydock-cp-") as folder:
            is_directory = self._fetch(record, source, folder)
            if not is_directory:
                shutil.move(os.path.join(folder, posixpath.basename(source)), target)
                return
            below = target.is_dir() and not source.endswith("/.")
            into = target / posixpath.basename(posixpath.normpath(source)) if below else target
            shutil.copytree(folder, into, symlinks=True, dirs_exist_ok=True)

    def _fetch(self, record: ContainerRecord, source: str, folder: str) -> bool:
        def unpack(stream: "_Again") -> None:
            root = os.open(folder, os.O_RDONLY)
            apply(stream, root, policy=Policy(ownership=Ownership.RECORD, devices=False))
            os.close(root)

        return self._read(record, source, unpack)

    def _read(self, record: ContainerRecord, source: str, use: "Callable[[_Again], None]") -> bool:
        """Give the tar of a path in a container to `use`: whether it is a folder's; raises NotFound."""
        reader, writer = os.pipe()
        answer: list[object] = []

        def ask() -> None:
            try:
                answer.append(self._ground(record).call(READ, self._arguments(record, source), [writer]))
            except PydockError as error:
                answer.append(error)
            finally:
                os.close(writer)

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        with os.fdopen(reader, "rb", buffering=0) as stream:
            content = stream.read(1)
            if content:
                use(_Again(content, stream))
        thread.join()
        if not isinstance(answer[0], dict):
            raise NotFound("engine.no-path", container=record.name, path=source) from _error(answer[0])
        return bool(answer[0]["is_directory"])

    def archive_out(self, record: ContainerRecord, source: str, sink: BinaryIO) -> None:
        """`docker cp CONTAINER:SOURCE -`: a tar in which all is below the name of the source; raises NotFound."""
        name = posixpath.basename(posixpath.normpath(source))
        with tempfile.TemporaryFile() as plain:
            is_directory = self._read(record, source, lambda stream: shutil.copyfileobj(stream, plain))
            plain.seek(0)
            with tarfile.open(fileobj=plain) as found, tarfile.open(fileobj=sink, mode="w|") as made:
                if is_directory:
                    top = tarfile.TarInfo(name)
                    top.type, top.mode = tarfile.DIRTYPE, 0o755
                    made.addfile(top)
                for member in found:
                    member.name = f"{name}/{member.name}" if is_directory else name
                    made.addfile(member, found.extractfile(member) if member.isreg() else None)

    def archive_in(self, record: ContainerRecord, tar: BinaryIO, target: str) -> None:
        """`docker cp - CONTAINER:TARGET`: what is in a tar, into a folder that is there; raises NotFound."""
        if not self._is_folder(record, target):
            raise NotFound("engine.no-path", container=record.name, path=target)
        self._write(record, target, lambda sink: shutil.copyfileobj(tar, sink))

    def export(self, record: ContainerRecord, stream: BinaryIO) -> None:
        """`docker export`: the tar of its files, without those of mounts."""
        with self._ground(record).snapshots.exported(record.spec.rootfs, self._stub) as tar:
            shutil.copyfileobj(tar, stream)

    def copy_in(self, record: ContainerRecord, source: Path, target: str) -> None:
        """`docker cp SOURCE CONTAINER:TARGET`; raises NotFound."""
        if not os.path.lexists(source):
            raise NotFound("engine.no-source", path=str(source))
        folder, name = self._place(record, source, target)
        self._write(record, folder, lambda sink: _pack(source, name, sink))

    def _write(self, record: ContainerRecord, folder: str, fill: Callable[[BinaryIO], None]) -> None:
        """Unpack into a folder of a container the tar that `fill` writes."""
        reader, writer = os.pipe()

        def feed() -> None:
            # Who reads may have had enough, or found a mistake: it is told there.
            with contextlib.suppress(BrokenPipeError), os.fdopen(writer, "wb") as sink:
                fill(sink)

        thread = threading.Thread(target=feed, daemon=True)
        thread.start()
        try:
            self._ground(record).call(WRITE, self._arguments(record, folder), [reader])
        finally:
            os.close(reader)
            thread.join()

    def _place(self, record: ContainerRecord, source: Path, target: str) -> tuple[str, str]:
        """The folder in the container, and the name that the copy gets in it ("" for the content of a folder)."""
        exists = self._is_folder(record, target)
        if str(source).endswith("/.") or (source.is_dir() and not exists):
            return target, ""
        if exists or target.endswith("/"):
            return target, source.resolve().name
        return posixpath.dirname(target), posixpath.basename(target)

    def _is_folder(self, record: ContainerRecord, path: str) -> bool:
        try:
            return bool(self._ground(record).call(LOOK, self._arguments(record, path))["is_directory"])
        except PydockError:  # it is not there, or no folder
            return False

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
            "path": path,
        }


def _error(answer: object) -> BaseException | None:
    return answer if isinstance(answer, BaseException) else None


class _Again:
    """A stream whose first byte was looked at."""

    def __init__(self, head: bytes, stream: object) -> None:
        self._head, self._stream = head, stream

    def read(self, count: int = -1, /) -> bytes:
        head, self._head = self._head, b""
        return head or self._stream.read(count)  # type: ignore[attr-defined]


def _pack(source: Path, name: str, sink: BinaryIO) -> None:
    """Write the tar of a file or folder under another name."""
    tar = TarWriter(sink)
    root = source if source.is_dir() else source.parent
    context = BuildContext(root)
    top = b"" if source.is_dir() else os.fsencode(source.name)
    for entry in walk(context, top):
        inside = entry.path[len(top) :].lstrip(b"/")
        path = b"/".join(part for part in (os.fsencode(name), inside) if part)
        if not path:
            continue
        renamed = type(entry)(
            path=path, type=entry.type, size=entry.size, mode=entry.mode, mtime=entry.mtime, target=entry.target
        )
        if entry.type is EntryType.FILE:
            fd = context.descriptor(entry)
            tar.add_file(renamed, fd)
            os.close(fd)
        else:
            tar.add(renamed)
    tar.finish()
