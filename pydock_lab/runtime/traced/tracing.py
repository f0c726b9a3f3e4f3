"""What the tracer does when a thread stops: children, new programs, signals, and the calls whose arguments change.

    seccomp      a call that the kernel must do itself, but with other words: execve, chdir, accept ...
    its end      put the registers back as they were: a program's code counts on them
    fork ...     the child is like its parent
    exec         another program: see loading.py
    signal       goes on to the program
    stop         the program was stopped by Ctrl-Z, and stays so

Source: ptrace(2).
"""

import contextlib
import errno
import os
import signal
from collections.abc import Callable, Container, Iterator, Mapping
from typing import TypeAlias

from pydock_lab.linux import ptrace
from pydock_lab.linux.ptrace import Event, Machine, Registers
from pydock_lab.linux.syscall_numbers import Architecture, numbers
from pydock_lab.runtime.traced.executing import Executing
from pydock_lab.runtime.traced.loading import Image, Loading
from pydock_lab.runtime.traced.process import Files, NoRoom, Program, Thread
from pydock_lab.runtime.traced.world import World

# Called at the end of a system call; the registers are those of its end.
AtEnd: TypeAlias = Callable[[Thread], None]
# Called at its beginning: may change the registers, and says what is to be done at its end. None: it may go on.
AtStart: TypeAlias = Callable[[Thread], AtEnd | None]

_CLONE_MEMORY, _CLONE_PLACE, _CLONE_FILES, _CLONE_THREAD = 0x100, 0x200, 0x400, 0x1_0000
_STOPPING = (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)
_NO_CALL = 2**64 - 1
_RESTART_PERHAPS, _RESTART = 2**64 - 512, 2**64 - 513  # ERESTARTSYS, ERESTARTNOINTR: linux/errno.h
_PRIVATE_MEMORY = 0x22  # MAP_PRIVATE, MAP_ANONYMOUS
_READ_WRITE = 3


