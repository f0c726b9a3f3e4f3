"""What an upper directory holds, told by whoever may look into it: a worker, or the engine itself.

As root, and where a container has only its user's own files, the engine's process can read them. That takes a
thousandth of what a worker does, who is asked for each look; a picture of fifty containers looks 250 times a second.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from pydock_lab.archive import whiteout

_MOST = 5000  # rows: what a view shows is far less


def rows(directory: str) -> dict[str, Any]:
    """Rows of path, letter (`A` there, `D` deleted), size, mode, link, is_directory; parents before what is in them.

    Gives `rows` (at most 5000), `total`, `size` (bytes of all files); nothing of a directory that is not there. Raises
    PermissionError where some of it belongs to others.
    """
    found: list[tuple[str, str, int, int, str, bool]] = []
    total = size = 0
    for path, status, link in _walk(os.fsencode(directory), b""):
        total += 1
        weight = status.st_size if stat.S_ISREG(status.st_mode) else 0
        size += weight
        if len(found) < _MOST:
            letter = "D" if whiteout.is_whiteout(status) else "A"
            mode, is_folder = stat.S_IMODE(status.st_mode), stat.S_ISDIR(status.st_mode)
            found.append((os.fsdecode(path), letter, weight, mode, os.fsdecode(link), is_folder))
    return {"rows": found, "total": total, "size": size}


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
