"""A new process in a traced container: made by the supervisor, traced from before its first step.

supervisor                                child
  fork ---------------------------------> waits
  seize
  "go on" ------------------------------> no_new_privs, no powers, the filter: from now on all that it does is answered
  take its listener  <------------------- number of the listener
  "go on" ------------------------------> becomes its program (becoming.py), in the container's view
"""

import errno
import os
import resource
import signal
from collections.abc import Callable
from typing import NoReturn

from pydock_lab.linux import capabilities, ptrace, syscalls
from pydock_lab.linux.syscalls import Prctl
from pydock_lab.runtime.traced.credentials import EVERYTHING
from pydock_lab.runtime.traced.process import Place, Program, Thread
from pydock_lab.runtime.traced.refusal import failed


def start(program: bytes, become: Callable[[], NoReturn]) -> tuple[Thread, int]:
    """Fork a child that calls `become` behind the filter `program`: its thread and its listener. Raises OSError."""
    to_child, from_child = os.pipe2(os.O_CLOEXEC), os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        try:
            os.close(to_child[1])
            _be_child(program, to_child[0], from_child[1])
            become()
        finally:
            os._exit(_CANNOT_START)
    os.close(to_child[0])
    os.close(from_child[1])
    try:
        ptrace.seize(pid)
        os.write(to_child[1], b"x")
        listener = _take_listener(pid, os.read(from_child[0], 16))
        os.write(to_child[1], b"x")
    except OSError:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise
    finally:
        os.close(to_child[1])
        os.close(from_child[0])
    return Thread(pid, pid, Program(pid, b""), Place(), EVERYTHING), listener


_CANNOT_START = 125
_limit = resource.getrlimit(resource.RLIMIT_NOFILE)


def take_descriptors() -> None:
    """Have as many descriptors as this process may: one for each program's memory. Children have what there was."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _take_listener(pid: int, said: bytes) -> int:
    number = int(said or -errno.ESRCH)
    if number < 0:
        raise failed(-number)
    process = os.pidfd_open(pid)
    try:
        return syscalls.take_descriptor(process, number)
    finally:
        os.close(process)


def _be_child(program: bytes, reader: int, writer: int) -> None:
    # The supervisor blocks signals to read them (signalfd(2)), and execve(2) would hand that on.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    resource.setrlimit(resource.RLIMIT_NOFILE, _limit)
    os.umask(0o022)  # that of the supervisor forbids nothing
    syscalls.prctl(Prctl.SET_PDEATHSIG, signal.SIGKILL)
    os.read(reader, 1)
    syscalls.prctl(Prctl.SET_NO_NEW_PRIVS)
    # What it may do is kept by the supervisor (powers.py): real root's powers reach the host, where nothing is mounted
    # or namespaced away. It has to be now: behind the filter the kernel is not asked any more.
    capabilities.renounce()
    try:
        listener = syscalls.install_seccomp(program, listen=True)
    except OSError as error:
        os.write(writer, b"%d" % -(error.errno or errno.EIO))
        raise
    # Its number only: to send a descriptor takes a call that has to be answered, and nobody listens yet.
    os.write(writer, b"%d" % listener)
    os.read(reader, 1)
    for descriptor in (reader, writer, listener):
        os.close(descriptor)
