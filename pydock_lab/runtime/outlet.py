"""Writing for a reader who may not read: without ever waiting for it.

    flow --- give ---> Outlet: the descriptor, and what has found no room yet --- when_clear ---> flow reads on

A terminal that was stopped (Ctrl-S) and a pipe that is full make write(2) wait, and a shim that waits answers nobody.
O_NONBLOCK would say "do not wait", but it belongs to the *open file description* (open(2)), and we have that in common
with whoever gave us the descriptor: his shell would find its own terminal changed. So:

    pipe, pseudo-terminal    opened anew, through /proc/self/fd: a description of our own, which does not wait
    socket                   MSG_DONTWAIT, which is said with each call and not kept
    what cannot be opened    asked before each write whether there is room (poll), and given no more at a time than
      anew, a master         a writable one surely takes; a stop that comes just in between is waited for
    file, device             never full: written to as it is, because a file's place is shared, too

Sources: open(2), pipe(7), pty(7), proc_pid_fd(5), send(2); the kernel's drivers/tty/n_tty.c.
"""

import contextlib
import os
import select
import socket
import stat
from collections.abc import Callable

from pydock_lab.runtime.loop import Handler, Loop

_PIPE_TAKES = select.PIPE_BUF  # bytes that a pipe takes at once if it takes any (pipe(7))
_TERMINAL_TAKES = 128  # bytes: the kernel's buffers grow by 256, and a line's end becomes two characters
_PSEUDO_TERMINALS = range(136, 144)  # major numbers of /dev/pts/*; to open a master anew makes another terminal

_Write = Callable[[memoryview], int]


class Outlet:
    """A descriptor that is written to and that is ours now; what it does not take is kept until it does."""

    def __init__(self, loop: Loop, descriptor: int) -> None:
        self._loop, self.descriptor = loop, descriptor
        self.is_gone = False
        self._rest = b""
        self._waiting: list[Handler] = []
        self._write = _writer(descriptor)

    @property
    def is_clear(self) -> bool:
        """Whether everything has been written, or nobody is there any more to read it."""
        return not self._rest

    def give(self, content: bytes) -> None:
        """Write what there is room for, and keep the rest; nothing where the reader has gone (`is_gone`)."""
        if self.is_gone:
            return
        is_stuck = bool(self._rest)
        self._rest += content
        if not is_stuck:
            self._push()

    def when_clear(self, handler: Handler) -> None:
        """Call `handler`, once: now, or as soon as everything has been written or the reader has gone."""
        if self._rest:
            self._waiting.append(handler)
        else:
            handler()

    def close(self) -> None:
        """Write no more."""
        if self.descriptor >= 0:
            self._lose_reader()
            os.close(self.descriptor)
            self.descriptor = -1

    def _push(self) -> None:
        rest = memoryview(self._rest)
        try:
            while rest:
                rest = rest[self._write(rest) :]
        except BlockingIOError:
            self._rest = bytes(rest)
            self._loop.watch(self.descriptor, self._push, select.POLLOUT)
        except OSError:
            self._lose_reader()
        else:
            self._clear()

    def _lose_reader(self) -> None:
        self.is_gone = True
        self._clear()

    def _clear(self) -> None:
        self._rest = b""
        self._loop.forget(self.descriptor)
        waiting, self._waiting = self._waiting, []
        for handler in waiting:
            handler()


def _writer(descriptor: int) -> _Write:
    """How to write to it: the number of bytes it took; raises BlockingIOError instead of waiting."""
    status = os.fstat(descriptor)
    if stat.S_ISSOCK(status.st_mode):
        return lambda content: _send(descriptor, content)
    is_terminal = stat.S_ISCHR(status.st_mode) and os.isatty(descriptor)
    if not is_terminal and not stat.S_ISFIFO(status.st_mode):
        return lambda content: os.write(descriptor, content)
    is_master = is_terminal and os.major(status.st_rdev) not in _PSEUDO_TERMINALS
    if not is_master and _open_anew(descriptor):
        return lambda content: os.write(descriptor, content)
    portion = _TERMINAL_TAKES if is_terminal else _PIPE_TAKES
    return lambda content: _write_if_there_is_room(descriptor, content[:portion])


def _open_anew(descriptor: int) -> bool:
    """Have the number stand for a description of our own; False where the other user's pipe or terminal forbids it."""
    flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    with contextlib.suppress(OSError):  # also: nobody reads any more, which the first write will tell
        own = os.open(f"/proc/self/fd/{descriptor}", flags)
        os.dup2(own, descriptor, inheritable=False)
        os.close(own)
        return True
    return False


def _write_if_there_is_room(descriptor: int, content: memoryview) -> int:
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    if not poll.poll(0):
        raise BlockingIOError
    return os.write(descriptor, content)


def _send(descriptor: int, content: memoryview) -> int:
    end = socket.socket(fileno=descriptor)
    try:
        return end.send(content, socket.MSG_DONTWAIT)
    finally:
        end.detach()