class Tracing:
    """Handles stops; `calls` are further calls whose arguments change, by name."""

    def __init__(
        self, world: World, registers: Registers, machine: Machine, executing: Executing, loading: Loading
    ) -> None:
        self._world, self._registers, self._machine = world, registers, machine
        self._executing, self._loading = executing, loading
        self._numbers = numbers(Architecture(os.uname().machine))
        self._names: list[str] = []
        self._starts: dict[int, AtStart] = {}
        self._ends: dict[int, tuple[bytes, AtEnd]] = {}
        self._early: set[int] = set()
        self.asked: Container[int] = ()  # the numbers of the calls that the supervisor answers
        self._images: dict[int, Image] = {}
        # What fork and vfork are clone with: aarch64 has neither.
        kinds = {"fork": 0, "vfork": _CLONE_MEMORY}
        self._flags = {self._numbers[name]: flags for name, flags in kinds.items() if name in self._numbers}
        self.change(
            {
                "execve": lambda thread: self._start_program(thread, executing.execve),
                "execveat": lambda thread: self._start_program(thread, executing.execveat),
            }
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The calls that are changed."""
        return tuple(self._names)

    def change(self, calls: Mapping[str, AtStart]) -> None:
        """Have these calls changed, by name."""
        self._names += calls
        self._starts |= {self._numbers[name]: start for name, start in calls.items() if name in self._numbers}

    def stopped(self, number: int, status: int) -> None:
        """A thread has stopped; it goes on afterwards."""
        event, why = status >> 16, status >> 8 & 0xFF
        try:
            if event == _SECCOMP:
                self._begin(number)
            elif why == ptrace.SYSCALL_STOP:
                self._end(number)
            elif event in _BIRTHS:
                self._bear(number)
            elif event == _EXEC:
                self._execute(number)
            elif event == _STOP:
                self._stay(number, why)
            elif why == signal.SIGTRAP and self._loading.has_begun(number):
                self._loaded(number)
            else:
                self._let_through(number, why)
        except ProcessLookupError:  # it was killed meanwhile
            return

    def ended(self, number: int) -> None:
        """A thread is no more."""
        self._ends.pop(number, None)
        self._world.threads.pop(number, None)
        self._loading.forget(number)
        image = self._images.pop(number, None)
        if image:
            image.close()

    # ---- calls

    def _begin(self, number: int) -> None:
        registers, thread = self._registers, self._world.threads[number]
        registers.read(number)
        before = registers.saved()
        start = self._starts.get(registers.words[self._machine.number])
        try:
            end = start(thread) if start else None
        except NoRoom as wanted:
            registers.restore(before)
            before, end = b"", self._make_room(wanted.size)
        except OSError as error:
            registers.restore(before)
            self._refuse(number, error.errno or errno.EIO)
            return
        if end is None:
            ptrace.resume(number)
            return
        registers.write(number)
        self._ends[number] = (before, end)
        ptrace.resume_to_end(number)

    def _refuse(self, number: int, code: int) -> None:
        """Let the call end at once, with an error."""
        words, machine = self._registers.words, self._machine
        # -1 is the number of no call: the kernel does none, and keeps this result (seccomp(2), SECCOMP_RET_TRACE).
        words[machine.number], words[machine.result] = _NO_CALL, 2**64 - code
        self._registers.write(number)
        ptrace.resume(number)

    def _end(self, number: int) -> None:
        thread = self._world.threads.get(number)
        before, end = self._ends.pop(number, (b"", None))
        if thread is not None and end is not None:
            self._registers.read(number)
            result = self._registers.words[self._machine.result]
            end(thread)
            if before:
                # As they were, but for the result. A call that a signal has interrupted begins again as it was, too.
                self._registers.restore(before)
                self._registers.words[self._machine.result] = result
                self._registers.write(number)
        ptrace.resume(number)

    def _make_room(self, size: int) -> AtEnd:
        """Have the program map memory instead of what it called for; then it calls once more."""
        machine, words, before = self._machine, self._registers.words, self._registers.saved()
        words[machine.number] = self._numbers["mmap"]
        wanted = (0, size, _READ_WRITE, _PRIVATE_MEMORY, _NO_CALL, 0)
        for index, value in zip(machine.arguments, wanted, strict=True):
            words[index] = value

        def again(thread: Thread) -> None:
            address = words[machine.result]
            # The last page of numbers are errors, -1 to -4095.
            thread.room = (address, size) if address < 2**64 - 4096 else (0, 0)
            self._registers.restore(before)
            # In front of the instruction again, with the number of the call back in its register.
            words[machine.result], words[machine.number] = words[machine.number], _NO_CALL
            words[machine.instruction] -= machine.again
            self._registers.write(thread.number)

        return again

    # ---- births and new programs

    def _bear(self, number: int) -> None:
        child, parent = ptrace.message(number), self._world.threads[number]
        self._registers.read(number)
        call = self._registers.words[self._machine.number]
        # Of clone3 they would be in memory; the filter refuses it.
        flags = self._flags.get(call, self._registers.words[self._machine.arguments[0]])
        self._world.threads[child] = _child_of(parent, child, flags)
        if child in self._early:
            self._early.remove(child)
            ptrace.resume(child)
        ptrace.resume(number)

    def _execute(self, number: int) -> None:
        """A new program stands in memory; before its first instruction it does what the kernel did not know of."""
        # Any thread may call execve(2), and goes on with the number of the first: this is its former one (ptrace(2)).
        former = ptrace.message(number)
        thread = self._world.threads.pop(former)
        image = self._images.pop(former)
        self._ends.pop(former, None)
        thread.number, thread.room, thread.files = number, (0, 0), Files()
        thread.program, thread.credentials = Program(number, image.file), image.credentials
        self._world.threads[number] = thread
        self._images[number] = image
        with self._or_death(thread):
            self._loading.begin(thread, image)
        ptrace.resume(number)

    def _loaded(self, number: int) -> None:
        thread = self._world.threads[number]
        with self._or_death(thread):
            self._loading.end(thread)
        self._images.pop(number).close()
        ptrace.resume(number)

    @contextlib.contextmanager
    def _or_death(self, thread: Thread) -> Iterator[None]:
        """Past this point execve(2) has no way back either."""
        try:
            yield
        except ProcessLookupError:
            raise
        except OSError:
            os.kill(thread.pid, signal.SIGKILL)

    def _start_program(self, thread: Thread, find: Callable[[Thread], Image]) -> AtEnd:
        image = find(thread)
        self._images[thread.number] = image
        return self._not_started

    def _not_started(self, thread: Thread) -> None:
        self._images.pop(thread.number).close()

    # ---- stops

    def _let_through(self, number: int, signal_number: int) -> None:
        """A signal goes on to the program. A call that it kept from being asked begins again afterwards.

        The kernel would end it with EINTR, if the program's handler is for that: but mkdir(2) is never interrupted.
        """
        registers, machine = self._registers, self._machine
        registers.read(number)
        words = registers.words
        if words[machine.result] == _RESTART_PERHAPS and words[machine.number] in self.asked:
            words[machine.result] = _RESTART
            registers.write(number)
        ptrace.resume(number, signal_number)

    def _stay(self, number: int, why: int) -> None:
        if number not in self._world.threads:
            self._early.add(number)  # its parent has not yet said that it has a child
        elif why in _STOPPING:
            ptrace.stay_stopped(number)
        else:
            ptrace.resume(number)


def _child_of(parent: Thread, number: int, flags: int) -> Thread:
    is_thread = flags & _CLONE_THREAD
    program = parent.program if flags & _CLONE_MEMORY else Program(number, parent.program.file)
    place = parent.place if flags & _CLONE_PLACE else parent.place.copy()
    child = Thread(number, parent.pid if is_thread else number, program, place, parent.credentials)
    if flags & _CLONE_FILES:
        child.files = parent.files
    return child


_SECCOMP, _EXEC, _STOP = int(Event.SECCOMP), int(Event.EXEC), int(Event.STOP)
_BIRTHS = (int(Event.FORK), int(Event.VFORK), int(Event.CLONE))
