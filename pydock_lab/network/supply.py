"""A supply of sockets made in another network namespace: each batch by one child that goes there and comes back.

A child for each connection would cost two milliseconds a time, a process that stays there some megabytes for each
container. A socket that waits costs the kernel two kilobytes. Who asks often gets larger batches.
"""

import socket

from pydock_lab.network.elsewhere import sockets_inside

_FIRST_BATCH, _LARGEST_BATCH = 4, 60  # at most 64 descriptors go into one message


class Supply:
    """Sockets of IPv4 made in a namespace, a descriptor; they do not block."""

    def __init__(self, namespace: int) -> None:
        self._namespace = namespace
        self._waiting: dict[int, list[socket.socket]] = {}
        self._batch = _FIRST_BATCH

    def take(self, kind: int) -> socket.socket:
        """A new socket, SOCK_STREAM or SOCK_DGRAM; raises OSError."""
        waiting = self._waiting.setdefault(kind, [])
        if not waiting:
            waiting += sockets_inside(self._namespace, lambda: _make(kind, self._batch))
            self._batch = min(2 * self._batch, _LARGEST_BATCH)
        return waiting.pop()

    def close(self) -> None:
        """Close those that nobody took."""
        for waiting in self._waiting.values():
            while waiting:
                waiting.pop().close()


def _make(kind: int, count: int) -> list[socket.socket]:
    made = [socket.socket(socket.AF_INET, kind) for _ in range(count)]
    for one in made:
        one.setblocking(False)
    return made
