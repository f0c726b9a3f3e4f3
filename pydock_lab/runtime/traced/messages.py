"""Messages to a socket that is named: sendto, sendmsg and sendmmsg, which the supervisor does as it connects.

Only datagrams of the family AF_UNIX go to a path: all others the kernel sends itself, but for sendto where threads
share descriptors (see sockets.py). What they carry is copied, open files (SCM_RIGHTS) as well. Who asks for credentials
is told ours: the kernel lets nobody speak for another.

Source: unix(7), sendmsg(2), cmsg(3).
"""

import errno
import socket
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from typing import NamedTuple

from pydock_lab.linux import unix_sockets
from pydock_lab.runtime.traced.process import Thread
from pydock_lab.runtime.traced.refusal import failed
from pydock_lab.runtime.traced.sockets import WITHOUT_POWERS, Sockets
from pydock_lab.runtime.traced.world import Answer, Lasts, World

_HEADER = struct.Struct("=QI4xQQQQ8x")  # struct msghdr: name and its length, parts, how many; control and its length
_CONTROL = struct.Struct("=Qii")  # struct cmsghdr: length, level, type
_LENGTH = struct.Struct("=I")
_NUMBER = 0xFFFF_FFFF
_MOST_PARTS, _MOST_CONTROL, _MOST_FILES = 1024, 16384, 253
_AT_ONCE = 1 << 18  # bytes of a stream
_CREDENTIALS = 2  # SCM_CREDENTIALS


class _Message(NamedTuple):
    """What is to be sent, and where in memory its address and its control data are."""

    data: bytes
    name: tuple[int, int]
    control: tuple[int, int] = (0, 0)


class Messages:
    """Each method is a system call, with its arguments; None lets the kernel do it."""

    def __init__(self, world: World, sockets: Sockets) -> None:
        self._world, self._sockets = world, sockets

    def calls(self) -> Mapping[str, Callable[..., Answer]]:
        """The answers by the names of the calls."""
        return {"sendto": self.sendto, "sendmsg": self.sendmsg, "sendmmsg": self.sendmmsg}

    def sendto(self, thread: Thread, descriptor: int, data: int, size: int, flags: int, *name: int) -> Answer:
        """sendto(2), where there is an address."""
        with ExitStack() as held:
            own = held.enter_context(self._world.borrowed(thread, descriptor))
            one = held.enter_context(unix_sockets.borrowed(own))
            if self._sockets.is_left(thread, one):
                return None
            if one.type == socket.SOCK_STREAM:
                size = min(size, _AT_ONCE)
            content = _read(thread, one, [(data, size)])
            if one.family == socket.AF_UNIX and one.type == socket.SOCK_DGRAM:
                return self._send(thread, one, _Message(content, (name[0], name[1])), flags, held)
            address = self._sockets.address(thread, name[0], name[1], held)
            do = partial(unix_sockets.send, own, content, address)
            if one.family not in WITHOUT_POWERS:
                return self._sockets.on_behalf(lambda: do(_signed(flags)), held)
            return _waiting(one, do, flags, held)

    def sendmsg(self, thread: Thread, descriptor: int, place: int, flags: int, *_: int) -> Answer:
        """sendmsg(2)."""
        with ExitStack() as held:
            one = self._datagrams(thread, descriptor, held)
            if one is None:
                return None
            return self._send(thread, one, _message(thread, one, place), flags, held)

    def sendmmsg(self, thread: Thread, descriptor: int, place: int, count: int, flags: int, *_: int) -> Answer:
        """sendmmsg(2): one message only; programs send the rest when they see that."""
        with ExitStack() as held:
            one = self._datagrams(thread, descriptor, held)
            if one is None or not count & _NUMBER:
                return None
            answer = self._send(thread, one, _message(thread, one, place), flags, held)
        if isinstance(answer, Lasts):
            do = answer.do
            return answer._replace(do=lambda: _told(thread, place, do()))
        return _told(thread, place, answer)

    def _datagrams(self, thread: Thread, descriptor: int, held: ExitStack) -> socket.socket | None:
        """A copy of a socket whose messages go to paths, for as long as `held` is open; None for another one."""
        own = held.enter_context(self._world.borrowed(thread, descriptor))
        one = held.enter_context(unix_sockets.borrowed(own))
        return one if one.family == socket.AF_UNIX and one.type == socket.SOCK_DGRAM else None

    def _send(self, thread: Thread, one: socket.socket, message: _Message, flags: int, held: ExitStack) -> int | Lasts:
        address = self._address(thread, message.name, held)
        files = [
            (socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("=i", self._file(thread, number, held)))
            for number in _files(thread, *message.control)
        ]
        # All in one: the kernel takes them in the order in which they are.
        control = [(*files[0][:2], b"".join(file[2] for file in files))] if files else []

        def do(flags: int) -> int:
            words = () if address is None else (address,)
            try:
                return one.sendmsg([message.data], control, flags, *words)
            except OSError as error:
                return -(error.errno or errno.EIO)

        return _waiting(one, do, flags, held)

    def _address(self, thread: Thread, name: tuple[int, int], held: ExitStack) -> bytes | None:
        if not name[0] or not name[1] & _NUMBER:
            return None
        address = self._sockets.address(thread, *name, held)
        if len(address) <= len(_UNIX) or not address.startswith(_UNIX):
            raise failed(errno.EINVAL)
        text = address[len(_UNIX) :]
        return text.rstrip(b"\0") if text[0] else text

    def _file(self, thread: Thread, number: int, held: ExitStack) -> int:
        return held.enter_context(self._world.borrowed(thread, number))


