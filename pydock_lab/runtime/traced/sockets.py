"""Sockets that have a path: the supervisor connects and binds them, with one that leads to the same place on the host.

    the program      connect(3, "/run/app.sock")
    the supervisor   takes a copy of the program's 3, opens the socket's file as a place, say 7, and does
                     connect(copy, "/proc/self/fd/7")
    the program      getpeername(3): "/run/app.sock"

The kernel must not read the address once more: another thread of the program could have changed it by then. So it is
read once, whatever it is, and used here. Where threads share descriptors, that is so for sockets of all kinds: one of
them could be exchanged for another.

A path in a socket's address has 107 bytes at most (unix(7)); these names are short however deep a container lies. What
the kernel calls a bound socket is kept, and whoever asks is told the name that the program gave. Who asks for the other
side of a connection is told the program, not us who made it.
"""

import errno
import os
import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import ExitStack

from pydock_lab.linux import capabilities, syscalls, unix_sockets
from pydock_lab.linux.capabilities import Capability
from pydock_lab.linux.file_calls import open_place
from pydock_lab.linux.ptrace import Machine, Registers
from pydock_lab.runtime.traced.process import Thread
from pydock_lab.runtime.traced.refusal import failed
from pydock_lab.runtime.traced.tracing import AtEnd, AtStart
from pydock_lab.runtime.traced.world import HERE, Answer, Lasts, World

_UNIX = struct.pack("=H", socket.AF_UNIX)
_LONGEST = 110  # bytes of an address with its family
_MOST = 128  # of any address
_PATH = 108
_LENGTH = struct.Struct("=I")
_CREDENTIALS = struct.Struct("=3I")
_MOST_CALLERS = 10_000
WITHOUT_POWERS = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6)  # to connect and to send takes none


