"""Putting a program into memory, where the kernel has started only its loader.

    execve("/bin/ls")          the kernel would look for the loader that ls wants, /lib64/ld-linux-x86-64.so.2,
                               on the host: another one, or none
    so the supervisor has      the container's own loader started in its place, with the arguments as they are,
    and then does what the     before its first instruction; the program itself does, with our words:
    kernel would have done        open, mmap, mmap, mmap, mmap, close      its segments, as its headers say
                               and the supervisor corrects what the kernel tells a new program of itself
                                  AT_PHDR, AT_ENTRY, AT_BASE ...           (getauxval(3))
                               the loader finds all as if the kernel had loaded both

Nothing of it can be seen by the program: its arguments, its name and its memory are as they are without us, whatever
C library it is linked with, and however old.

Only a program itself can change its memory map. So a few instructions, which do a list of system calls, are put where
its first ones are (`Snippet`), and taken away again when it stops behind them. One stop for all of them: each costs as
much as ten system calls.

Source: elf(5), getauxval(3), linux/auxvec.h; load_elf_binary in fs/binfmt_elf.c of Linux.
"""

import contextlib
import errno
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from pydock_lab.linux import ptrace
from pydock_lab.linux.ptrace import Machine, Registers
from pydock_lab.linux.syscall_numbers import Architecture, numbers
from pydock_lab.runtime.traced.credentials import Credentials
from pydock_lab.runtime.traced.elf import PAGE, Elf, Segment
from pydock_lab.runtime.traced.memory import Memory
from pydock_lab.runtime.traced.process import Thread
from pydock_lab.runtime.traced.refusal import failed

_WORD = 8
_SIZES = (1 << 9, 1 << 13, 1 << 19)  # words of a stack to be looked at: arguments may be many
_HERE = 2**64 - 100
_PRIVATE, _FIXED, _ANONYMOUS, _FIXED_FREE = 0x02, 0x10, 0x20, 0x10_0000
_WRITE = 2
_SET_NAME = 15
_BELOW = 1 << 26  # bytes between a program and the loader above it: room for what the loader maps
# What the kernel tells a program.
_PHDR, _PHNUM, _BASE, _ENTRY = 3, 5, 7, 9
_UID, _EUID, _GID, _EGID, _SECURE, _EXECFN = 11, 12, 13, 14, 23, 31


@dataclass(frozen=True, kw_only=True, slots=True)
class Snippet:
    """Instructions that do a list of system calls, then stop.

    The list is at the address in register `list`, `count` is how many there are after the first. Each is seven words:
    number, first to fourth and sixth argument, room for the result. The result of the first, a descriptor, is the fifth
    argument of all others, and closed at the end.
    """

    code: bytes
    list: int
    count: int


# first: mov rax,[rbx]      mov rdi,[rbx+8]   mov rsi,[rbx+16]  mov rdx,[rbx+24]  mov r10,[rbx+32]  mov r9,[rbx+40]
#        syscall            mov r8,rax
# again: add rbx,56         mov rax,[rbx] ... mov r9,[rbx+40]   syscall           mov [rbx+48],rax
#        dec ebp            jnz again
#        mov eax,3 (close)  mov rdi,r8        syscall           int3
_X86_64 = Snippet(
    code=bytes.fromhex(
        "488b03 488b7b08 488b7310 488b5318 4c8b5320 4c8b4b28 0f05 4989c0"
        "4883c338 488b03 488b7b08 488b7310 488b5318 4c8b5320 4c8b4b28 0f05 48894330 ffcd 75db"
        "b803000000 4c89c7 0f05 cc"
    ),
    list=5,
    count=4,
)
_SNIPPETS = {"x86_64": _X86_64}
_CALL = struct.Struct("<7Q")


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """A program on its way into memory.

    `descriptor` is its open file in the supervisor, `elf` its headers; `started` and `loader` are the same of the
    loader that the kernel starts for it (None for a static one). `file` is its path in the container, `called` what
    execve was given.
    """

    descriptor: int
    started: int
    elf: Elf
    loader: Elf | None
    file: bytes
    called: bytes
    credentials: Credentials

    def close(self) -> None:
        """Let go of the files."""
        for descriptor in {self.descriptor, self.started}:
            os.close(descriptor)


