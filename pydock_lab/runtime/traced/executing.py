"""execve(2): finding the program in the container, and having the kernel start what it can start.

    a script        its first line names the interpreter, whose words go in front of the arguments
    static          the kernel starts it as it is
    with a loader   the kernel starts the loader, and `loading.py` puts the program beside it

A tracer can only change numbers in registers and bytes in memory, so the kernel is given a short name for the file,
/proc/HOLDER/fd/NUMBER (holder.py).

Source: execve(2); load_script in fs/binfmt_script.c of Linux.
"""

import errno
import itertools
import os
import stat
import struct
from dataclasses import dataclass, field

from pydock_lab.linux.file_calls import open_place
from pydock_lab.linux.ptrace import Machine, Registers
from pydock_lab.linux.syscall_numbers import Architecture, numbers
from pydock_lab.runtime.traced import elf
from pydock_lab.runtime.traced.credentials import Credentials
from pydock_lab.runtime.traced.elf import Elf
from pydock_lab.runtime.traced.loading import Image
from pydock_lab.runtime.traced.permissions import EXECUTE
from pydock_lab.runtime.traced.process import Thread
from pydock_lab.runtime.traced.refusal import failed
from pydock_lab.runtime.traced.world import EMPTY_PATH, HERE, NOT_THE_TARGET, World

_LINE = 256  # bytes of a script that the kernel looks at
_HEAD = 4096
_DEEPEST = 5  # scripts whose interpreters are scripts
_MOST_ARGUMENTS = (1 << 6, 1 << 12, 1 << 18)


@dataclass(slots=True)
class _Found:
    """What is to be executed: an open file, its beginning, its path in the container, and who it will be."""

    descriptor: int
    head: bytes
    file: bytes
    credentials: Credentials


@dataclass(slots=True)
class _Wanted:
    """What is asked for: a path at a descriptor; `words` go in place of the first argument."""

    at: int
    path: bytes
    follow: bool = True
    words: list[bytes] = field(default_factory=list)


