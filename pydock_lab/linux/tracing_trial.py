"""Whether this machine lets a process be supervised: tried with a child whose calls are answered and changed.

child: getppid()   asked     the answer is a descriptor of ours
       getpgrp()   changed   its result is a number of ours
"""

import errno
import os
import signal

from pydock_lab.errors import IsolationError
from pydock_lab.linux import ptrace, syscalls
from pydock_lab.linux.listener import Listener
from pydock_lab.linux.ptrace import Event, Registers
from pydock_lab.linux.seccomp import Policy, Rule, Verdict, assemble
from pydock_lab.linux.syscalls import Prctl

_ANSWER = 4242


def try_supervision() -> None:
    """Supervise a child; raises the OSError that a traced container would meet."""
    try:
        machine = ptrace.this_machine()
    except IsolationError:
        raise OSError(errno.ENOSYS, f"ptrace: no table of registers for {os.uname().machine}") from None
    rules = (Rule(names=("getppid",), verdict=Verdict.ASK), Rule(names=("getpgrp",), verdict=Verdict.TRACE))
    program = assemble(Policy(rules=rules))
    ready, go_on = os.pipe2(os.O_CLOEXEC), os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        _be_supervised(program, ready[1], go_on[0])
    try:
        ptrace.seize(pid)
        os.write(go_on[1], b"x")
        _answer(pid, int(os.read(ready[0], 16) or b"-3"))
        os.write(go_on[1], b"x")
        _change(pid, Registers(machine))
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        raise
    if _end_of(pid) != 0:
        raise OSError(errno.EIO, "ptrace: the program did not see what it was told")


def _be_supervised(program: bytes, ready: int, go_on: int) -> None:
    # Not before there is a tracer: without one the calls that go to it fail with ENOSYS (seccomp(2)).
    os.read(go_on, 1)
    syscalls.prctl(Prctl.SET_NO_NEW_PRIVS)
    try:
        listener = syscalls.install_seccomp(program, listen=True)
    except OSError as error:
        os.write(ready, b"%d" % -(error.errno or errno.EIO))
        os._exit(1)
    os.write(ready, b"%d" % listener)
    os.fstat(os.getppid())  # a descriptor, if all is well
    os.read(go_on, 1)
    os._exit(int(os.getpgrp() != _ANSWER))


def _answer(pid: int, number: int) -> None:
    if number < 0:
        raise OSError(-number, f"seccomp: {os.strerror(-number)}")
    process = os.pidfd_open(pid)
    listener = Listener(syscalls.take_descriptor(process, number))
    notice = listener.receive()
    if notice is None or not listener.hand_over(notice[0], process, close_on_exec=True):
        raise OSError(errno.EIO, "seccomp: the answer was not taken")


def _change(pid: int, registers: Registers) -> None:
    machine = ptrace.this_machine()
    _, status = os.waitpid(pid, ptrace.WALL)
    if status >> 16 != Event.SECCOMP:
        raise OSError(errno.EIO, "ptrace: the filter did not stop the program")
    registers.read(pid)
    # A call with the number -1 is left out, and what is in the register of its result stands (seccomp(2)).
    registers.words[machine.number], registers.words[machine.result] = 2**64 - 1, _ANSWER
    registers.write(pid)
    ptrace.resume(pid)


def _end_of(pid: int) -> int:
    while True:
        _, status = os.waitpid(pid, ptrace.WALL)
        if not os.WIFSTOPPED(status):
            return os.waitstatus_to_exitcode(status)
        ptrace.resume(pid, os.WSTOPSIG(status))
