"""A small init (`--init`): PID 1 of a container that passes signals on and buries orphans.

The kernel protects PID 1 of a namespace from signals that it has no handler for: a plain `sleep` would neither hear
Ctrl-C nor `docker stop`. And who is orphaned in the namespace becomes a child of PID 1, which a plain program never
buries.
Source: pid_namespaces(7).
"""

import os
import signal
from typing import NoReturn

from pydock_lab.linux import syscalls


def become() -> None:
    """Stay as PID 1, and return in a child, which ends with us: the program-to-be."""
    everything = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
    # What PID 1 has no handler for the kernel drops, unless it is blocked: then it waits for sigwait(3).
    # Before the fork, so that none is lost between the two.
    signal.pthread_sigmask(signal.SIG_BLOCK, everything)
    syscalls.set_title("init")  # before there is anybody who looks
    child = os.fork()
    if child:
        _watch(child, everything)


def _watch(child: int, everything: set[signal.Signals]) -> NoReturn:
    os.closerange(3, 4096)  # the line to the shim among them: it waits for its end
    while True:
        number = signal.sigwait(everything)
        if number != signal.SIGCHLD:
            # To this process, not to its group: so does tini, which is Docker's init.
            os.kill(child, number)
        elif (status := _bury(child)) is not None:
            os._exit(status)


def _bury(child: int) -> int | None:
    """Reap all that have ended; the exit status once `child` is among them."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            found = code if code >= 0 else 128 - code
