"""Go on as another process, with all of one's memory, and leave behind who will take that apart.

    execve(2) takes apart the memory of who calls it, page by page: 1.5 ms for a Python, which the program waits for.
    Memory that somebody else has as well it leaves to them.

    before   process ........ waits for the end of a pipe .. naps, ends: the memory is taken apart
                | clone3(CLONE_VM)                 ^
                v                                  | closes at exec
    after    the same code goes on, in new namespaces .... execve: at once; the program runs

With CLONE_VM the child has the very memory of its parent, its stack too; so the parent, now a *husk*, must not run a
single line of Python any more. It comes back from the system call into a few instructions that look at no stack, and no
signal makes it do anything else. As long as the program begins there is better work for the processors: hence the nap.

This is all the machine code of the package, besides what the kernel runs for us (seccomp). Where there is none for a
machine, or memory that holds instructions cannot be had, who asks has to do without.

Sources: clone(2), CLONE_VM, CLONE_PARENT_SETTID; the System V ABI of x86-64; Documentation/arch/x86/shstk.rst.
"""

import ctypes
import errno
import os
import signal
from collections.abc import Callable
from functools import cache

from pydock_lab.linux.journal import noted
from pydock_lab.linux.syscalls import CLONE, CLONE3, CLONE_INTO_CGROUP, CLONE_PARENT, CloneArguments

_libc = ctypes.PyDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_READ_EXECUTE, _PRIVATE, _FAILED = 1 | 4, 2, ctypes.c_void_p(-1).value  # of mmap(2)
_ARCH_PRCTL, _SHADOW_STACK_STATUS = 158, 0x5005

# f(number, a, b, c, d, husk): the system call `number`; comes back in the child (0) and after an error (-errno).
_CODE = {
    "x86_64": bytes.fromhex(
        "4889f8"  # mov rax, rdi         the number
        "4889f7"  # mov rdi, rsi         the arguments, one place further
        "4889d6"  # mov rsi, rdx
        "4889ca"  # mov rdx, rcx
        "4d89c2"  # mov r10, r8
        "4531c0"  # xor r8d, r8d
        "0f05"  #   syscall
        "4885c0"  # test rax, rax
        "7f01"  #   jg 1f
        "c3"  #     ret                  the child, or an error
        "498b39"  # 1: mov rdi, [r9]     the husk: close(its copy of the end that closes)
        "b803000000"  # mov eax, 3
        "0f05"  #   syscall
        "498b7908"  # mov rdi, [r9 + 8]  read(the other end): comes back when the pipe has ended
        "498d7120"  # lea rsi, [r9 + 32]
        "ba01000000"  # mov edx, 1
        "31c0"  #   xor eax, eax
        "0f05"  #   syscall
        "498d7910"  # lea rdi, [r9 + 16] nanosleep(nap, NULL)
        "31f6"  #   xor esi, esi
        "b823000000"  # mov eax, 35
        "0f05"  #   syscall
        "31ff"  #   xor edi, edi         exit_group(0)
        "b8e7000000"  # mov eax, 231
        "0f05"  #   syscall
    ),
}
_CLONE_VM, _CLONE_PARENT_SETTID = 0x100, 0x10_0000

# What a husk reads: the ends of its pipe, how long it naps (seconds, nanoseconds), and a byte that never comes.
_NAP_NANOSECONDS = 3_000_000
_husk = (ctypes.c_long * 5)(-1, -1, 0, _NAP_NANOSECONDS, 0)


def is_possible() -> bool:
    """Whether this machine has instructions for it, and lets us have them; to be asked before anything is forked."""
    return _instructions() is not None


@noted("clone3")
def leave(namespaces: int, _as_sibling: bool, group: int) -> int:  # noqa: FBT001 - the arguments of `clone3`, noted
    """Become a sibling of this process, in new namespaces: our pid, as the old ones count.

    Only for a process with one thread, after `is_possible`, and once. The husk keeps a copy of our descriptors until we
    have become a program, or ended. `group` is as in `syscalls.clone3`. Raises OSError, and we are who we were.
    """
    reader, writer = os.pipe()
    _husk[:2] = [writer, reader]
    # A handler in the husk would write to the stack that is ours by then.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        return _clone(namespaces | _CLONE_VM | CLONE_PARENT | _CLONE_PARENT_SETTID, group)
    except OSError:
        os.close(writer)
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        # Where it worked our `writer` stays open: exec closes it, and so the husk hears that the program has begun.
        os.close(reader)


def _clone(flags: int, group: int) -> int:
    call = _instructions()
    assert call is not None  # noqa: S101 - for mypy; who calls has asked
    pid = ctypes.c_int(0)  # written before the child begins
    arguments, husk = CloneArguments(flags=flags, parent_tid=ctypes.addressof(pid)), ctypes.addressof(_husk)
    if group >= 0:
        arguments.flags |= CLONE_INTO_CGROUP
        arguments.cgroup = group
    result = call(CLONE3, ctypes.addressof(arguments), ctypes.sizeof(arguments), 0, 0, husk)
    if result == -errno.ENOSYS and group < 0:
        result = call(CLONE, flags, 0, ctypes.addressof(pid), 0, husk)
    if result < 0:
        raise OSError(-result, f"clone3: {os.strerror(-result)}")
    return pid.value


@cache
def _instructions() -> Callable[..., int] | None:
    """The machine code, in memory of its own that nobody can write to; None where there is none."""
    code = _CODE.get(os.uname().machine)
    if code is None or _has_shadow_stack():
        return None
    try:
        file = os.memfd_create("pydock-husk")
    except OSError:  # vm.memfd_noexec
        return None
    try:
        os.write(file, code)
        address = _libc.mmap(None, ctypes.c_size_t(len(code)), _READ_EXECUTE, _PRIVATE, file, ctypes.c_long(0))
    finally:
        os.close(file)
    if address == _FAILED:
        return None
    # As PyDLL does, this keeps the interpreter's lock.
    return ctypes.PYFUNCTYPE(ctypes.c_long, *[ctypes.c_ulong] * 6)(address)


def _has_shadow_stack() -> bool:
    """Whether the processor keeps a second stack of where calls return to: the child would begin with an empty one."""
    status = ctypes.c_ulong(0)
    failed = _libc.syscall(_ARCH_PRCTL, _SHADOW_STACK_STATUS, ctypes.byref(status))
    return not failed and bool(status.value)
