"""Tracing: one process looks at another each time that it does something, and may change it (ptrace(2)).

    the tracer   seize ------------------ wait -- read and write registers -- resume
                   |                       ^                                    |
    the traced     '... runs, calls execve ' stopped                            ' runs on

What is stopped waits. A stop says why: a system call that the filter hands to the tracer, a signal on its way, a
child, a new program. The registers hold the number of the call and its arguments; who changes them there changes the
call.

Source: ptrace(2), linux/ptrace.h; sys/user.h for the registers of x86-64, asm/ptrace.h for those of aarch64.
"""

import ctypes
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from types import MappingProxyType

from pydock_lab.errors import IsolationError

_libc = ctypes.PyDLL(None, use_errno=True)
_ptrace = _libc.ptrace
_ptrace.restype = ctypes.c_long
_ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

WALL = 0x4000_0000  # wait for all children, threads too (wait4(2))


class _Request(IntEnum):
    CONT = 7
    SINGLESTEP = 9
    GETREGS = 12
    SETREGS = 13
    SYSCALL = 24
    GETEVENTMSG = 0x4201
    SEIZE = 0x4206
    LISTEN = 0x4208
    GETSIGMASK = 0x420A
    SETSIGMASK = 0x420B


class Options(IntFlag):
    """What a tracer wants to be told, and what becomes of its tracees when it dies."""

    SYSGOOD = 0x1
    FORK = 0x2
    VFORK = 0x4
    CLONE = 0x8
    EXEC = 0x10
    SECCOMP = 0x80
    EXITKILL = 0x10_0000


# EXITKILL: without its tracer a program would run on unwatched, and its traced calls fail with ENOSYS (seccomp(2)).
ALL_OF_IT = int(
    Options.SYSGOOD | Options.FORK | Options.VFORK | Options.CLONE | Options.EXEC | Options.SECCOMP | Options.EXITKILL
)


class Event(IntEnum):
    """Why something stopped: the upper half of a wait status."""

    NONE = 0
    FORK = 1
    VFORK = 2
    CLONE = 3
    EXEC = 4
    SECCOMP = 7
    STOP = 128


# The bit is SYSGOOD's: without it such a stop looks like any SIGTRAP.
SYSCALL_STOP = signal.SIGTRAP | 0x80


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """Where the registers of an architecture are in what `read` gives: indexes, in words of 8 bytes.

    `number` and `arguments` are those of a system call at its start, `result` is that at its end; `again` is how
    many bytes before the next instruction the one that made the call begins.
    """

    words: int
    number: int
    arguments: tuple[int, ...]
    result: int
    stack: int
    instruction: int
    again: int


# sys/user.h: r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss ...
X86_64 = Machine(words=27, number=15, arguments=(14, 13, 12, 7, 9, 8), result=10, stack=19, instruction=16, again=2)
# For aarch64 the registers come by PTRACE_GETREGSET, and the number of a call has a set of its own.
_MACHINES: Mapping[str, Machine] = MappingProxyType({"x86_64": X86_64})


def this_machine() -> Machine:
    """Where the registers are here; raises IsolationError on an architecture that has no table yet."""
    name = os.uname().machine
    if name not in _MACHINES:
        raise IsolationError("linux.no-registers", facet="files", machine=name, known=", ".join(_MACHINES))
    return _MACHINES[name]


def _checked(result: int, call: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"ptrace {call}: {os.strerror(code)}")
    return result


def seize(pid: int, options: int = ALL_OF_IT) -> None:
    """Become the tracer of a process, and of all that it starts, without stopping it; raises OSError."""
    _checked(_ptrace(_Request.SEIZE, pid, None, options), "seize")


def resume(pid: int, number: int = 0) -> None:
    """Let it run to its next stop, with a signal that it was about to get. Nothing happens if it has been killed."""
    _ptrace(_CONT, pid, None, number)


def resume_to_end(pid: int, number: int = 0) -> None:
    """Let it run until the system call that it is in has ended, or the next one begins."""
    _ptrace(_SYSCALL, pid, None, number)


def step(pid: int) -> None:
    """Let it do a single instruction; a system call is one."""
    _checked(_ptrace(_SINGLESTEP, pid, None, None), "singlestep")


def stay_stopped(pid: int) -> None:
    """Leave it stopped, as the shell or its parent wants it, until a SIGCONT comes."""
    _ptrace(_Request.LISTEN, pid, None, None)


_message = ctypes.c_ulong()


def message(pid: int) -> int:
    """What goes with its event: the number of a new child, or of the thread that called execve."""
    _checked(_ptrace(_Request.GETEVENTMSG, pid, None, ctypes.addressof(_message)), "geteventmsg")
    return _message.value


class Registers:
    """The registers of a stopped process, by the indexes of `Machine`; one object serves all."""

    def __init__(self, machine: Machine) -> None:
        self.words = (ctypes.c_uint64 * machine.words)()
        self._address = ctypes.addressof(self.words)

    def read(self, pid: int) -> None:
        """Take them from a process; raises OSError (ESRCH) when it has been killed meanwhile."""
        if _ptrace(_GETREGS, pid, None, self._address) < 0:
            _checked(-1, "getregs")

    def write(self, pid: int) -> None:
        """Put them into a process; raises OSError."""
        if _ptrace(_SETREGS, pid, None, self._address) < 0:
            _checked(-1, "setregs")

    def saved(self) -> bytes:
        """A copy, for `restore`."""
        return bytes(self.words)

    def restore(self, copy: bytes) -> None:
        """Take them from a copy."""
        ctypes.memmove(self._address, copy, len(copy))


_SIGNALS = ctypes.c_uint64()


def block_signals(pid: int) -> int:
    """Hold up all signals but SIGKILL, SIGSTOP and SIGTRAP, until `unblock_signals` gets what this gave."""
    address = ctypes.addressof(_SIGNALS)
    # 8 bytes are a signal set of the kernel; that of the C library is larger.
    _checked(_ptrace(_Request.GETSIGMASK, pid, 8, address), "getsigmask")
    before = _SIGNALS.value
    # SIGTRAP stays: int3 raises it, and to force a blocked one the kernel takes the program's handler away.
    unblock_signals(pid, 2**64 - 1 & ~(1 << signal.SIGTRAP - 1))
    return before


def unblock_signals(pid: int, before: int) -> None:
    """Let signals through again."""
    _SIGNALS.value = before
    _checked(_ptrace(_Request.SETSIGMASK, pid, 8, ctypes.addressof(_SIGNALS)), "setsigmask")


# Plain numbers: an Enum costs more than the call where it is made thousands of times a second.
_CONT, _SYSCALL, _SINGLESTEP = int(_Request.CONT), int(_Request.SYSCALL), int(_Request.SINGLESTEP)
_GETREGS, _SETREGS = int(_Request.GETREGS), int(_Request.SETREGS)
