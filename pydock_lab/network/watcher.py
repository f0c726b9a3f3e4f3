"""Waits for many files and for the time to pass, and can itself be waited for as one file: a loop within a loop.

    the shim's loop --- one descriptor ---> epoll:  sockets of the ports, of the names ... and a timer

Source: epoll(7), timerfd_create(2).
"""

import heapq
import os
import select
from collections.abc import Callable
from itertools import count
from time import monotonic
from typing import Protocol, TypeAlias

from pydock_lab.linux import syscalls

Handler: TypeAlias = Callable[[], None]

# Edge-triggered: told once of every change, to read and to write.
EDGES = select.EPOLLIN | select.EPOLLOUT | select.EPOLLET | select.EPOLLRDHUP
_SHORTEST = 1e-6  # seconds; a timer that is set to nothing would never go off


class _HasDescriptor(Protocol):
    def fileno(self) -> int: ...


class Sweeper:
    """Calls `sweep` from time to time, as long as that says that something is left."""

    def __init__(self, watcher: "Watcher", seconds: float, sweep: Callable[[], bool]) -> None:
        self._watcher, self._seconds, self._sweep = watcher, seconds, sweep
        self._is_on = False

    def start(self) -> None:
        """There is something now."""
        if not self._is_on:
            self._is_on = True
            self._watcher.later(self._seconds, self._run)

    def _run(self) -> None:
        self._is_on = False
        if self._sweep():
            self.start()


class Watcher:
    """Calls handlers of files and timers, in one thread; `turn` does what there is to do now."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._timer = syscalls.timer()
        self._handlers: dict[int, Handler] = {}
        self._timers: list[tuple[float, int, Handler]] = []
        self._numbers = count()
        self._poll.register(self._timer, select.EPOLLIN)
        self._handlers[self._timer] = self._ring

    def fileno(self) -> int:
        """The descriptor to be polled: something can be read when there is something to do."""
        return self._poll.fileno()

    def watch(self, file: _HasDescriptor, handler: Handler, events: int = select.EPOLLIN) -> None:
        """Call `handler` from now on."""
        self._handlers[file.fileno()] = handler
        self._poll.register(file, events)

    def again(self, file: _HasDescriptor, events: int) -> None:
        """Wait for other events; those that there are already are told anew."""
        self._poll.modify(file, events)

    def forget(self, file: _HasDescriptor) -> None:
        """Call nothing any more; to be said before the file is closed."""
        # A copy of the file in a forked process would keep it in the kernel's list, whatever we close.
        if self._handlers.pop(file.fileno(), None):
            self._poll.unregister(file)

    def later(self, seconds: float, handler: Handler) -> None:
        """Call `handler` once, in so many seconds."""
        heapq.heappush(self._timers, (monotonic() + seconds, next(self._numbers), handler))
        self._wind()

    def turn(self, seconds: float = 0) -> bool:
        """Wait so long for something to happen, and handle all that has; whether there was anything."""
        events = self._poll.poll(seconds)
        for descriptor, _ in events:
            # One handler may have made us forget the file of another.
            handler = self._handlers.get(descriptor)
            if handler:
                handler()
        return bool(events)

    def close(self) -> None:
        """Watch nothing any more; the files stay open."""
        os.close(self._timer)
        self._poll.close()

    def _ring(self) -> None:
        os.read(self._timer, 8)
        now = monotonic()
        while self._timers and self._timers[0][0] <= now:
            heapq.heappop(self._timers)[2]()
        self._wind()

    def _wind(self) -> None:
        if self._timers:
            syscalls.set_timer(self._timer, max(_SHORTEST, self._timers[0][0] - monotonic()))