class Executing:
    """Changes the registers of threads that call execve, and says what has to be done when the kernel has done it."""

    def __init__(self, world: World, machine: Machine, registers: Registers) -> None:
        self._world, self._ownership = world, world.ownership
        self._machine, self._registers = machine, registers
        self._holder, self._number = world.holder, numbers(Architecture(os.uname().machine))["execve"]

    def execve(self, thread: Thread) -> Image:
        """execve(2), with the registers as they are at its beginning; raises OSError."""
        path, argv = (self._registers.words[index] for index in self._machine.arguments[:2])
        return self._start(thread, _Wanted(HERE, thread.program.memory.string(path)), argv)

    def execveat(self, thread: Thread) -> Image:
        """execveat(2)."""
        at, path, argv, _, flags = (self._registers.words[index] for index in self._machine.arguments[:5])
        text = thread.program.memory.string(path)
        if not text and flags & EMPTY_PATH:
            wanted = _Wanted(HERE, b"/proc/self/fd/%d" % (at & 0xFFFF_FFFF))
        else:
            wanted = _Wanted(at, text, follow=not flags & NOT_THE_TARGET)
        return self._start(thread, wanted, argv, shift=1)

    def _start(self, thread: Thread, wanted: _Wanted, argv: int, shift: int = 0) -> Image:
        called = wanted.path
        found = self._find(thread, wanted)
        try:
            image = self._image(thread, found, called)
        except OSError:
            os.close(found.descriptor)
            raise
        # Long enough that the name which the program is to see can be put in its place.
        path = (b"/proc/%d/fd/%d" % (self._holder, image.started)).rjust(len(called), b"/")
        self._point(thread, path, wanted.words, argv, shift)
        return image

    def _find(self, thread: Thread, wanted: _Wanted) -> _Found:
        """Follow the first lines of scripts to a program; raises OSError."""
        for _ in range(_DEEPEST):
            found = self._open(thread, wanted)
            if found.head[:2] != b"#!":
                return found
            os.close(found.descriptor)
            script = wanted.path
            if wanted.at & 0xFFFF_FFFF != HERE and script[:1] != b"/":
                script = b"/dev/fd/%d/%s" % (wanted.at, script)
            first_line = _first_line(found.head)
            wanted.words = [*first_line, script, *wanted.words[1:]]
            wanted.at, wanted.path, wanted.follow = HERE, first_line[0], True
        raise failed(errno.ELOOP)

    def _open(self, thread: Thread, wanted: _Wanted) -> _Found:
        spot = self._world.reach(thread, wanted.at, wanted.path, follow=wanted.follow)
        here, folder, name = spot.here, spot.folder, spot.name
        if spot.error:
            raise failed(-spot.error)
        device, inode, _, mode, uid, gid, _, _ = self._world.status.fields()
        if stat.S_ISLNK(mode):
            raise failed(errno.ELOOP)
        if not stat.S_ISREG(mode) or not mode & 0o111:
            raise failed(errno.EACCES)
        self._world.check(thread, spot, EXECUTE)
        credentials = thread.credentials.execute()
        if uid == self._ownership.uid:
            mark = self._ownership.mark(here, mode, (device, inode))
            mode, uid, gid = mark.mode or mode, mark.uid or 0, mark.gid or 0
        # Without the group's x bit, set-group-ID once meant mandatory locking, and no other group (inode(7)).
        if mode & stat.S_ISUID or (mode & stat.S_ISGID and mode & stat.S_IXGRP):
            owner, group = uid if mode & stat.S_ISUID else None, gid if mode & stat.S_ISGID else None
            credentials = thread.credentials.execute(owner=owner, group=group)
        if folder.part.magic:  # an open file without a name: a link that must be followed
            descriptor = os.open(here, os.O_RDONLY | os.O_CLOEXEC)
        else:
            descriptor = open_place(here, os.O_RDONLY | os.O_CLOEXEC)
        if descriptor < 0:
            raise failed(-descriptor)
        file = folder.guest + b"/" + name if name else folder.guest
        return _Found(descriptor, os.pread(descriptor, _HEAD, 0), file, credentials)

    def _image(self, thread: Thread, found: _Found, called: bytes) -> Image:
        program = elf.read(found.descriptor, found.head)
        started, loader = found.descriptor, None
        if program.interpreter:
            started, loader = self._loader(thread, program.interpreter)
        return Image(
            descriptor=found.descriptor,
            started=started,
            elf=program,
            loader=loader,
            file=found.file,
            called=called,
            credentials=found.credentials,
        )

    def _loader(self, thread: Thread, path: bytes) -> tuple[int, Elf]:
        spot = self._world.reach(thread, HERE, path, follow=True)
        descriptor = spot.error or open_place(spot.here, os.O_RDONLY | os.O_CLOEXEC)
        if descriptor < 0:
            raise failed(-descriptor)
        try:
            return descriptor, elf.read(descriptor, os.pread(descriptor, _HEAD, 0))
        except OSError:
            os.close(descriptor)
            raise

    def _point(self, thread: Thread, path: bytes, words: list[bytes], argv: int, shift: int) -> None:
        """Have the registers say `execve(path, words and the rest of the arguments, environment)`."""
        machine, registers = self._machine, self._registers.words
        rest = _arguments(thread, argv)[1:] if words else ()
        strings = b"".join(one + b"\0" for one in (path, *words))
        size = 8 * (len(words) + len(rest) + 1) if words else 0
        place = thread.room_for(registers[machine.stack], size + len(strings))
        ends = itertools.accumulate(len(one) + 1 for one in (path, *words))
        pointers = [place + size + end for end in ends][:-1]
        array = struct.pack(f"<{size // 8}Q", *pointers, *rest, 0) if words else b""
        thread.program.memory.write(place, array + strings)
        registers[machine.number] = self._number
        environment = registers[machine.arguments[2 + shift]]
        for index, value in zip(machine.arguments, (place + size, place if words else argv, environment), strict=False):
            registers[index] = value


def _first_line(head: bytes) -> list[bytes]:
    """The interpreter of a script, and its one argument, if there is one; raises OSError (ENOEXEC)."""
    line, newline, _ = head[2:_LINE].partition(b"\n")
    words = line.strip(b" \t\0").replace(b"\t", b" ").split(b" ", 1)
    if not words[0] or (not newline and len(head) >= _LINE and len(words) == 1):
        raise failed(errno.ENOEXEC)
    return [one.strip(b" \t") for one in words]


def _arguments(thread: Thread, argv: int) -> tuple[int, ...]:
    """The addresses of the arguments."""
    for most in _MOST_ARGUMENTS if argv else ():
        found = thread.program.memory.numbers(argv, most)
        if 0 in found:
            return found[: found.index(0)]
    return ()