class Sockets:
    """The calls that speak of addresses.

    `_given` has, by what the kernel calls a socket, what its program calls it; `_callers` who has had one connected, by
    its inode.
    """

    def __init__(self, world: World, registers: Registers, machine: Machine) -> None:
        self._world, self._words, self._machine = world, registers.words, machine
        self._given: dict[bytes, bytes] = {}
        self._callers: dict[int, int] = {}
        self._has_powers = bool(syscalls.capget()[1])

    def traced(self) -> Mapping[str, AtStart]:
        """The calls that are changed, by name."""
        return {"accept": self.accept, "accept4": self.accept}

    def calls(self) -> Mapping[str, Callable[..., Answer]]:
        """The calls that are answered, by name."""
        return {
            "connect": self.connect,
            "bind": self.bind,
            "getsockname": lambda thread, *rest: self._tell(thread, socket.socket.getsockname, *rest),
            "getpeername": lambda thread, *rest: self._tell(thread, socket.socket.getpeername, *rest),
            "getsockopt": self.getsockopt,
        }

    def _argument(self, index: int) -> int:
        return int(self._words[self._machine.arguments[index]])

    # ---- addresses that are given

    @staticmethod
    def _content(thread: Thread, place: int, length: int) -> bytes:
        """An address as the program has it; raises OSError (EINVAL)."""
        if length & 0xFFFF_FFFF > _MOST:
            raise failed(errno.EINVAL)
        return thread.program.memory.read(place, length & 0xFFFF_FFFF)

    def address(self, thread: Thread, place: int, length: int, held: ExitStack) -> bytes:
        """An address that means here what it means to the program, for as long as `held` is open; raises OSError."""
        content = self._content(thread, place, length)
        path = _path(content)
        if path is None:
            return content
        spot = self._world.reach(thread, HERE, self._given.get(path, path), follow=True)
        descriptor = spot.error or open_place(spot.here, os.O_PATH | os.O_CLOEXEC)
        if descriptor < 0:
            raise failed(-descriptor)
        held.callback(os.close, descriptor)
        return _UNIX + b"/proc/self/fd/%d\0" % descriptor

    def connect(self, thread: Thread, descriptor: int, place: int, length: int, *_: int) -> Answer:
        """connect(2)."""
        with ExitStack() as held:
            own = held.enter_context(self._world.borrowed(thread, descriptor))
            one = held.enter_context(unix_sockets.borrowed(own))
            if self.is_left(thread, one):
                return None
            address = self.address(thread, place, length, held)
            if one.family not in WITHOUT_POWERS:
                return self.on_behalf(lambda: unix_sockets.connect(own, address), held)
            if one.type == socket.SOCK_DGRAM:
                return unix_sockets.connect(own, address)
            self._remember(os.fstat(own).st_ino, thread.pid)
            if not unix_sockets.may_wait(own):
                return unix_sockets.connect(own, address)
            answer = unix_sockets.connect_at_once(one, address)
            if answer in (-errno.EAGAIN, -errno.EINPROGRESS):
                return Lasts(lambda: unix_sockets.connect(own, address), held.pop_all().close)
            return answer

    def is_left(self, thread: Thread, one: socket.socket) -> bool:
        """Whether the kernel may do a call with a socket itself: no path can be meant, whatever other threads do."""
        return one.family != socket.AF_UNIX and not self._world.shares_files(thread)

    def on_behalf(self, do: Callable[[], int], held: ExitStack) -> Answer:
        """Do what our own powers must not help with."""
        if not self._has_powers:
            return do()

        def without_powers() -> int:
            capabilities.renounce()
            return do()

        return Lasts(without_powers, held.pop_all().close)

    def _remember(self, inode: int, pid: int) -> None:
        self._callers.pop(inode, None)
        if len(self._callers) >= _MOST_CALLERS:
            self._callers.pop(next(iter(self._callers)))  # the oldest
        self._callers[inode] = pid

    def bind(self, thread: Thread, descriptor: int, place: int, length: int, *_: int) -> Answer:
        """bind(2)."""
        with ExitStack() as held:
            own = held.enter_context(self._world.borrowed(thread, descriptor))
            one = held.enter_context(unix_sockets.borrowed(own))
            # Root of a container may have a low port, for which the program itself has not the power.
            may_need_powers = one.family in WITHOUT_POWERS and thread.credentials.can(Capability.NET_BIND_SERVICE)
            if self.is_left(thread, one) and not may_need_powers:
                return None
            content = self._content(thread, place, length)
            path = _path(content) if one.family == socket.AF_UNIX else None
            if path is not None:
                return self._bind_to(thread, own, path)
            if one.family == socket.AF_UNIX or may_need_powers:
                return unix_sockets.bind(own, content)
            return self.on_behalf(lambda: unix_sockets.bind(own, content), held)

    def _bind_to(self, thread: Thread, own: int, path: bytes) -> int:
        folder, name = self._world.parent(thread, HERE, path)
        if not name or os.path.lexists(folder.path(name)):
            return -errno.EADDRINUSE
        if folder.part.read_only:
            return -errno.EROFS
        descriptor = open_place(folder.here, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        if descriptor < 0:
            return descriptor
        # A long name gets its place when the socket is there.
        short = name if len(name) < _PATH // 2 else b".bound-%d" % thread.number
        label = b"/proc/%d/fd/%d/%b" % (os.getpid(), descriptor, short)
        before = os.umask(thread.place.umask)
        try:
            answer = unix_sockets.bind(own, _UNIX + label + b"\0")
        finally:
            os.umask(before)
            os.close(descriptor)
        if answer == 0:
            self._given[label] = path
            if short != name:
                os.rename(folder.path(short), folder.path(name))
        return answer

    # ---- addresses that are told

    def accept(self, thread: Thread) -> AtEnd:
        """accept(2), where the other side's address is wanted."""
        place, length = self._argument(1), self._argument(2)
        (room,) = _LENGTH.unpack(thread.program.memory.read(length, _LENGTH.size))

        def end(thread: Thread) -> None:
            if self._words[self._machine.result] < _LARGEST:
                (found,) = _LENGTH.unpack(thread.program.memory.read(length, _LENGTH.size))
                path = _path(thread.program.memory.read(place, min(found, room, _MOST)))
                if path in self._given:
                    self._write(thread, self._given[path], place, length, room)

        return end

    def _tell(self, thread: Thread, name: Callable[[socket.socket], object], *rest: int) -> Answer:
        descriptor, place, length = rest[:3]
        with self._world.borrowed(thread, descriptor) as own, unix_sockets.borrowed(own) as one:
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
        with self._world.borrowed(thread, descriptor) as own, unix_sockets.borrowed(own) as one:
            content = one.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
            inode = os.fstat(own).st_ino
        pid, uid, gid = _CREDENTIALS.unpack(content)
        if pid and pid not in self._world.threads:  # one of us, perhaps, on behalf of a program
            pid = self._callers.get(unix_sockets.peer(inode), pid)
        member = self._world.threads.get(pid)
        if member is not None:
            uid, gid = member.credentials.uids[1], member.credentials.gids[1]
        (room,) = _LENGTH.unpack(thread.program.memory.read(length, _LENGTH.size))
        content = _CREDENTIALS.pack(pid, uid, gid)[:room]
        thread.program.memory.write(place, content)
        thread.program.memory.write(length, _LENGTH.pack(len(content)))
        return 0


_LARGEST = 2**63  # results from there on are errors


def _path(content: bytes) -> bytes | None:
    """The path in an address; None for one of another kind."""
    # An abstract name begins with a zero byte (unix(7)): nothing is left of it here, and it is no path.
    path = content[len(_UNIX) : _LONGEST].partition(b"\0")[0]
    return path if content.startswith(_UNIX) and path else None
