"""A loop that waits for many things at once: files, moments, and the ends of child processes.

    file is readable, or closed at the other end   watch(file, handler); has room again: with POLLOUT
    a moment has come                              later(seconds, handler)
    a child has ended                              Family.expect(pid, handler)

One thread, no framework: what a shim needs, in little memory. Sources: poll(2), waitid(2), signal(7).
"""

import contextlib
import heapq
import itertools
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from typing import Protocol, TypeAlias

Handler: TypeAlias = Callable[[], object]
OnEnd: TypeAlias = Callable[[int], None]


class _HasDescriptor(Protocol):
    def fileno(self) -> int: ...


class Timer:
    """A moment to come; `cancel` it, and nothing happens."""

    def __init__(self, handler: Handler) -> None:
        self.handler: Handler | None = handler

    def cancel(self) -> None:
        """Let it pass."""
        self.handler = None


class Loop:
    """Calls a handler when its file has something to read or has been closed at the other end, or its time has come."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._handlers: dict[int, Handler] = {}
        self._timers: list[tuple[float, int, Timer]] = []
        # Behind the time in each entry of the heap: timers of one moment would be compared, and cannot be.
        self._order = itertools.count()

    def watch(self, file: int | _HasDescriptor, handler: Handler, events: int = select.POLLIN) -> None:
        """Call `handler` from now on: when it can be read, or whenever another one of the `events` of poll(2) is so."""
        descriptor = file if isinstance(file, int) else file.fileno()
        self._handlers[descriptor] = handler
        self._poll.register(descriptor, events)

    def forget(self, file: int | _HasDescriptor) -> None:
        """Call nothing any more; to be said before the file is closed."""
        descriptor = file if isinstance(file, int) else file.fileno()
        if self._handlers.pop(descriptor, None):
            self._poll.unregister(descriptor)

    def later(self, seconds: float, handler: Handler) -> Timer:
        """Call `handler` once, in so many seconds."""
        timer = Timer(handler)
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._order), timer))
        return timer

    def turn(self) -> None:
        """Wait until something happens, and handle it."""
        for descriptor, _ in self._poll.poll(self._patience()):
            # One handler may have made the loop forget the file of another.
            handler = self._handlers.get(descriptor)
            if handler:
                handler()
        while self._timers and self._timers[0][0] <= time.monotonic():
            _, _, timer = heapq.heappop(self._timers)
            if timer.handler:
                timer.handler()

    def _patience(self) -> float | None:
        """Milliseconds until the next moment; None: no moment is waited for."""
        while self._timers and self._timers[0][2].handler is None:
            heapq.heappop(self._timers)
        return max(0.0, self._timers[0][0] - time.monotonic()) * 1000 if self._timers else None


def end_status(status: int) -> int:
    """The exit status in a wait status: 128 + signal where a signal ended the process, as shells say it."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


class Family:
    """The children of this process; those whom nobody expects are orphans that came to us, and are just buried.

    There can be one in a process: it takes SIGCHLD for itself.
    """

    def __init__(self, loop: Loop) -> None:
        self._expected: dict[int, OnEnd] = {}
        news, tell = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        # `set_wakeup_fd` insists: who writes here is a signal handler.
        tell.setblocking(False)
        self._news, self._tell = news, tell
        # Python's way to hear of a signal in a poll: its number is written to a descriptor.
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(tell.fileno(), warn_on_full_buffer=False)
        loop.watch(news, self._hear)

    def expect(self, pid: int, on_end: OnEnd) -> None:
        """Call `on_end` with the exit status of this child: 128 + signal where a signal ended it, as shells say it."""
        self._expected[pid] = on_end

    def _hear(self) -> None:
        # Signals do not queue: one SIGCHLD may stand for many ends (signal(7)).
        self._news.recv(4096)
        self.bury()

    def bury(self) -> None:
        """Bury all who have ended; also to be called once, for those who ended before there was this object."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            on_end = self._expected.pop(pid, None)
            if on_end:
                on_end(end_status(status))

    def leave(self) -> None:
        """Let signals be as they were: a child that goes its own way calls this first."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        with contextlib.suppress(OSError):
            self._news.close()
            self._tell.close()
