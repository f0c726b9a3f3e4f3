"""The version of the code, for whoever must not import the whole face to know it."""

import os
from collections.abc import Iterator

__version__ = "0.1.0"

_PACKAGE = os.path.dirname(__file__)
_told: list[int] = []


def newest_source() -> int:
    """When the youngest source of this package was changed, in nanoseconds since 1970; as they are on the disk."""
    return _told[0] if _told else max(_times(_PACKAGE))


def tell_newest_source(time: int) -> None:
    """This process begins with what another has just found out for it: to look takes 3 ms."""
    _told[:] = [time]


def _times(folder: str) -> Iterator[int]:
    # `Path.rglob` takes 20 ms.
    with os.scandir(folder) as found:
        for item in found:
            if item.name.endswith(".py"):
                yield item.stat().st_mtime_ns
            elif item.is_dir(follow_symlinks=False):
                yield from _times(item.path)
