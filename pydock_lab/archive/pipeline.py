"""Threads beside the main one: bytes are hashed and compressed while the next ones are read.

    source ──> ReadAhead (thread: read, decompress, hash) ──queue──> the caller: unpack
    the caller: pack ──queue──> Stage (thread: compress, hash, write)

hashlib, isal, zlib and file input release the interpreter lock, so this is real parallelism. Queues are short:
whoever is faster waits, and memory stays at a few megabytes.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Thread
from typing import Self

_PIPE_BYTES = 1 << 20  # what Linux allows everybody (pipe(7), pipe-max-size)
# Eight chunks of at most 4 MiB: enough to bridge the hiccups of a disk, small beside any kernel of a notebook.
_DEPTH = 8
SHORT = 128 << 10  # bytes that are not worth a thread


def wide_pipe() -> tuple[int, int]:
    """A pipe for tars, reader and writer: each takes a megabyte before it has to wait for the other."""
    reader, writer = os.pipe()
    with suppress(OSError, AttributeError, ImportError):  # not Linux, or this user has too many of them
        import fcntl  # noqa: PLC0415 - POSIX has it

        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return reader, writer


class ReadAhead:
    """The chunks of `source`, produced in a thread; what it raises is raised here, in its place.

    A context manager: leaving it ends the thread, even when not all was read.
    """

    def __init__(self, source: Iterator[bytes]) -> None:
        self._source = source
        self._queue: Queue[bytes | BaseException] = Queue(_DEPTH)
        self._stopped = False
        # daemon: an interpreter that exits must not wait for a download.
        self._thread = Thread(target=self._run, name="pydock-read-ahead", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # The thread may be waiting to put: it is let in until it sees the mark, and ends.
        self._stopped = True
        while self._thread.is_alive():
            self._discard()
            self._thread.join(0.01)

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self._queue.get():
            if isinstance(chunk, BaseException):
                raise chunk
            yield chunk

    def _run(self) -> None:
        try:
            for chunk in self._source:
                if self._stopped:
                    return
                if chunk:  # an empty one means the end
                    self._queue.put(chunk)
            self._queue.put(b"")
        except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that reads
            self._queue.put(error)

    def _discard(self) -> None:
        with suppress(Empty):
            while True:
                self._queue.get_nowait()


class Stage:
    """A thread that gives every chunk `put` to `consume`; its error is raised by the next `put` or by `join`.

    What is short is consumed by `join`, without a thread: for the few bytes that most steps of a build write, starting
    one and waiting for it takes longer than the work.
    """

    def __init__(self, consume: Callable[[bytes], object]) -> None:
        self._consume = consume
        self._queue: Queue[bytes] = Queue(_DEPTH)
        self._error: BaseException | None = None
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._thread: Thread | None = None

    def put(self, chunk: bytes) -> None:
        """Hand over one chunk; waits while the thread is behind."""
        self._raise()
        if not chunk:
            return
        if self._thread is not None:
            self._queue.put(chunk)
            return
        self._held.append(chunk)
        self._held_bytes += len(chunk)
        if self._held_bytes > SHORT:
            self._start()

    def join(self) -> None:
        """Wait until everything is consumed."""
        if self._thread is None:
            held, self._held = self._held, []
            for chunk in held:
                self._consume(chunk)
            return
        self._queue.put(b"")
        self._thread.join()
        self._raise()

    def cancel(self) -> None:
        """End the thread without consuming what still waits."""
        # Whatever is taken from now on is dropped.
        self._consume = bytes
        while self._thread is not None and self._thread.is_alive():
            with suppress(Full):  # the thread is emptying it: its work is nothing now
                self._queue.put_nowait(b"")
            self._thread.join(0.01)

    def _start(self) -> None:
        self._thread = Thread(target=self._run, name="pydock-stage", daemon=True)
        self._thread.start()
        for held in self._held:
            self._queue.put(held)
        self._held.clear()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while chunk := self._queue.get():
            # After an error the queue is still emptied, or `put` would wait for ever.
            if self._error is None:
                try:
                    self._consume(chunk)
                except BaseException as error:  # noqa: BLE001 - raised again by the next put or join
                    self._error = error
