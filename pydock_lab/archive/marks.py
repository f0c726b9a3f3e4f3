"""Owners that this machine cannot give, written on the files themselves: an attribute says who should own it.

    user.pydock.owner = 33:50               33: where only the user is known
                        33:50:100000        mode as well: a file that even its owner may not open (type and permissions)
                        0:0:20666:1:3       a device: an empty file stands for it

With a single id every file is one user's. The mark goes where the file goes: an overlay copies it up with the file, a
second name or a new one shares it, and a file made anew in the same place has none. It never gets into a layer: there
the tar's own fields say it. Links cannot bear one (xattr(7)).

The mode is for where root is nobody special: there a file of mode 0 could not be read by anybody. So its owner may do
anything with the file, and the mark says what the mode should be.
"""

import os
from contextlib import suppress
from typing import NamedTuple

PREFIX = "user.pydock."  # attributes that are ours
NAME = "user.pydock.owner"
CAPABILITY = "user.pydock.capability"  # what should be security.capability, which root alone may write
Owner = tuple[int, int]  # uid and gid


class Mark(NamedTuple):
    """What a file should be: each None where it is not known, or is as the file itself says."""

    uid: int | None = None
    gid: int | None = None
    mode: int | None = None  # type and permission bits
    device: tuple[int, int] | None = None  # major and minor, where the mode says that it is a device

    @classmethod
    def read(cls, text: bytes) -> "Mark":
        """The mark that `text` wrote; raises ValueError."""
        words = text.split(b":")
        uid, gid = (int(word) if word else None for word in (*words, b"")[:2])
        mode = int(words[2], 8) if len(words) > _MODE else None
        device = (int(words[3]), int(words[4])) if len(words) > _DEVICE else None
        return cls(uid, gid, mode, device)

    def text(self) -> bytes:
        """As it is written on a file."""
        words = [b"" if one is None else b"%d" % one for one in (self.uid, self.gid)]
        words += [b"%o" % self.mode] if self.mode is not None else []
        words += [b"%d" % number for number in self.device or ()]
        return b":".join(words)


_MODE, _DEVICE = 2, 4
_FILE_ACCESS, _DIRECTORY_ACCESS = 0o600, 0o700
NO_MARK = Mark()


def mark(place: int | str | bytes, mark: Mark) -> None:
    """Write on a file or directory (a descriptor or path) what it should be; nothing where there are no attributes."""
    with suppress(OSError):
        os.setxattr(place, NAME, mark.text())


def marked(place: int | str | bytes) -> Mark:
    """What a file or directory should be, as far as it is written on it."""
    try:
        return Mark.read(os.getxattr(place, NAME))
    except (OSError, AttributeError, ValueError, IndexError):  # AttributeError: a system without attributes
        return NO_MARK


def accessible(mode: int, *, is_directory: bool) -> int:
    """The permission bits with which the owner can do anything with a file, as root can."""
    return mode | (_DIRECTORY_ACCESS if is_directory else _FILE_ACCESS)
