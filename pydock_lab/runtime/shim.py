"""The shim: one small process a container, its parent, for as long as it runs.

    engine <--- connection ---> shim ---- clone3 ---> the container's PID 1
                                 |  its output: log.jsonl, the engine's descriptors
                                 |  state.json, control.sock (kill, exec, attach, wait ...), published ports
                                 '- its exit status, which only a parent is told

A container in the foreground dies with the engine that asked for it: the connection closes, the shim kills. One in
the background (`-d`) lives on, and so does its shim: the engine may end, be restarted, and find both by
`control.sock`. If the shim is killed, the kernel kills PID 1 (PR_SET_PDEATHSIG), and with it everything in its pid
namespace. So nothing is ever left without somebody who will clean up after it.
"""

import contextlib
import json
import os
import select
import signal
import socket
import time
from pathlib import Path
from typing import Any

from pydock_lab.archive.diff import MarkedOwners
from pydock_lab.errors import IsolationError, PydockError
from pydock_lab.linux import syscalls
from pydock_lab.linux.cgroups import ControlGroup
from pydock_lab.linux.syscalls import Prctl
from pydock_lab.linux.tiers import Tier
from pydock_lab.network import hub
from pydock_lab.oci.runtime_spec import ContainerSpec, Mount
from pydock_lab.runtime import birth, init, state
from pydock_lab.runtime.birth import Child
from pydock_lab.runtime.commands import Commands
from pydock_lab.runtime.connectivity import Connectivity
from pydock_lab.runtime.control import Control
from pydock_lab.runtime.filesystem import make_stub
from pydock_lab.runtime.init import Task
from pydock_lab.runtime.logs import LOG_FILE, LogWriter
from pydock_lab.runtime.owners import NOBODY_ELSES
from pydock_lab.runtime.relay import Loop
from pydock_lab.runtime.state import Action, ContainerState, ProcessMark
from pydock_lab.runtime.stdio import Stdio
from pydock_lab.sandbox.protocol import Connection
from pydock_lab.sandbox.worker import Ground, Request
from pydock_lab.snapshot.jobs import pack_directory
from pydock_lab.snapshot.overlay import lock_upper, prepare_upper

EVENTS_FILE = "events.jsonl"
_INSTANT_MS = 1  # how long a program in the foreground may take to count as over before it began


def start(request: Request) -> dict[str, Any]:
    """The job: run a container until it ends; `{"exit_code": ..., "oom_killed": ...}`.

    Arguments: `spec` and `directory` (the container's own), `stub` (the lowest layer), `streams` (names of the
    descriptors that came along), `record` (keep state, log, events and a control socket), `detach`, `keep_input`.
    The event {"started": ..., "steps": [...]} comes first. Raises ContainerError, IsolationError, Conflict.
    """
    if request.tier is Tier.NONE:
        raise _nothing_to_stand_on(request)
    # The zygote's SIGTERM says that the engine has gone; we see that ourselves, and clean up first.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.setsid()
    syscalls.set_title("pydock-shim " + request.arguments["spec"]["id"])
    syscalls.prctl(Prctl.SET_CHILD_SUBREAPER)
    return Shim(request).run()


def warm() -> None:
    """Prepare what every start needs."""
    init.rehearse()
    ProcessMark.of(os.getpid())


def ready(tier: Tier) -> None:
    """In a worker that waits: have the child of the next container wait, too."""
    if tier is not Tier.NONE:
        birth.prepare(tier)
        _rehearse(tier)


def _rehearse(tier: Tier) -> None:
    """Take up a request as `start` does, up to where something would be done.

    After its child's birth: the memory that this writes to is no longer shared then, and need not be copied later.
    """
    arguments = {"spec": init.example(tier).to_json()["container"], "directory": "/", "stub": "/"}
    ours, theirs = map(Connection, socket.socketpair())
    ours.send({"job": "", "arguments": arguments}, [ours.fileno()])
    received = theirs.receive()
    if received is not None:
        os.close(received[1][0])
        Shim(Request(theirs, received[0], [], ground=Ground(tier=tier))).rehearse()
    ours.close()
    theirs.close()


