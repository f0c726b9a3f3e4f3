"""One writer at a time: a lock file a collection, held by whoever has it open and locked.

The system gives a lock back when its holder dies, however it dies: nothing is ever left locked. `flock` is used where
there is one (Linux, macOS; over NFS it becomes a lock of the server), `msvcrt.locking` on Windows.

Source: flock(2).
"""

import os
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from pydock_lab.store.home import make_private

_threads = Lock()  # all that is left where the system has neither kind of lock


class FileLock:
    """A context manager that holds the lock of the file `path`, alone, or together with others that share it.

    Every use opens the file anew, so threads of one process keep each other out as processes do. It does not nest.
    Without `wait`, a lock that somebody else holds is a BlockingIOError.
    """

    def __init__(self, path: Path, *, shared: bool = False, wait: bool = True) -> None:
        self._path, self._shared, self._wait = path, shared, wait
        self._fd = -1

    def __enter__(self) -> Self:
        try:
            self._fd = self._opened()
        except FileNotFoundError:
            make_private(self._path.parent)
            self._fd = self._opened()
        try:
            _lock(self._fd, shared=self._shared, wait=self._wait)
        except BaseException:
            os.close(self._fd)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        _unlock(self._fd)
        os.close(self._fd)

    def _opened(self) -> int:
        # The file stays for good: removing it would let two holders lock two files of one name.
        return os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)


def _lock(fd: int, *, shared: bool, wait: bool) -> None:
    try:
        import fcntl  # noqa: PLC0415 - not on Windows, where this module must import
    except ImportError:
        _lock_elsewhere(fd, wait=wait)
    else:
        # Not fcntl's record locks: they belong to the process, so its threads would not exclude each other, and all of
        # them go when it closes any descriptor of the file (fcntl(2)).
        fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))


def _lock_elsewhere(fd: int, *, wait: bool) -> None:
    try:
        import msvcrt  # noqa: PLC0415 - only on Windows
    except ImportError:
        if not _threads.acquire(blocking=wait):
            raise BlockingIOError from None
        return
    while True:
        try:
            msvcrt.locking(fd, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined, unused-ignore]
        except OSError:  # it gives up after ten seconds; we do not
            if not wait:
                raise BlockingIOError from None
            continue
        return


def _unlock(fd: int) -> None:
    try:
        import fcntl  # noqa: F401, PLC0415 - closing the file is all that flock needs
    except ImportError:
        _unlock_elsewhere(fd)


def _unlock_elsewhere(fd: int) -> None:
    try:
        import msvcrt  # noqa: PLC0415 - only on Windows
    except ImportError:
        _threads.release()
        return
    # Windows locks a range of bytes, from where the file stands.
    os.lseek(fd, 0, os.SEEK_SET)
    msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined, unused-ignore]
