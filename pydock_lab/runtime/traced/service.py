"""The supervisor's life: it makes the view, gives up all other files, starts the first process, and answers to the end.

    shim ---- parent of ----> supervisor ---- parent and tracer of ----> the container's first process
      |   signals, exit status      |                                         its children, and theirs
      '--- control: exec -----------'

To the shim it is the container's first process: signals go on to that one, and its end is ours, with its status. If
the supervisor dies, the kernel kills all that it traces (PTRACE_O_EXITKILL); if the shim dies, it kills the supervisor.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

from pydock_lab.errors import ContainerError, PydockError
from pydock_lab.linux import journal, landlock, syscalls
from pydock_lab.linux.syscalls import Prctl
from pydock_lab.linux.tiers import Tier
from pydock_lab.oci.runtime_spec import ContainerSpec, ProcessSpec
from pydock_lab.runtime.becoming import CANNOT_START, Becoming, describe, report
from pydock_lab.runtime.init import Task
from pydock_lab.runtime.steplog import StepLog
from pydock_lab.runtime.traced import containment, starting
from pydock_lab.runtime.traced.assembling import Assembling, scratch_of
from pydock_lab.runtime.traced.holder import holder
from pydock_lab.runtime.traced.household import Household
from pydock_lab.sandbox.protocol import Connection, Kin
from pydock_lab.snapshot.unmarkable import Unmarkable

_DEEP = 20_000  # Python calls within calls: a path may have 2,048 folders
_NOT_FORWARDED = {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}


def live(line: Connection, control: Connection, doors: Sequence[int] = ()) -> NoReturn:
    """Wait for a task, and have a container live; runs in a process of its own, and ends it whatever happens."""
    log = StepLog()
    try:
        syscalls.prctl(Prctl.SET_PDEATHSIG, signal.SIGKILL)
        # The container's orphans become our children, as in a pid namespace those of PID 1, and nobody's outside.
        syscalls.prctl(Prctl.SET_CHILD_SUBREAPER)
        journal.ask("setsid", os.setsid)
        log.add("session")
        _join(doors, log)
        received = line.receive()
        if received is None:
            os._exit(CANNOT_START)  # there was nothing to become
        log.skip()
        task = Task.from_json(received[0])
        assert task.container is not None  # noqa: S101 - for mypy; a supervisor gets a container
        code = _Service(task, task.container, line, control, log).run(received[1][:3])
        os._exit(code)
    except PydockError as error:
        log.fail(error)
        report(line, log, error)
    except BaseException as error:  # noqa: BLE001 - nothing may escape into the shim's code
        log.fail(error)
        report(line, log, ContainerError("runtime.start-failed", reason=describe(error)))
    os._exit(CANNOT_START)


def _join(doors: Sequence[int], log: StepLog) -> None:
    paths = [os.readlink(f"/proc/self/fd/{door}") for door in doors]
    for door, path in zip(doors, paths, strict=True):
        journal.ask("write", lambda _, to=door: os.write(to, b"0"), path, door)
        os.close(door)
    if paths:
        log.add("control-group", os.path.dirname(paths[0]))


class _Service:
    """One container."""

    def __init__(self, task: Task, spec: ContainerSpec, line: Connection, control: Connection, log: StepLog) -> None:
        self._task, self._spec, self._line, self._control, self._log = task, spec, line, control, log
        self._code: int | None = None
        self._household: Household
        # Behind Landlock it cannot be opened any more.
        asks = spec.process.oom_score_adj is not None
        self._score_file = os.open("/proc/self/oom_score_adj", os.O_RDWR | os.O_CLOEXEC) if asks else -1

    def run(self, standard: Sequence[int]) -> int:
        """Have it live; its exit status. Raises PydockError, OSError where it cannot be started."""
        sys.setrecursionlimit(_DEEP)
        starting.take_descriptors()
        with contextlib.closing(Assembling(self._spec, self._task.stub, self._log)) as assembling:
            view = assembling.view(self._task.mounts)
            os.chdir(view.root.host)
            # Each program has a mask of its own, which has been taken off by then: ours must take nothing more.
            os.umask(0)
            scratch = scratch_of(self._spec.rootfs)
            unmarkable = Unmarkable(self._spec.rootfs.mountpoint)  # a file that is out of reach from here on
            allowed = containment.allowed(view, scratch, assembling.memory)
            self._log.add("landlock", str(landlock.restrict(allowed)))
            with holder() as pid:  # behind Landlock, as all that follow
                self._household = Household(view, self._spec.hostname, scratch, unmarkable, pid)
                if self._spec.hostname:
                    self._log.add("hostname", self._spec.hostname)  # nothing is asked for: uname(2) is answered
                self._begin(standard)
                return self._go_on()

    def _begin(self, standard: Sequence[int]) -> None:
        spec, household = self._spec, self._household
        log = StepLog()
        becoming = Becoming(spec.process, Tier.TRACED, standard, self._line, log)
        household.supervisor.forward(signal.valid_signals() - _NOT_FORWARDED, self._forward)
        become = _becoming(becoming, household.filter, init=spec.init, console=True)
        with self._first_to_die():
            thread, listener = starting.start(household.filter, become)
        household.world.first = thread.pid
        household.supervisor.take_in(thread, listener, self._end)
        household.supervisor.watch(self._control.fileno(), self._hear)
        report(self._line, self._log)
        self._line.send({"pid": thread.pid})
        self._line.close()
        # Copies of ours would hide from a reader that the program has ended.
        for descriptor in set(standard):
            os.close(descriptor)

    @contextlib.contextmanager
    def _first_to_die(self) -> Iterator[None]:
        """What is born meanwhile has the container's `--oom-score-adj`: a child has its parent's (proc(5))."""
        if self._score_file < 0:
            yield
            return
        score, own = self._spec.process.oom_score_adj, os.pread(self._score_file, 16, 0)
        try:
            os.pwrite(self._score_file, str(score).encode(), 0)
        except OSError as error:
            self._log.note("runtime.oom-score-refused", score=score, reason=error.strerror)
        else:
            self._log.add("oom-score", str(score))
        yield
        with contextlib.suppress(OSError):  # who has raised it may lower it again as far as it was
            os.pwrite(self._score_file, own, 0)
        os.close(self._score_file)

    def _go_on(self) -> int:
        supervisor, world = self._household.supervisor, self._household.world
        while self._code is None:
            supervisor.turn()
        # As in a pid namespace: when the first process has ended, all others are killed.
        while world.threads:
            for pid in world.processes():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            supervisor.turn()
        return self._code

    def _end(self, status: int) -> None:
        self._code = _exit_code(status)

    def _forward(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._household.world.first, number)

    # ---- further programs

    def _hear(self) -> None:
        """Another program is wanted: its line, where its status is to be written, and its standard three come along."""
        received = self._control.receive()
        if received is None:
            self._household.supervisor.forget(self._control.fileno())
            return
        message, descriptors = received
        line, result = Kin.of(descriptors[0]), descriptors[1]
        try:
            self._start_another(ProcessSpec.from_json(message["process"]), line, result, descriptors[2:])
        except OSError as error:
            with contextlib.suppress(OSError):  # who asked has gone
                report(line, StepLog(), ContainerError("runtime.start-failed", reason=describe(error)))
            os.close(result)
        line.close()
        for descriptor in set(descriptors[2:]):
            os.close(descriptor)

    def _start_another(self, process: ProcessSpec, line: Connection, result: int, standard: Sequence[int]) -> None:
        becoming = Becoming(process, Tier.TRACED, standard, line, StepLog())
        thread, listener = starting.start(self._household.filter, _becoming(becoming, self._household.filter))

        def end(status: int) -> None:
            with contextlib.suppress(OSError):  # nobody may be waiting for it any more
                os.write(result, b"%d" % _exit_code(status))
            os.close(result)

        self._household.supervisor.take_in(thread, listener, end)
        with contextlib.suppress(OSError):  # it could not become its program, has said so, and nobody listens any more
            line.send({"pid": thread.pid})


def _exit_code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _becoming(becoming: Becoming, program: bytes, **options: Any) -> Callable[[], NoReturn]:
    """What the child of a start does behind the filter `program`: it becomes its own program, or says why not."""

    def become() -> NoReturn:
        try:
            becoming.log.add("traced", f"{len(program) // 8} instructions")
            journal.ask("setsid", os.setsid)
            becoming.log.add("session")
            becoming.go(**{"init": False, **options})
        except PydockError as error:
            becoming.log.fail(error)
            report(becoming.line, becoming.log, error)
        except BaseException as error:  # noqa: BLE001 - nothing may escape into the supervisor's code
            becoming.log.fail(error)
            report(becoming.line, becoming.log, ContainerError("runtime.start-failed", reason=describe(error)))
        os._exit(CANNOT_START)

    return become
