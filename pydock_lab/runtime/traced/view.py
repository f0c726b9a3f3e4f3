"""What a traced container sees where: the folders of the host that its tree of files is made of.

    in the container     on the host
    /                    containers/ID/tree        the materialised layers (snapshot/copying.py)
    /proc                /proc                     the host's
    /dev/null            /dev/null
    /etc/hosts           containers/ID/hosts       a single file
    /data                volumes/data

A real container has the kernel's mount table; this is the same thing as plain values.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Mounted:
    """A folder or file of the host, seen at `guest`; both are absolute paths without links in them ("" is the root).

    `here` is how the supervisor, which works in the root's folder, calls it. `layers` are those whose files it shares
    with others: they are copied before they are changed. What is `outside` may be changed by others at any time; in
    what is `magic`, /proc, links lead to what no text says.
    """

    guest: bytes
    host: bytes
    here: bytes
    read_only: bool = False
    outside: bool = False
    magic: bool = False
    layers: tuple[bytes, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """The root, and what is mounted in it."""

    root: Mounted
    mounts: tuple[Mounted, ...] = ()
    by_guest: dict[bytes, Mounted] = field(init=False, repr=False)
    _by_length: tuple[Mounted, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_guest", {one.guest: one for one in self.mounts})
        ordered = sorted(self.mounts, key=lambda one: len(one.host), reverse=True)
        object.__setattr__(self, "_by_length", tuple(ordered))

    @classmethod
    def of(
        cls, root: str, mounts: Sequence[Mounted] = (), *, read_only: bool = False, layers: Sequence[str] = ()
    ) -> "View":
        """The view whose root is a folder of the host."""
        host = os.fsencode(os.path.realpath(root))
        tops = tuple(map(os.fsencode, layers))
        return cls(
            root=Mounted(guest=b"", host=host, here=b".", read_only=read_only, layers=tops), mounts=tuple(mounts)
        )

    def guest(self, host: bytes) -> bytes | None:
        """Where in the container an absolute path of the host is; None where it is not in it."""
        root = self.root.host
        if host.startswith(root + b"/"):
            return host[len(root) :]
        if host == root:
            return b"/"
        for one in self._by_length:
            if host == one.host:
                return one.guest
            if host.startswith(one.host + b"/"):
                return one.guest + host[len(one.host) :]
        return None


def mounted(
    guest: str, host: str, *, read_only: bool = False, outside: bool = True, layers: Sequence[str] = ()
) -> Mounted:
    """Something of the host at an absolute path of the container."""
    place = os.fsencode(os.path.realpath(host))
    return Mounted(
        guest=os.fsencode(os.path.normpath(guest)),
        host=place,
        here=place,
        read_only=read_only,
        outside=outside,
        layers=tuple(map(os.fsencode, layers)),
    )
