"""A conversation with the kernel about one network namespace, over a netlink socket (netlink(7), rtnetlink(7)).

    | length, type, flags, sequence | family, index, flags ... | attribute | attribute | ...
      the request                     its fixed part              each: length, type, value

What `ip link add ... type veth` does in 3 ms with a program of its own takes half a millisecond here. A socket
belongs to the network namespace in which it was made, wherever it is passed to later. What can be asked for is in
links.py (devices) and routes.py (addresses, routes, rules).
"""

import fcntl
import os
import socket
import struct
import sys
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple, Self

from pydock_lab.linux import journal

_REQUEST, _MULTI, _ACK, _DUMP = 1, 2, 4, 0x300
REPLACE, EXCLUSIVE, CREATE = 0x100, 0x200, 0x400
_NESTED = 0x8000
IFF_UP = 1
_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_ERROR, _DONE = 2, 3
_LARGE = 1 << 16  # bytes; the kernel puts as many links into an answer as fit into half of it


class Operation(NamedTuple):
    """One request: message type, flags and body."""

    kind: int
    flags: int
    body: bytes


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute, with the padding that the next one needs."""
    return _ATTRIBUTE.pack(len(value) + 4, kind) + value + bytes(-len(value) % 4)


def text(kind: int, value: str) -> bytes:
    """An attribute that is a text."""
    return attribute(kind, value.encode() + b"\0")


def number(kind: int, value: int) -> bytes:
    """An attribute that is a number of 32 bits."""
    return attribute(kind, struct.pack("=I", value))


def nest(kind: int, *attributes: bytes) -> bytes:
    """An attribute made of attributes."""
    return attribute(kind | _NESTED, b"".join(attributes))


def read_attributes(content: bytes, wanted: Collection[int]) -> dict[int, bytes]:
    """The wanted attributes of an answer by their types; a nested one as it is."""
    found, place = {}, 0
    while place + _ATTRIBUTE.size <= len(content):
        length, kind = _ATTRIBUTE.unpack_from(content, place)
        if length < _ATTRIBUTE.size:
            break
        # The mark is no part of the type: the kernel sets it on some of what is nested, and not on IFLA_LINKINFO.
        if kind & ~_NESTED in wanted:
            found[kind & ~_NESTED] = content[place + _ATTRIBUTE.size : place + length]
        place += length + -length % 4
    return found


class Netlink:
    """A conversation about the network namespace in which `end` was made, or the present one; a context manager."""

    def __init__(self, end: socket.socket | None = None) -> None:
        self._socket = end or open_socket()
        # Not from 1: where several speak over one socket in turn, an answer to who went away is nobody else's.
        self._sequence = int.from_bytes(os.urandom(3), "little")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the conversation."""
        self._socket.close()

    def do(self, operations: Iterable[Operation]) -> None:
        """Do operations in order, in one message; raises the OSError of the first that fails."""
        message, first, last = b"", self._sequence + 1, 0
        *others, final = operations = tuple(operations)
        # The kernel answers in order: when it has acknowledged the last one, all errors before have been told.
        for operation in (*others, final._replace(flags=final.flags | _ACK)):
            request = self._request(operation, operation.flags)
            message += request + bytes(-len(request) % 4)
            last = self._sequence
        journal.ask("sendto", lambda *_: self._socket.send(message), *(int(one.kind) for one in operations))
        # One that fails does not keep the kernel from doing those behind it.
        codes, is_done = [], False
        while not is_done:
            for sequence, kind, body in self._receive():
                if first <= sequence <= last and kind == _ERROR:
                    codes.append(_code(body))
                    is_done = sequence == last
        _check(next(filter(None, codes), 0))

    def ask(self, operation: Operation) -> list[bytes]:
        """The bodies that the kernel answers with, a single one or the list of all; raises OSError."""
        is_list = operation.flags & _DUMP == _DUMP
        self._socket.send(self._request(operation, operation.flags | (0 if is_list else _ACK)))
        found: list[bytes] = []
        while True:
            for sequence, kind, body in self._receive():
                if sequence != self._sequence:
                    continue
                if kind == _ERROR:
                    _check(_code(body))
                if kind in (_ERROR, _DONE):
                    return found
                found.append(body)

    def index(self, name: str) -> int:
        """The index of a device, 0 where there is none; quicker than to ask for all about it (netdevice(7))."""
        get_index = 0x8933
        try:
            # Sockets of all kinds take it, and it is about the namespace of the socket.
            found = fcntl.ioctl(self._socket, get_index, struct.pack("16s16x", name.encode()))
        except OSError:
            return 0
        return int.from_bytes(found[16:20], sys.byteorder)

    def _request(self, operation: Operation, flags: int) -> bytes:
        self._sequence += 1
        length = _HEADER.size + len(operation.body)
        return _HEADER.pack(length, operation.kind, _REQUEST | flags, self._sequence, 0) + operation.body

    def _receive(self) -> Iterator[tuple[int, int, bytes]]:
        """The messages of one datagram: sequence, type, body."""
        content, place = self._socket.recv(_LARGE), 0
        while place + _HEADER.size <= len(content):
            length, kind, _, sequence, _ = _HEADER.unpack_from(content, place)
            yield sequence, kind, content[place + _HEADER.size : place + length]
            place += length + -length % 4


def dump(kind: int, body: bytes) -> Operation:
    """A request for the list of all."""
    return Operation(kind, _DUMP, body)


def open_socket() -> socket.socket:
    """A socket for conversations about the present network namespace."""
    end = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
    # 0: the kernel chooses the port. The process id, as is the custom, can be that of one socket only (netlink(7)).
    end.bind((0, 0))
    return end


def _code(body: bytes) -> int:
    (code,) = struct.unpack_from("=i", body)
    return -int(code)


def _check(code: int) -> None:
    if code:
        raise OSError(code, f"rtnetlink: {os.strerror(code)}")


def loopback_up() -> None:
    """Switch on `lo` of the present network namespace, by the older and quicker way (netdevice(7))."""
    set_flags = 0x8914
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as device:
        flags = struct.pack("16sh14x", b"lo", IFF_UP)
        journal.ask("ioctl", lambda *_: fcntl.ioctl(device, set_flags, flags), "SIOCSIFFLAGS", "lo", "IFF_UP")
