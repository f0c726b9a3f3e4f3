"""Sockets, mostly AF_UNIX, for who uses those of others: addresses as the kernel has them, errors as numbers.

Source: unix(7), connect(2), sock_diag(7).
"""

import contextlib
import ctypes
import fcntl
import os
import socket
import struct
from collections.abc import Iterator

from pydock_lab.linux.netlink import read_attributes

_libc = ctypes.PyDLL(None, use_errno=True)
_libc.sendto.restype = ctypes.c_ssize_t
_libc.sendto.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint32]
_HEADER = struct.Struct("=IHHII")
_ASKED = struct.Struct("=BBHIIIQ")  # struct unix_diag_req: family, protocol, states, inode, what to show, cookie
_TOLD = 16  # bytes of `struct unix_diag_msg`
_BY_FAMILY, _REQUEST = 20, 1
_SHOW_PEER, _PEER = 4, 2
_ANY_COOKIE = 2**64 - 1
_A_MOMENT = struct.pack("=qq", 0, 1)  # a microsecond, which the kernel makes one of its ticks


@contextlib.contextmanager
def borrowed(descriptor: int) -> Iterator[socket.socket]:
    """A descriptor as a socket, for the moment; raises OSError (ENOTSOCK)."""
    one = socket.socket(fileno=descriptor)
    try:
        yield one
    finally:
        one.detach()


def may_wait(descriptor: int) -> bool:
    """Whether calls of it wait (no O_NONBLOCK)."""
    return not fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_NONBLOCK


def bind(descriptor: int, address: bytes) -> int:
    """Give a socket its address: 0, or minus the errno."""
    return _result(_libc.bind(descriptor, address, len(address)))


def connect(descriptor: int, address: bytes) -> int:
    """Connect a socket with an address: 0, or minus the errno."""
    return _result(_libc.connect(descriptor, address, len(address)))


def send(descriptor: int, content: bytes, address: bytes, flags: int) -> int:
    """Send something to an address, "" for the other side: how much was sent, or minus the errno; see sendto(2)."""
    result = _libc.sendto(descriptor, content, len(content), flags, address or None, len(address))
    return result if result >= 0 else -ctypes.get_errno()


def connect_at_once(one: socket.socket, address: bytes) -> int:
    """The same for one that may wait, without that: -EAGAIN or -EINPROGRESS where it would.

    Whether it waits is a flag of the open file, which others use as well. How long, only who sends or connects asks.
    """
    before = one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, len(_A_MOMENT))
    one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _A_MOMENT)
    try:
        return connect(one.fileno(), address)
    finally:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, before)


def peer(inode: int) -> int:
    """The inode of the socket that one is connected with; 0 where there is none, or the kernel does not tell."""
    body = _ASKED.pack(socket.AF_UNIX, 0, 0, 0xFFFF_FFFF, inode, _SHOW_PEER, _ANY_COOKIE)
    asked = _HEADER.pack(_HEADER.size + len(body), _BY_FAMILY, _REQUEST, 1, 0) + body
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as line:
            line.sendto(asked, (0, 0))
            told = line.recv(4096)
    except OSError:
        return 0
    if _HEADER.unpack_from(told)[1] != _BY_FAMILY:
        return 0
    found = read_attributes(told[_HEADER.size + _TOLD :], {_PEER}).get(_PEER)
    return int.from_bytes(found, "little") if found else 0


_SOCK_DIAG = 4


def _result(result: int) -> int:
    return 0 if result == 0 else -ctypes.get_errno()
