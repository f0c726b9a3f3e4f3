"""Sockets that have a path: bind, connect, sendto and sendmsg are given one that leads to the same place on the host.

    the program      connect(3, "/run/app.sock")
    the kernel       connect(3, "/proc/HOLDER/fd/7")      7: the socket's file, opened by the supervisor as a place
    the program      getpeername(3): "/run/app.sock"

A path in a socket's address has 107 bytes at most (unix(7)); these names are short however deep a container lies. What
the kernel calls a bound socket is kept, and whoever asks is told the name that the program gave.
"""

import contextlib
import errno
import os
import socket
import struct
from collections.abc import Callable, Iterator, Mapping

from pydock_lab.linux.file_calls import open_place
from pydock_lab.linux.ptrace import Machine, Registers
from pydock_lab.runtime.traced.process import Thread
from pydock_lab.runtime.traced.refusal import failed
from pydock_lab.runtime.traced.tracing import AtEnd, AtStart
from pydock_lab.runtime.traced.world import HERE, Answer, World

_UNIX = struct.pack("=H", socket.AF_UNIX)
_LONGEST = 110  # bytes of an address with its family
_PATH = 108
_HEADER = struct.Struct("=QI4x40x")  # the name of a `struct msghdr`: its address and its length
_MESSAGE, _MANY = 56, 64  # bytes of `struct msghdr` and `struct mmsghdr`
_LENGTH = struct.Struct("=I")
_CREDENTIALS = struct.Struct("=3I")


