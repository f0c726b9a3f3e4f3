"""Who holds the descriptors that a program is told of by name, /proc/HOLDER/fd/NUMBER (proc_pid_fd(5)).

    supervisor   opens, closes     all powers that it was born with
         | one table of descriptors
    holder       does nothing      no powers
         ^
    program      execve("/proc/HOLDER/fd/9")        no powers

A name under /proc/PID/fd is only for who might trace PID, and nobody may trace who has more powers than he has himself
(ptrace(2), PTRACE_MODE_READ_FSCREDS). A program of root's container has none, its supervisor has root's. An ordinary
user's supervisor has none either, and is its own holder.
"""

import contextlib
import os
import signal
from collections.abc import Iterator
from typing import NoReturn

from pydock_lab.linux import capabilities, syscalls
from pydock_lab.linux.syscalls import Namespace, Prctl


@contextlib.contextmanager
def holder() -> Iterator[int]:
    """The pid of who holds our descriptors, for as long as this lasts; raises OSError."""
    _, permitted = syscalls.capget()
    if not permitted:
        yield os.getpid()
        return
    supervisor = os.getpid()
    pid, pidfd = syscalls.clone3(Namespace(0), shares_descriptors=True)
    if pid == 0:
        _hold(supervisor)
    try:
        yield pid
    finally:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):  # it was waited for with all the others
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            os.waitpid(pid, 0)
        os.close(pidfd)


def _hold(supervisor: int) -> NoReturn:
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        syscalls.prctl(Prctl.SET_PDEATHSIG, signal.SIGKILL)
        capabilities.renounce()
        while os.getppid() == supervisor:
            signal.pause()
    finally:
        os._exit(0)
