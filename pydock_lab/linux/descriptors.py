"""The open descriptors of a process (close_range(2))."""

import os
import select
from itertools import pairwise
from typing import Protocol


def keep_only(*wanted: int) -> None:
    """Close all but the standard three and these, in who has just been cloned.

    An open copy of a pipe or a connection would hide its end from who reads it; and a socket that somebody listens on
    would still be there to knock at, with nobody to answer.
    """
    for below, above in pairwise((2, *sorted(set(wanted) - {0, 1, 2}), os.sysconf("SC_OPEN_MAX"))):
        # One close_range(2) where the C library has it: else a limit of a million would be a million calls.
        os.closerange(below + 1, above)


def write_all(descriptor: int, content: bytes) -> None:
    """Write all of it: a disk that is nearly full takes a part, without error; raises OSError when it takes nothing."""
    while content:
        content = content[os.write(descriptor, content) :]


class _HasDescriptor(Protocol):
    def fileno(self) -> int: ...


def can_be_read(end: int | _HasDescriptor) -> bool:
    """Whether something could be read, or accepted, at once; of a pidfd, whether the process has ended."""
    poll = select.poll()
    poll.register(end, select.POLLIN)
    return bool(poll.poll(0))
