"""Filling a folder from a tar that is being written: what `--output` leaves there, and contexts that come as archives.

    tar ──pipe──> apply, below one directory descriptor: no name in it and no link leads anywhere else

All files belong to whoever asks for them, as `docker build --output type=local` has it.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydock_lab.archive.apply import Applied, Ownership, Policy, apply
from pydock_lab.archive.pipeline import wide_pipe
from pydock_lab.archive.reader import Readable

# Devices take root's rights, and open doors: a folder of files has none.
_POLICY = Policy(ownership=Ownership.RECORD, devices=False)


def unpack(tar: Readable, folder: Path) -> Applied:
    """Unpack a tar (plain, gzip or zstd) into a folder, over what is there; raises ArchiveError and OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        return apply(tar, descriptor, policy=_POLICY)
    finally:
        os.close(descriptor)


class Unpacked:
    """A sink for a tar, and once it is closed, what was unpacked."""

    def __init__(self, pipe: int) -> None:
        self._pipe = os.fdopen(pipe, "wb", buffering=1 << 20)
        self.applied: Applied | None = None

    def write(self, content: bytes, /) -> int:
        """Take a part of the tar."""
        return self._pipe.write(content)

    def close(self) -> None:
        """There is no more."""
        self._pipe.close()


@contextmanager
def unpacking(folder: Path) -> Iterator[Unpacked]:
    """A sink whose tar is unpacked into `folder` as it comes; raises ArchiveError and OSError at the end."""
    reader, writer = wide_pipe()
    sink, failures = Unpacked(writer), list[BaseException]()

    def work() -> None:
        try:
            with os.fdopen(reader, "rb", buffering=0) as pipe:
                sink.applied = unpack(pipe, folder)
        except BaseException as error:  # noqa: BLE001 - raised again below, in the thread that writes
            failures.append(error)

    thread = threading.Thread(target=work, name="pydock-unpack", daemon=True)
    thread.start()
    try:
        yield sink
        sink.close()
    except BrokenPipeError:  # what went wrong at the other end is told below
        if not failures:
            thread.join()
    except BaseException:
        _abandon(sink)
        thread.join()
        raise
    thread.join()
    if failures:
        raise failures[0]


def _abandon(sink: Unpacked) -> None:
    try:
        sink.close()
    except OSError:
        return
