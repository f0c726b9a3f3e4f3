"""The end of a program, for one who watched it: first all that it wrote, then that it has ended.

A watcher who does not read just now is waited for, by the loop: the others hear of the end meanwhile.
"""

from collections.abc import Sequence

from pydock_lab.runtime.loop import Handler, Loop
from pydock_lab.runtime.outlet import Outlet
from pydock_lab.sandbox.protocol import Connection


class Farewell:
    """Gives a watcher the rest, closes its `outlets`, and then calls `then`; at once when its connection closes."""

    def __init__(self, loop: Loop, connection: Connection, outlets: Sequence[Outlet], then: Handler) -> None:
        self._loop, self._connection, self._outlets, self._then = loop, connection, outlets, then
        self.is_over = False
        loop.watch(connection, self._hear)
        self._look()
        for one in outlets:
            one.when_clear(self._look)

    def _look(self) -> None:
        if all(one.is_clear for one in self._outlets):
            self._end()

    def _hear(self) -> None:
        # Whatever is asked of the program comes too late.
        if self._connection.receive() is None:
            self._end()

    def _end(self) -> None:
        if self.is_over:
            return
        self.is_over = True
        self._loop.forget(self._connection)
        for one in self._outlets:
            one.close()
        self._then()