@dataclass(frozen=True, slots=True)
class _Begun:
    """What has to be put back when the calls have been done."""

    registers: bytes
    entry: int
    code: bytes
    calls: int
    count: int
    blocked: int
    zeros: tuple[tuple[int, int], ...]


class Loading:
    """Has new programs do calls before their first instruction."""

    def __init__(self, machine: Machine, registers: Registers, cookie: int, holder: int) -> None:
        self._machine, self._registers, self._cookie = machine, registers, cookie
        self._numbers = numbers(Architecture(os.uname().machine))
        self._snippet = _SNIPPETS[os.uname().machine]
        self._begun: dict[int, _Begun] = {}
        self._holder = holder

    def begin(self, thread: Thread, image: Image) -> None:
        """The kernel has made a new program: have it do our calls first. Raises OSError."""
        memory, number = thread.program.memory, thread.number
        self._registers.read(number)
        words, machine = self._registers.words, self._machine
        before, stack = self._registers.saved(), words[machine.stack]
        facts = _Facts(memory, stack)
        entry = facts.known[_ENTRY]
        base = self._correct(facts, image)
        calls = self._calls(memory, stack - 512, image, base)
        memory.write(facts.known[_EXECFN], image.called + b"\0")
        facts.write()
        place = stack - 512 - 8 * len(calls)
        code = memory.read(entry, len(self._snippet.code))
        # Below the stack of a program that has not begun there is nothing that it could miss.
        memory.write(place, struct.pack(f"<{len(calls)}Q", *calls))
        # Code is mapped without PROT_WRITE: through /proc/PID/mem a tracer writes to it all the same.
        memory.write(entry, self._snippet.code)
        words[machine.instruction] = entry
        words[self._snippet.list], words[self._snippet.count] = place, len(calls) // 7 - 1
        self._registers.write(number)
        count = len(calls) // 7 - 1
        zeros = tuple(_ends(image.elf, base)) if image.loader else ()
        self._begun[number] = _Begun(before, entry, code, place, count, ptrace.block_signals(number), zeros)

    def has_begun(self, number: int) -> bool:
        """Whether a thread is doing our calls."""
        return number in self._begun

    def end(self, thread: Thread) -> None:
        """Our calls have been done: put everything back. Raises OSError with the first error there was."""
        begun = self._begun.pop(thread.number)
        memory = thread.program.memory
        results = memory.numbers(begun.calls, 7 * (begun.count + 1))[13::7]
        memory.write(begun.entry, begun.code)
        # Not for the program: with the cookie in it, it could open files itself.
        memory.write(begun.calls, bytes(_WORD * 7 * (begun.count + 1)))
        self._registers.restore(begun.registers)
        self._registers.words[self._machine.result] = 0
        self._registers.write(thread.number)
        ptrace.unblock_signals(thread.number, begun.blocked)
        bad = [2**64 - result for result in results if result > 2**64 - PAGE]
        if bad:
            raise failed(bad[0])
        for address, length in begun.zeros:
            memory.write(address, bytes(length))

    def forget(self, number: int) -> None:
        """A thread is no more."""
        self._begun.pop(number, None)

    # ---- what is done

    def _correct(self, facts: "_Facts", image: Image) -> int:
        """Correct what the program is told of itself; what has to be added to the addresses in its file."""
        for what, value in zip((_UID, _EUID, _GID, _EGID), _ids(image.credentials), strict=True):
            facts.say(what, value)
        uid, euid, gid, egid = _ids(image.credentials)
        # The loader of a set-user-ID program then ignores LD_PRELOAD and the like (ld.so(8), secure-execution mode).
        facts.say(_SECURE, int(uid != euid or gid != egid))
        if image.loader is None:
            return 0
        loader = facts.known[_ENTRY] - image.loader.entry
        base = _room_below(loader, image.elf) if image.elf.is_movable else 0
        facts.say(_BASE, loader)
        facts.say(_PHDR, base + image.elf.header_address)
        facts.say(_PHNUM, image.elf.header_count)
        facts.say(_ENTRY, base + image.elf.entry)
        return base

    def _calls(self, memory: Memory, place: int, image: Image, base: int) -> list[int]:
        """The list of calls for a program, whose words are put at `place`."""
        name = image.called.rpartition(b"/")[2][:15] + b"\0"
        path = b"/proc/%d/fd/%d\0" % (self._holder, image.descriptor)
        memory.write(place, name.ljust(16, b"\0") + path)
        # The filter lets this one open pass, by its sixth argument, which open does not have.
        opening = (self._numbers["openat"], _HERE, place + 16, os.O_RDONLY | os.O_CLOEXEC, 0, self._cookie, 0)
        calls = [*opening, self._numbers["prctl"], _SET_NAME, place, 0, 0, 0, 0]
        if image.loader is not None:
            kind = _PRIVATE | _FIXED_FREE  # the first must not fall upon anything
            for one in image.elf.segments:
                for arguments in _maps(one, base, kind):
                    calls += (self._numbers["mmap"], *arguments, 0)
                kind = _PRIVATE | _FIXED
        return calls


