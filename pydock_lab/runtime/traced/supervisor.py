"""The supervisor of a traced container: one process that answers for all of the container's.

    poll ---- a listener        a system call waits for its answer
         ---- SIGCHLD           a thread has stopped, or ended: ptrace
         ---- the shim's line   another program is wanted in the container, or the shim has gone

One call is answered after the other. So whatever changes the tree of files is seen by everything that comes after.
"""

import errno
import os
import select
import signal
import struct
import sys
import traceback
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import TypeAlias

from pydock_lab.linux import ptrace, syscalls
from pydock_lab.linux.listener import Listener, Notice
from pydock_lab.linux.syscall_numbers import Architecture, numbers
from pydock_lab.linux.syscalls import Prctl
from pydock_lab.runtime.traced.process import Thread
from pydock_lab.runtime.traced.tracing import Tracing
from pydock_lab.runtime.traced.world import Answer, Handed, Lasts, Waits, World

_SIGNAL = struct.Struct("=I8xI112x")  # what signalfd(2) says of a signal: its number, who sent it, and much else
Calls: TypeAlias = Mapping[str, Callable[..., Answer]]


class Supervisor:
    """Answers until the first process of the container has ended."""

    def __init__(self, world: World, tracing: Tracing, calls: Calls) -> None:
        self._world, self._tracing = world, tracing
        table = numbers(Architecture(os.uname().machine))
        self._calls = {table[name]: answer for name, answer in calls.items() if name in table}
        tracing.asked = self._calls
        self._listeners: dict[int, Listener] = {}
        self._handlers: dict[int, Callable[[], None]] = {}
        self._helpers: dict[int, int] = {}  # those that wait for somebody else, by the thread that they do it for
        self._unheard: dict[int, tuple[tuple[int, ...], Answer]] = {}
        self._ends: dict[int, Callable[[int], None]] = {}
        self._poll = select.poll()
        self._signals = syscalls.signal_descriptor({signal.SIGCHLD})
        self.watch(self._signals, self._hear_signals)

    def forward(self, numbers: AbstractSet[int], handler: Callable[[int], None]) -> None:
        """Call `handler` with each of these signals that another process sends to this one, which none of them ends.

        SIGPIPE may be our own doing: nobody reads what we write. The kernel names us as its sender then.
        """
        others, own = syscalls.signal_descriptor(numbers), os.getpid()

        def hear() -> None:
            content = os.read(others, 32 * _SIGNAL.size)
            for number, sender in _SIGNAL.iter_unpack(content):
                if sender != own:
                    handler(number)

        self.watch(others, hear)

    def watch(self, descriptor: int, handler: Callable[[], None]) -> None:
        """Call `handler` whenever a descriptor can be read, or has been closed at its other end."""
        self._handlers[descriptor] = handler
        self._poll.register(descriptor, select.POLLIN)

    def forget(self, descriptor: int) -> None:
        """Watch a descriptor no more."""
        del self._handlers[descriptor]
        self._poll.unregister(descriptor)

    def take_in(self, thread: Thread, listener: int, at_end: Callable[[int], None]) -> None:
        """Answer for a process, and for all that it starts; `at_end` gets its exit status, as waitpid(2) says it."""
        self._world.threads[thread.number] = thread
        self._ends[thread.number] = at_end
        self._listeners[listener] = Listener(listener)
        self._poll.register(listener, select.POLLIN)

    def turn(self) -> None:
        """Wait until something happens, and handle it."""
        listeners = self._listeners
        for descriptor, events in self._poll.poll():
            if descriptor not in listeners:
                if descriptor in self._handlers:
                    self._handlers[descriptor]()
            elif events & select.POLLIN:
                self._hear(listeners[descriptor])
            else:  # nobody is left who could ask
                self._poll.unregister(descriptor)
                listeners.pop(descriptor).close()

    # ---- calls

    def _hear(self, listener: Listener) -> None:
        notice = listener.receive()
        if notice is None:
            return
        thread = self._world.threads.get(notice[1])
        if thread is None:  # it was killed just now
            listener.answer(notice[0], -errno.ESRCH)
            return
        may_be_known = self._unheard or self._helpers
        answer = self._again(thread, notice) if may_be_known else self._answer(thread, notice)
        if type(answer) is int:
            is_heard = listener.answer(notice[0], answer)
        elif answer is None:
            is_heard = listener.let_go_on(notice[0])
        elif type(answer) is Handed:
            is_heard = listener.hand_over(notice[0], answer.descriptor, close_on_exec=answer.close_on_exec)
            if is_heard:
                os.close(answer.descriptor)
        else:
            is_heard = True
            self._help(listener, notice, answer)  # type: ignore[arg-type] # the last kinds that there are
        if not is_heard:
            # A signal has interrupted it (before Linux 5.19): it will ask once more, and what is done is done.
            self._unheard[thread.number] = (notice[3:4] + notice[6:], answer)

    def _answer(self, thread: Thread, notice: Notice) -> Answer:
        try:
            return self._calls[notice[3]](thread, *notice[6:])
        except OSError as error:
            return -(error.errno or errno.EIO)
        except Exception:  # noqa: BLE001 - a fault of ours must not end the container, and must not be silent
            sys.stderr.write(traceback.format_exc())
            return -errno.EIO

    def _again(self, thread: Thread, notice: Notice) -> Answer:
        """Answer a call that may have been asked before."""
        self._end_help(thread.number)
        call, answer = self._unheard.pop(thread.number, ((), None))
        if call == notice[3:4] + notice[6:]:
            return answer
        if type(answer) is Handed:
            os.close(answer.descriptor)
        return self._answer(thread, notice)

    # ---- calls that wait

    def _help(self, listener: Listener, notice: Notice, wanted: Waits | Lasts) -> None:
        """Have a process do what may wait for long."""
        pid = os.fork()
        if pid:
            self._helpers[notice[1]] = pid
            if isinstance(wanted, Lasts):
                wanted.let_go()
            return
        try:
            syscalls.prctl(Prctl.SET_PDEATHSIG, signal.SIGKILL)
            if isinstance(wanted, Lasts):
                listener.answer(notice[0], wanted.do())
            else:
                descriptor = os.open(wanted.here, wanted.flags | os.O_CLOEXEC)
                listener.hand_over(notice[0], descriptor, close_on_exec=bool(wanted.flags & os.O_CLOEXEC))
        except OSError as error:
            listener.answer(notice[0], -(error.errno or errno.EIO))
        finally:
            os._exit(0)

    def _end_help(self, number: int) -> None:
        """Who helped a thread must be gone, with its copy of the file, before anything else is answered."""
        helper = self._helpers.pop(number, 0)
        if helper:
            os.kill(helper, signal.SIGKILL)
            os.waitpid(helper, 0)

    # ---- processes

    def _hear_signals(self) -> None:
        """Hear of all threads that have stopped or ended."""
        # First: a SIGCHLD that comes while we look wakes us once more. One may stand for many (signal(7)).
        os.read(self._signals, 32 * _SIGNAL.size)
        while True:
            try:
                number, status = os.waitpid(-1, os.WNOHANG | ptrace.WALL)
            except ChildProcessError:
                return
            if number == 0:
                return
            if os.WIFSTOPPED(status):
                self._tracing.stopped(number, status)
            else:
                self._bury(number, status)

    def _bury(self, number: int, status: int) -> None:
        self._end_help(number)
        _, answer = self._unheard.pop(number, ((), None))
        if type(answer) is Handed:
            os.close(answer.descriptor)
        self._helpers = {thread: helper for thread, helper in self._helpers.items() if helper != number}
        self._tracing.ended(number)
        at_end = self._ends.pop(number, None)
        if at_end:
            at_end(status)
