"""Owners that this machine cannot give, written on the files themselves: an attribute says who should own it.

    user.pydock.owner = 33:50        33: where only the user is known

With a single id every file is one user's. The mark goes where the file goes: an overlay copies it up with the file, a
second name or a new one shares it, and a file made anew in the same place has none. It never gets into a layer: there
the tar's own fields say it. Links and devices cannot bear one (xattr(7)).
"""

import os
from contextlib import suppress

NAME = "user.pydock.owner"
Owner = tuple[int, int]  # uid and gid
Mark = tuple[int | None, int | None]  # the same, each None where it is not known
NO_MARK: Mark = (None, None)


def mark(place: int | str, owner: Mark) -> None:
    """Write on a file or directory (a descriptor or path) who should own it; nothing where there are no attributes."""
    with suppress(OSError):
        os.setxattr(place, NAME, b":".join(b"" if one is None else b"%d" % one for one in owner))


def marked(place: int | str) -> Mark:
    """Who should own a file or directory, as far as it is written on it."""
    try:
        uid, _, gid = os.getxattr(place, NAME).partition(b":")
        return (int(uid) if uid else None, int(gid) if gid else None)
    except (OSError, AttributeError, ValueError):  # AttributeError: a system without attributes
        return NO_MARK