def _maps(one: Segment, base: int, kind: int) -> Iterator[tuple[int, int, int, int, int]]:
    """The arguments of mmap(2) for a segment, but for the descriptor."""
    address = base + one.address
    skip = address % PAGE
    if one.in_file:
        yield address - skip, one.in_file + skip, one.protection, kind, one.offset - skip
    rest, end = _page_up(address + one.in_file) if one.in_file else address - skip, _page_up(address + one.in_memory)
    if end > rest:
        yield rest, end - rest, one.protection, kind | _ANONYMOUS, 0


def _ends(program: Elf, base: int) -> Iterator[tuple[int, int]]:
    """The rest of the last page of a segment, behind what is in the file: address and length of what must be zero."""
    for one in program.segments:
        end = base + one.address + one.in_file
        if one.in_memory > one.in_file > 0 and one.protection & _WRITE and end % PAGE:
            yield end, min(_page_up(end), base + one.address + one.in_memory) - end


def _room_below(loader: int, program: Elf) -> int:
    """Room for a program below its loader, where nothing is yet; what has to be added to its addresses."""
    first, last = program.span
    align = max(PAGE, *(one.align for one in program.segments))
    return (loader - _BELOW - (last - first)) // align * align - first


def _ids(credentials: Credentials) -> tuple[int, int, int, int]:
    return (*credentials.uids[:2], *credentials.gids[:2])


def _page_up(address: int) -> int:
    return (address + PAGE - 1) // PAGE * PAGE


class _Facts:
    """What the kernel tells a new program of itself, behind its arguments and environment on its stack."""

    def __init__(self, memory: Memory, stack: int) -> None:
        self._memory = memory
        self.known: dict[int, int] = {}
        for most in _SIZES:
            words = memory.numbers(stack, most)
            with contextlib.suppress(IndexError, ValueError):  # it is longer
                place = words.index(0, words[0] + 1) + 1  # behind the number of arguments, the arguments, a zero
                place = words.index(0, place) + 1  # behind the environment, and a zero
                self._place = stack + _WORD * place
                while words[place]:
                    self.known[words[place]] = words[place + 1]
                    place += 2
                return
        raise failed(errno.E2BIG)

    def say(self, what: int, value: int) -> None:
        """Tell it something else; nothing where the kernel says nothing of it."""
        if what in self.known:
            self.known[what] = value

    def write(self) -> None:
        """Put it all back."""
        pairs = [number for pair in self.known.items() for number in pair]
        self._memory.write(self._place, struct.pack(f"<{len(pairs)}Q", *pairs))
