"""What an upper directory holds, told by whoever may look into it: a worker, or the engine itself.

As root, and where a container has only its user's own files, the engine's process can read them. That takes a
thousandth of what a worker does, who is asked for each look; a picture of fifty containers looks 250 times a second.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from pydock_lab.archive import whiteout

MOST = 5000  # rows: what a view shows is far less


class Row(NamedTuple):
    """One path: its `letter` is `A` (it is there) or `D` (deleted), `touched` in nanoseconds since 1970.

    A directory that `is_opaque` was made anew: nothing shows in it of what the layers below have there.
    """

    path: str
    letter: str
    size: int
    mode: int
    link: str
    is_directory: bool
    touched: int
    is_opaque: bool = False


def rows(directory: str, *, is_copy: bool = False, most: int = MOST) -> dict[str, Any]:
    """What is in it as `rows` (at most so many, parents before what is in them), `total`, `size` (bytes of all files).

    Nothing of a directory that is not there. In one that `is_copy`, made just now, the times of change are those of the
    copying: times of the contents are taken. Raises PermissionError where some of it belongs to others.
    """
    found: list[Row] = []
    total = size = 0
    counted: set[tuple[int, int]] = set()  # a file of several names has its bytes once
    top = os.fsencode(directory)
    for path, status, link in _walk(top, b""):
        total += 1
        if stat.S_ISREG(status.st_mode) and (status.st_nlink == 1 or (status.st_dev, status.st_ino) not in counted):
            size += status.st_size
            if status.st_nlink > 1:
                counted.add((status.st_dev, status.st_ino))
        if len(found) < most:
            touched = status.st_mtime_ns if is_copy else status.st_ctime_ns
            found.append(_row(path, status, link, touched, os.path.join(top, path)))
    return {"rows": found, "total": total, "size": size}


def _row(path: bytes, status: os.stat_result, link: bytes, touched: int, place: bytes) -> Row:
    is_directory = stat.S_ISDIR(status.st_mode)
    return Row(
        path=os.fsdecode(path),
        letter="D" if whiteout.is_whiteout(status) else "A",
        size=status.st_size if stat.S_ISREG(status.st_mode) else 0,
        mode=stat.S_IMODE(status.st_mode),
        link=os.fsdecode(link),
        is_directory=is_directory,
        touched=touched,
        is_opaque=is_directory and whiteout.is_opaque(place),
    )


def _walk(directory: bytes, inside: bytes) -> Iterator[tuple[bytes, os.stat_result, bytes]]:
    children: list[os.DirEntry[bytes]] = []
    # The container is alive, and deletes, or puts a file where a folder was.
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(directory) as found:
        children = sorted(found, key=lambda child: child.name)
    for child in children:
        path = inside + b"/" + child.name if inside else child.name
        try:
            status = child.stat(follow_symlinks=False)
            link = os.readlink(child.path) if stat.S_ISLNK(status.st_mode) else b""
        except FileNotFoundError:
            continue
        yield path, status, link
        if stat.S_ISDIR(status.st_mode):
            yield from _walk(child.path, path)
