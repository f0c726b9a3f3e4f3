"""Owners of what cannot bear a mark (xattr(7)): links, pipes, devices. They are written down beside the tree.

    containers/ID/merged/srv/link        a link, inode 4711
    containers/ID/merged.owners          2049:4711 33:50            the last line about a file counts

A supervisor adds to it while its container runs; the next one goes on with it, and so does who packs the tree.
"""

import os
from collections.abc import Callable, Iterator
from functools import cache

from pydock_lab.archive.marks import NO_MARK, Mark

File = tuple[int, int]  # device and inode


class Unmarkable:
    """What is known of one tree's files; made before its file is out of reach, it can be added to for ever."""

    def __init__(self, mountpoint: str) -> None:
        self._marks = dict(_read(mountpoint))
        self._file = os.open(_beside(mountpoint), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written down yet."""
        return not self._marks

    def find(self, known: File) -> Mark:
        """What a file should be, by its device and inode."""
        return self._marks.get(known, NO_MARK) if self._marks else NO_MARK

    def put(self, known: File, mark: Mark) -> None:
        """Write down what a file should be."""
        self._marks[known] = mark
        os.write(self._file, b"%d:%d %b\n" % (*known, mark.text()))


def by_path(mountpoint: str) -> Callable[[bytes], Mark]:
    """What the files of a tree should be, by their paths in it."""

    @cache
    def known() -> dict[File, Mark]:
        return dict(_read(mountpoint))

    def find(path: bytes) -> Mark:
        if not known():
            return NO_MARK
        status = os.lstat(os.fsencode(mountpoint) + b"/" + path)
        return known().get((status.st_dev, status.st_ino), NO_MARK)

    return find


def _beside(mountpoint: str) -> str:
    return mountpoint.rstrip("/") + ".owners"


def _read(mountpoint: str) -> Iterator[tuple[File, Mark]]:
    try:
        with open(_beside(mountpoint), "rb") as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        place, _, mark = line.partition(b" ")
        device, _, inode = place.partition(b":")
        yield (int(device), int(inode)), Mark.read(mark)
