"""A program of the host that nobody can write to through a process that runs it (CVE-2019-5736).

    container                                 host
    cat > /proc/PID/exe   ---- follows --->   /usr/bin/python3, as the inode that PID runs

Until it executes its own program, the first process of a container, and each that `exec` adds, runs our interpreter.
Being undumpable it is hidden from all who lack CAP_SYS_PTRACE; root with that capability (`--cap-add SYS_PTRACE`) can
hold its `exe` open, wait until it has executed something else, and write: the next Python of the host is theirs. In a
user namespace they cannot, for the capability does not reach a program that was started outside of it.

The way that leads through `exe` is the mount that the program was started from. So it is started from a read-only one.
The libraries that it maps lead there as well, and are not even busy while it runs: /proc/PID/map_files, for who may
checkpoint, too. Their folders are sealed with it.
"""

import os
from collections.abc import Iterable, Iterator

from pydock_lab.linux import mount_calls
from pydock_lab.linux.mount_calls import MountAttribute

places: list[str] = []
"""What is sealed in the mount namespace that we are in."""


def seal(path: str) -> None:
    """Lay a file or folder over itself, read-only, in this mount namespace: who opens it from now on has that one.

    The namespace must be private (mount_namespaces(7)), and the change is seen by all processes in it. Raises OSError.
    """
    copy = mount_calls.open_tree(path)
    try:
        mount_calls.set_mount_attributes(copy, MountAttribute.RDONLY | MountAttribute.NODEV)
        mount_calls.move_mount(copy, path)
    finally:
        os.close(copy)


def to_seal(program: str, folders: Iterable[str], store: str) -> list[str]:
    """What leads to files of the host: the program, the folders of what it has mapped, `folders` of what it will map.

    None that the `store` lies in.
    """
    found = {os.path.dirname(path) for path in mapped() if path != program}
    found |= set(filter(os.path.isdir, map(os.path.realpath, folders)))
    kept: list[str] = []
    for path in sorted(found):
        if not _is_below(store, path) and not any(_is_below(path, above) for above in kept):
            kept.append(path)
    return [program, *kept]


def mapped() -> Iterator[str]:
    """The files in the memory of this process; none that has no name any more, and no devices."""
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as file:
        names = {line.rstrip("\n").partition("/")[2] for line in file}
    for name in names:
        if name and not name.endswith(" (deleted)") and not name.startswith(("dev/", "memfd:")):
            yield f"/{name}"


def exposed() -> list[str]:
    """The files in our memory that could be written to through it."""
    return sorted(path for path in mapped() if os.path.exists(path) and not _is_read_only(path))


def touches(source: str) -> bool:
    """Whether a tree of the host's has something of what is sealed, or lies in it: from here, it would be read-only."""
    real = os.path.realpath(source)
    return any(_is_below(real, place) or _is_below(place, real) for place in places)


def _is_below(path: str, above: str) -> bool:
    return path == above or path.startswith(f"{above.rstrip('/')}/")


def _is_read_only(path: str) -> bool:
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
