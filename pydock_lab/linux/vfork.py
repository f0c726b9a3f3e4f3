"""Go on as another process, with all of one's memory: vfork(2), turned round.

    execve(2) takes apart the memory of who calls it, page by page: 1.5 ms for a Python, which the program waits for.
    Memory that somebody else has as well it leaves to them.

    before   process ........ waits (CLONE_VFORK), then ends: its memory is taken apart here,
                | clone3(CLONE_VM)                        while the program runs
                v
    after    the same code goes on, in namespaces of its own .... execve: at once

With CLONE_VM the child has the very memory of its parent, its stack too; so the parent must not run a single line of
Python any more. It comes back from the system call into a few instructions that end it, after a nap: as long as the
program begins there is better work for the processors. That is all the machine code of the package, besides what the
kernel runs for us (seccomp). Where there is none for a machine, or memory that holds instructions cannot be had, who
asks has to do without.

Sources: clone(2), CLONE_VM, CLONE_VFORK, CLONE_PARENT_SETTID; the System V ABI of x86-64.
"""

import ctypes
import errno
import os
from collections.abc import Callable
from functools import cache

from pydock_lab.linux.journal import noted

_libc = ctypes.PyDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_READ_EXECUTE, _PRIVATE, _FAILED = 1 | 4, 2, ctypes.c_void_p(-1).value  # of mmap(2)

# f(number, a, b, c, d, nap): the system call `number`; comes back in the child (0) and after an error (-errno).
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
        "4c89cf"  # 1: mov rdi, r9       the parent, without a look at the stack: nanosleep(nap, NULL)
        "31f6"  #   xor esi, esi
        "b823000000"  # mov eax, 35
        "0f05"  #   syscall
        "31ff"  #   xor edi, edi         exit_group(0)
        "b8e7000000"  # mov eax, 231
        "0f05"  #   syscall
    ),
}
_CLONE3, _CLONE = 435, 56  # the older call has that number on x86-64
_CLONE_VM, _CLONE_VFORK, _CLONE_PARENT, _CLONE_PARENT_SETTID = 0x100, 0x4000, 0x8000, 0x10_0000
_CLONE_INTO_CGROUP = 0x2_0000_0000
_NAP = (ctypes.c_long * 2)(0, 3_000_000)  # seconds, nanoseconds
_WORDS = 11  # of struct clone_args
_FLAGS, _PARENT_TID, _CGROUP = 0, 3, 10


def is_possible() -> bool:
    """Whether this machine has instructions for it, and lets us have them; to be asked before anything is forked."""
    return _instructions() is not None


@noted("clone3")
def go_on(namespaces: int, _as_sibling: bool, group: int) -> int:  # noqa: FBT001 - the arguments of `clone3`, noted
    """Become a sibling of this process, in new namespaces: our pid, as the old ones count.

    Only for a process with one thread, after `is_possible`. Who we were keeps a copy of our descriptors until we have
    become a program, or ended. `group` is as in `syscalls.clone3`. Raises OSError, and we are who we were.
    """
    call = _instructions()
    flags = namespaces | _CLONE_VM | _CLONE_VFORK | _CLONE_PARENT | _CLONE_PARENT_SETTID
    assert call is not None  # noqa: S101 - for mypy; who calls has asked
    pid = ctypes.c_int(0)  # written before the child begins
    words, nap = (ctypes.c_uint64 * _WORDS)(), ctypes.addressof(_NAP)
    words[_FLAGS], words[_PARENT_TID] = flags, ctypes.addressof(pid)
    if group >= 0:
        words[_FLAGS] |= _CLONE_INTO_CGROUP
        words[_CGROUP] = group
    result = call(_CLONE3, ctypes.addressof(words), ctypes.sizeof(words), 0, 0, nap)
    if result == -errno.ENOSYS and group < 0:
        result = call(_CLONE, flags, 0, ctypes.addressof(pid), 0, nap)
    if result < 0:
        raise OSError(-result, f"clone3: {os.strerror(-result)}")
    return pid.value


@cache
def _instructions() -> Callable[..., int] | None:
    """The machine code, in memory of its own that nobody can write to; None where there is none."""
    code = _CODE.get(os.uname().machine)
    if code is None:
        return None
    try:
        file = os.memfd_create("pydock-vfork")
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
