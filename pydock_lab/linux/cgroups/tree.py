"""The files that control groups are made of, as a seam: the kernel's own, or a tree that a test made up.

What comes as a number or a word is written whole by one write(2): the kernel takes it or leaves it, with an errno that
says why. Whatever fails raises OSError.
"""

import os
import signal
from pathlib import Path
from typing import Protocol

from pydock_lab.linux import journal


class Tree(Protocol):
    """Directories that are groups, and files that are their settings."""

    def read(self, path: Path) -> str:
        """What a file says."""

    def write(self, path: Path, *words: str) -> None:
        """Ask for something, or for one thing after the other."""

    def make(self, path: Path) -> None:
        """Make a group; its files are there at once."""

    def remove(self, path: Path) -> None:
        """Remove a group without processes and groups in it."""

    def children(self, path: Path) -> tuple[str, ...]:
        """The names of the groups in a group."""

    def may_write(self, path: Path) -> bool:
        """Whether this process could write there."""

    def kill(self, pid: int) -> None:
        """End a process; nothing happens if it has ended."""


def _put(_path: str, text: str, descriptor: int) -> None:
    os.write(descriptor, text.encode())


class KernelTree:
    """The real one."""

    def read(self, path: Path) -> str:
        """What a file says."""
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            chunks = []
            while chunk := os.read(descriptor, 65536):
                chunks.append(chunk)
            return b"".join(chunks).decode()
        finally:
            os.close(descriptor)

    def write(self, path: Path, *words: str) -> None:
        """Ask for something, or for one thing after the other."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            for text in words:
                journal.ask("write", _put, str(path), text, descriptor)
        finally:
            os.close(descriptor)

    def make(self, path: Path) -> None:
        """Make a group."""
        journal.ask("mkdir", os.mkdir, str(path))

    def remove(self, path: Path) -> None:
        """Remove a group."""
        os.rmdir(path)

    def children(self, path: Path) -> tuple[str, ...]:
        """The names of the groups in a group."""
        with os.scandir(path) as entries:
            return tuple(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))

    def may_write(self, path: Path) -> bool:
        """Whether this process could write there: permissions, and a file system that can be written."""
        return os.access(path, os.W_OK) and not os.statvfs(path).f_flag & os.ST_RDONLY

    def kill(self, pid: int) -> None:
        """End a process."""
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return


KERNEL = KernelTree()