class Sockets:
    """The calls that speak of addresses; `_given` has, by what the kernel calls a socket, what its program calls it."""

    def __init__(self, world: World, registers: Registers, machine: Machine) -> None:
        self._world, self._words, self._machine = world, registers.words, machine
        self._given: dict[bytes, bytes] = {}
        self._holder = world.holder

    def traced(self) -> Mapping[str, AtStart]:
        """The calls that are changed, by name."""
        return {
            "connect": lambda thread: self._with_address(thread, 1, 2),
            "sendto": lambda thread: self._with_address(thread, 4, 5),
            "bind": self.bind,
            "sendmsg": self.sendmsg,
            "sendmmsg": self.sendmmsg,
            "accept": self.accept,
            "accept4": self.accept,
        }

    def calls(self) -> Mapping[str, Callable[..., Answer]]:
        """The calls that are answered, by name."""
        return {
            "getsockname": lambda thread, *rest: self._tell(thread, socket.socket.getsockname, *rest),
            "getpeername": lambda thread, *rest: self._tell(thread, socket.socket.getpeername, *rest),
            "getsockopt": self.getsockopt,
        }

    def _argument(self, index: int) -> int:
        return int(self._words[self._machine.arguments[index]])

    def _set(self, index: int, value: int) -> None:
        self._words[self._machine.arguments[index]] = value

    # ---- addresses that are given

    def _path(self, thread: Thread, place: int, length: int) -> bytes | None:
        """The path in an address; None for one of another kind."""
        if not place or not len(_UNIX) < length <= _LONGEST:
            return None
        content = thread.program.memory.read(place, length)
        # An abstract name begins with a zero byte (unix(7)): nothing is left of it here, and it is no path.
        path = content[len(_UNIX) :].partition(b"\0")[0]
        return path if content.startswith(_UNIX) and path else None

    def _find(self, thread: Thread, path: bytes) -> int:
        """The socket's file, opened as a place."""
        spot = self._world.reach(thread, HERE, self._given.get(path, path), follow=True)
        descriptor = spot.error or open_place(spot.here, os.O_PATH | os.O_CLOEXEC)
        if descriptor < 0:
            raise failed(-descriptor)
        return descriptor

    def _with_address(self, thread: Thread, place: int, length: int) -> AtEnd | None:
        path = self._path(thread, self._argument(place), self._argument(length))
        if path is None:
            return None
        descriptor = self._find(thread, path)
        with _closing_if_it_fails(descriptor):
            address = self._put(thread, b"", b"/proc/%d/fd/%d" % (self._holder, descriptor))
        self._set(place, address)
        self._set(length, _LONGEST)
        return lambda _thread: os.close(descriptor)

    def _put(self, thread: Thread, before: bytes, path: bytes) -> int:
        """Put something and an address with this path behind it into the program's memory."""
        content = before + (_UNIX + path).ljust(_LONGEST, b"\0")
        place = thread.room_for(self._words[self._machine.stack], len(content))
        thread.program.memory.write(place, content)
        return place

    def bind(self, thread: Thread) -> AtEnd | None:
        """bind(2)."""
        path = self._path(thread, self._argument(1), self._argument(2))
        if path is None:
            return None
        folder, name = self._world.parent(thread, HERE, path)
        if not name or os.path.lexists(folder.path(name)):
            raise failed(errno.EADDRINUSE)
        if folder.part.read_only:
            raise failed(errno.EROFS)
        descriptor = open_place(folder.here, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        if descriptor < 0:
            raise failed(-descriptor)
        with _closing_if_it_fails(descriptor):
            # A long name gets its place when the socket is there.
            short = name if len(name) < _PATH // 2 else b".bound-%d" % thread.number
            label = b"/proc/%d/fd/%d/%b" % (self._holder, descriptor, short)
            self._set(1, self._put(thread, b"", label))
        self._set(2, len(_UNIX) + len(label) + 1)

        def end(_thread: Thread) -> None:
            os.close(descriptor)
            if self._words[self._machine.result] == 0:
                self._given[label] = path
                if short != name:
                    os.rename(folder.path(short), folder.path(name))

        return end

    def sendmsg(self, thread: Thread) -> AtEnd | None:
        """sendmsg(2)."""
        header = thread.program.memory.read(self._argument(1), _MESSAGE)
        changed = self._changed(thread, header)
        if changed is None:
            return None
        self._set(1, changed[0])
        return lambda _thread: os.close(changed[1])

    def sendmmsg(self, thread: Thread) -> AtEnd | None:
        """sendmmsg(2): one message only, where there is a path: programs send the rest when they see that."""
        place, count = self._argument(1), self._argument(2)
        header = thread.program.memory.read(place, _MANY) if count else bytes(_MANY)
        changed = self._changed(thread, header)
        if changed is None:
            return None
        self._set(1, changed[0])
        self._set(2, 1)

        def end(thread: Thread) -> None:
            os.close(changed[1])
            sent = thread.program.memory.read(changed[0] + _MESSAGE, _LENGTH.size)
            thread.program.memory.write(place + _MESSAGE, sent)

        return end

    def _changed(self, thread: Thread, header: bytes) -> tuple[int, int] | None:
        """A copy of a message's header with another address: its place, and the descriptor that the address names."""
        name, length = _HEADER.unpack_from(header)
        path = self._path(thread, name, length)
        if path is None:
            return None
        descriptor = self._find(thread, path)
        with _closing_if_it_fails(descriptor):
            address = b"/proc/%d/fd/%d" % (self._holder, descriptor)
            place = self._put(thread, header, address)
            changed = struct.pack("=QI", place + len(header), _LONGEST)
            thread.program.memory.write(place, changed)
        return place, descriptor

    # ---- addresses that are told

    def accept(self, thread: Thread) -> AtEnd:
        """accept(2), where the other side's address is wanted."""
        place, length = self._argument(1), self._argument(2)
        (room,) = _LENGTH.unpack(thread.program.memory.read(length, _LENGTH.size))

        def end(thread: Thread) -> None:
            if self._words[self._machine.result] < _LARGEST:
                (found,) = _LENGTH.unpack(thread.program.memory.read(length, _LENGTH.size))
                path = self._path(thread, place, min(found, room))
                if path in self._given:
                    self._write(thread, self._given[path], place, length, room)

        return end

    def _tell(self, thread: Thread, name: Callable[[socket.socket], object], *rest: int) -> Answer:
        descriptor, place, length = rest[:3]
        with self._world.borrowed(thread, descriptor) as own, _socket(own) as one:
            if one.family != socket.AF_UNIX:
                return None
            label = os.fsencode(str(name(one)))
        if label not in self._given:
            return None
        (room,) = _LENGTH.unpack(thread.program.memory.read(length, _LENGTH.size))
        self._write(thread, self._given[label], place, length, room)
        return 0

    @staticmethod
    def _write(thread: Thread, path: bytes, place: int, length: int, room: int) -> None:
        content = _UNIX + path + b"\0"
        thread.program.memory.write(place, content[:room])
        thread.program.memory.write(length, _LENGTH.pack(len(content)))

    def getsockopt(
        self, thread: Thread, descriptor: int, _level: int, _name: int, place: int, length: int, *_: int
    ) -> int:
        """getsockopt(2), SO_PEERCRED: who the other side is, by the ids that are known here."""
        with self._world.borrowed(thread, descriptor) as own, _socket(own) as one:
            content = one.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        pid, uid, gid = _CREDENTIALS.unpack(content)
        member = self._world.threads.get(pid)
        if member is not None:
            uid, gid = member.credentials.uids[1], member.credentials.gids[1]
        (room,) = _LENGTH.unpack(thread.program.memory.read(length, _LENGTH.size))
        content = _CREDENTIALS.pack(pid, uid, gid)[:room]
        thread.program.memory.write(place, content)
        thread.program.memory.write(length, _LENGTH.pack(len(content)))
        return 0


_LARGEST = 2**63  # results from there on are errors


@contextlib.contextmanager
def _socket(descriptor: int) -> Iterator[socket.socket]:
    """A descriptor as a socket, for the moment; raises OSError (ENOTSOCK)."""
    one = socket.socket(fileno=descriptor)
    try:
        yield one
    finally:
        one.detach()


@contextlib.contextmanager
def _closing_if_it_fails(descriptor: int) -> Iterator[None]:
    try:
        yield
    except BaseException:
        os.close(descriptor)
        raise