_UNIX = struct.pack("=H", socket.AF_UNIX)
_SIGN = 1 << 31


def _signed(flags: int) -> int:
    return (flags & _NUMBER ^ _SIGN) - _SIGN


def _waiting(one: socket.socket, do: Callable[[int], int], flags: int, held: ExitStack) -> int | Lasts:
    """Do it at once, or have it done by who may wait, if the program would."""
    flags = _signed(flags) | socket.MSG_NOSIGNAL  # the signal would be ours
    answer = do(flags | socket.MSG_DONTWAIT)
    if answer == -errno.EAGAIN and not flags & socket.MSG_DONTWAIT and unix_sockets.may_wait(one.fileno()):
        return Lasts(lambda: do(flags), held.pop_all().close)
    return answer


def _message(thread: Thread, one: socket.socket, place: int) -> _Message:
    memory = thread.program.memory
    name, length, parts, count, control, size = _HEADER.unpack(memory.read(place, _HEADER.size))
    if count > _MOST_PARTS:
        raise failed(errno.EMSGSIZE)
    words = struct.unpack(f"={2 * count}Q", memory.read(parts, 16 * count))
    data = _read(thread, one, list(zip(words[::2], words[1::2], strict=True)))
    return _Message(data, (name, length), (control, size))


def _read(thread: Thread, one: socket.socket, parts: list[tuple[int, int]]) -> bytes:
    if one.type != socket.SOCK_STREAM and sum(size for _, size in parts) > one.getsockopt(
        socket.SOL_SOCKET, socket.SO_SNDBUF
    ):
        raise failed(errno.EMSGSIZE)
    return b"".join(thread.program.memory.read(place, size) for place, size in parts if size)


def _files(thread: Thread, place: int, size: int) -> Iterator[int]:
    """The numbers of the files that go with a message; raises OSError."""
    if size > _MOST_CONTROL:
        raise failed(errno.ENOBUFS)
    content = thread.program.memory.read(place, size) if place else b""
    count = at = 0
    while at + _CONTROL.size <= len(content):
        length, level, kind = _CONTROL.unpack_from(content, at)
        if not _CONTROL.size <= length <= len(content) - at:
            raise failed(errno.EINVAL)
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            for (number,) in struct.iter_unpack("=i", content[at + _CONTROL.size : at + length & ~3]):
                count += 1
                if count > _MOST_FILES:
                    raise failed(errno.EINVAL)
                yield number
        elif (level, kind) != (socket.SOL_SOCKET, _CREDENTIALS):
            raise failed(errno.EINVAL)
        at += length + -length % 8


def _told(thread: Thread, place: int, answer: int) -> int:
    """The result of sendmmsg(2) for that of one message, whose length stands behind its header."""
    if answer < 0:
        return answer
    thread.program.memory.write(place + _HEADER.size, _LENGTH.pack(answer))
    return 1