def settled(tier: Tier) -> None:
    """Make what all containers share."""
    if tier is not Tier.NONE:
        birth.sweep()
        hub.found()


def abandoned() -> None:
    """In a worker that nobody asked for anything: let go what was prepared."""
    birth.abandon()


class Shim:
    """One container's life."""

    def __init__(self, request: Request) -> None:
        arguments = request.arguments
        self._request = request
        self._spec = ContainerSpec.from_json(arguments["spec"])
        self._directory = Path(arguments["directory"])
        self._stub: str = arguments["stub"]
        self._record: bool = arguments.get("record", False)
        self._detach: bool = arguments.get("detach", False)
        self._streams = dict(zip(arguments.get("streams", ()), request.descriptors, strict=False))
        self._loop = Loop()
        self._pack: dict[str, Any] | None = arguments.get("pack")
        self._layer = self._streams.pop("layer", -1)
        log = LogWriter(self._directory / LOG_FILE) if self._record else None
        self._stdio = Stdio(
            self._loop,
            self._streams,
            use_terminal=self._spec.process.terminal,
            log=log,
            keep_input=arguments.get("keep_input", False),
        )
        self._state = state.load(self._directory) if self._record else ContainerState()
        self._group: ControlGroup | None = None
        self._undo = contextlib.ExitStack()
        self._reachable = contextlib.ExitStack()

    def run(self) -> dict[str, Any]:
        """Start it, watch it, and clean up, whatever happens."""
        # Who asks how it ended must find either us or the answer: out of reach comes after written down.
        with self._reachable:
            try:
                return self._live_through()
            except PydockError as error:
                self._note_failure(error)
                raise

    def rehearse(self) -> None:
        """Find the words of a start, and send its task to nobody."""
        contents = Connectivity(self._spec, self._directory).contents()
        mounts = tuple(Mount(target=name) for name in contents)
        self._request.send(Task(tier=self._request.tier, container=self._spec, mounts=mounts).to_json())
        self._state.then(Action.START).to_json()

    def _live_through(self) -> dict[str, Any]:
        with self._undo:
            child, network = self._start()
            commands = self._commands(child)
            self._announce(child, network, commands)
            self._watch(commands)
            code = child.reap()
            self._stdio.finish()
            oom_killed = bool(self._group and self._group.was_out_of_memory())
            if code == 0 and self._pack is not None:
                # Here, where the privilege is: another worker would first have to be made.
                pack_directory(self._pack, self._layer, self._owners(child))
        result = {"exit_code": code, "oom_killed": oom_killed}
        self._note(Action.DIE, process=None, shim=None, finished_at=time.time(), **result)
        commands.finish(result)
        return result

    def _owners(self, child: Child) -> MarkedOwners | None:
        """Whose the files are, where all of them are one user's."""
        if self._request.tier is not Tier.ROOTLESS_SINGLE:
            return None
        return child.owners.marked if child.owners else NOBODY_ELSES

    def _commands(self, child: Child) -> Commands:
        return Commands(
            self._loop,
            child,
            self._stdio,
            group=self._group,
            tier=self._request.tier,
            on_status=self._note,
        )

    # ---- starting

    def _start(self) -> tuple[Child, Connectivity]:
        make_stub(self._stub, has_single_uid=self._request.tier is Tier.ROOTLESS_SINGLE)
        prepare_upper(self._spec.rootfs)
        for mount in self._spec.mounts:
            if mount.tree is not None:
                prepare_upper(mount.tree)
        if self._spec.rootfs.upper:
            self._undo.callback(os.close, lock_upper(self._spec.rootfs.upper))
        network = self._undo.enter_context(Connectivity(self._spec, self._directory))
        task = Task(
            tier=self._request.tier,
            container=self._spec,
            stub=self._stub,
            mounts=network.files(),
            tells_owners=self._pack is not None,
        )
        namespaces = init.clone_flags(self._spec)
        child = birth.take(self._request.tier, namespaces)
        try:
            self._limit(child)
        except IsolationError:
            child.kill()
            child.reap()
            raise
        if self._record:
            child.hold_namespaces(namespaces)
        network.connect(child.pid)
        child.become(task, self._stdio.prepare())
        self._stdio.connect(child.terminal)
        return child, network

    def _limit(self, child: Child) -> None:
        """Write the limits to the child's control group; say so where they cannot be in force."""
        if self._spec.cgroup_parent:
            birth.regroup(child, self._spec.cgroup_parent)
        self._group = child.group
        if self._group:
            self._request.afterwards.append(self._group.remove)
            if not self._group.limit(self._spec.limits):
                return
        if self._spec.limits:
            self._request.send({"noted": "runtime.no-limits"})

    # ---- running

    def _announce(self, child: Child, network: Connectivity, commands: Commands) -> None:
        """Write down that it runs, become reachable, and tell the engine, in this order.

        What has ended already in the foreground is only written down as ended: nobody could have reached it.
        """
        started: dict[str, Any] = {
            "started_at": time.time(),
            "finished_at": 0,
            "exit_code": 0,
            "error": None,
            "oom_killed": False,
            "address": network.address,
            "gateway": network.gateway,
            "ports": network.ports,
        }
        if self._record and (self._detach or not _has_ended(child, _INSTANT_MS)):
            control = Control(self._loop, self._directory, commands.table())
            self._reachable.callback(control.close)
            marks = {"process": ProcessMark.of(child.pid), "shim": ProcessMark.of(os.getpid())}
            self._note(Action.START, **marks, **started)
            self._write_steps(child)
        elif self._record:
            self._state = self._state.then(Action.START, **started)
            self._request.afterwards.append(lambda: self._write_steps(child))
        if self._detach:
            self._request.detach()
        with contextlib.suppress(OSError):
            self._request.send({"started": child.pid, "steps": child.steps})
        self._loop.watch(self._request.connection, lambda: self._hear_engine(commands))

    def _write_steps(self, child: Child) -> None:
        with (self._directory / EVENTS_FILE).open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(step) + "\n" for step in child.steps)

    def _hear_engine(self, commands: Commands) -> None:
        """What the engine that started the container says on the way: signals, the terminal's size; or it has gone."""
        received = self._request.connection.receive()
        if received is not None:
            message, descriptors = received
            commands.do(self._request.connection, message, descriptors)
            return
        self._loop.forget(self._request.connection)
        self._stdio.detach(self._streams)
        if not self._detach:
            commands.child.kill()

    def _watch(self, commands: Commands) -> None:
        ended = False
        if commands.child.owners:
            commands.child.owners.answer_in(self._loop)

        def end() -> None:
            nonlocal ended
            ended = True
            self._loop.forget(commands.child.pidfd)

        self._loop.watch(commands.child.pidfd, end)
        while not ended:
            self._loop.turn()

    # ---- writing down

    def _note(self, action: Action, **changes: Any) -> None:
        if self._record:
            self._state = self._state.then(action, **changes)
            state.save(self._directory, self._state)

    def _note_failure(self, error: PydockError) -> None:
        changes = {"error": error.to_json(), "exit_code": error.exit_status, "finished_at": time.time()}
        self._note(Action.DIE, **changes)


def _has_ended(child: Child, milliseconds: int) -> bool:
    poll = select.poll()
    poll.register(child.pidfd, select.POLLIN)
    return bool(poll.poll(milliseconds))


def _nothing_to_stand_on(request: Request) -> PydockError:
    last = request.refusals[-1] if request.refusals else None
    return IsolationError("runtime.no-isolation", facet="namespaces", call=last.call if last else "?")
