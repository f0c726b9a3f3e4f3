"""Processes whose parent ended before them: the nearest subreaper inherits them and has to bury them (prctl(2))."""

import os
from collections.abc import Set as AbstractSet


def bury(known: AbstractSet[int]) -> None:
    """Reap those children that have ended and are nobody's business any more; the `known` ones have their own."""
    while True:
        try:
            found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        # One of the known ones is first in the queue: its own watcher will call again.
        if found is None or found.si_pid in known:
            return
        os.waitpid(found.si_pid, 0)
