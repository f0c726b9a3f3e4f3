"""Starting a container: the job of a worker, from a specification to a program that runs; then its shim goes on.

    engine --- spec, descriptors ---> worker: files, network, limits
                                        |--- task ---> the child that waits (birth.py, init.py)
                                        |<-- silence: it has become its program
                                        '--- Handed ---> its keeper, which is the shim from now on (shim.py)

The worker ends then, and its memory is free again: what a container costs while it runs is its shim, which has hardly
looked at anything yet. A restart is the same once more, with a worker that the shim makes.
"""

import contextlib
import json
import os
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from pydock_lab.errors import IsolationError, PydockError
from pydock_lab.linux import syscalls
from pydock_lab.linux.cgroups import ControlGroup
from pydock_lab.linux.syscalls import Namespace
from pydock_lab.linux.tiers import Refusal, Tier
from pydock_lab.network import hub
from pydock_lab.network.inside import Wiring
from pydock_lab.oci.runtime_spec import ContainerSpec, NetworkMode, PublishedPort, Rootfs
from pydock_lab.runtime import birth, demands, groups, init, sharing, state, surroundings
from pydock_lab.runtime.birth import Child
from pydock_lab.runtime.control import SOCKET_FILE, dial, listen
from pydock_lab.runtime.etc_files import EtcFiles
from pydock_lab.runtime.filesystem import make_stub
from pydock_lab.runtime.health import HealthState
from pydock_lab.runtime.init import Task
from pydock_lab.runtime.life import Handed
from pydock_lab.runtime.plugged import Plugged
from pydock_lab.runtime.plugging import Plugging
from pydock_lab.runtime.restart import RestartKind
from pydock_lab.runtime.state import Action, ContainerState, ProcessMark
from pydock_lab.runtime.stdio import Ends, make_ends
from pydock_lab.runtime.steplog import Step, StepLog, in_order
from pydock_lab.runtime.supervision import Supervision
from pydock_lab.runtime.traced import birth as traced
from pydock_lab.sandbox.ground import Heritage
from pydock_lab.sandbox.protocol import Connection
from pydock_lab.sandbox.worker import HandOver, Request
from pydock_lab.snapshot import copying
from pydock_lab.snapshot.copying import Sharing
from pydock_lab.snapshot.overlay import lock_upper, prepare_upper
from pydock_lab.store import happenings

MINDFUL = ("start",)
_INSTANT_SECONDS = 0.001  # how long a program in the foreground may take to count as over before it began
_HEIR_SECONDS = 1.0
_WATCH = "pydock_lab.runtime.shim:watch"
# What a shim has to hear of: the container's end, who knocks, what its program writes, who types, who asks for owners.
_WAKERS = ("process", "control", "oom", "io:master", "io:stdout", "io:stderr", "engine:stdin", "owner:listener")
# ... who knocks at its ports, who asks for names.
_WAKING_KIND = "net:"

Tell: TypeAlias = Callable[[Mapping[str, Any]], None]


def start(request: Request) -> Any:
    """The job: start a container; its shim then answers with `{"exit_code": ..., "oom_killed": ...}`.

    Arguments: `spec` and `directory` (the container's own), `stub` (the lowest layer), `streams` (names of the
    descriptors that came along), `record` (keep state, log, steps and a control socket), `detach`, `keep_input`, `pack`
    (what to make a layer of), `supervision`. The events {"noted": ...} and {"started": pid} come first. Raises
    ContainerError, IsolationError, Conflict.
    """
    if request.tier is Tier.NONE:
        raise _nothing_to_stand_on(request.refusals)
    streams = dict(zip(request.arguments.get("streams", ()), request.descriptors, strict=False))
    starter = Starter(request.arguments, streams, request.tier, request.send, host_mounts=request.host_mounts)
    if request.line is not None and not request.arguments.get("detach", False):
        starter.adopt = request.line.adopt
    try:
        handed, held = starter.start()
    except BaseException:
        request.afterwards.append(starter.clean_up)
        if request.arguments.get("record", False):
            request.afterwards.append(starter.write_steps)
        raise
    if request.arguments.get("record", False):
        request.afterwards.append(starter.write_steps)
    if not request.arguments.get("detach", False):
        return _stay(request, handed, held)
    return HandOver(
        go_on=_WATCH,
        title=f"pydock-shim {request.arguments['spec']['id']}",
        arguments=request.arguments | {"handed": handed},
        descriptors=list(held.values()),
        wakers=sum(map(_wakes, held)),
        seconds=0 if handed["checks"] else None,
        detached=True,
    )


def _stay(request: Request, handed: dict[str, Any], held: dict[str, int]) -> Any:
    """In the foreground: who has started it watches it, being awake and at home; most such containers end soon."""
    from pydock_lab.runtime.shim import Shim  # noqa: PLC0415 - it starts containers again, with a Starter

    request.arguments["handed"] = handed
    request.descriptors = list(held.values())
    return Shim(request).run()


def warm() -> None:
    """Prepare what every start needs, and every shim."""
    init.rehearse()
    mark = ProcessMark.of(os.getpid())
    running = ContainerState(process=mark, shim=mark).then(Action.START)
    ContainerState.from_json(running.to_json())
    Supervision.from_json(Supervision().to_json())
    Handed.from_json(Handed(pid=0, names=(), network=Plugged(ports=(PublishedPort(container_port=0),))).to_json())


def inherit(store: str, wanted: str) -> Heritage | None:
    """In what becomes a zygote: the ground and the hub of containers that live though their zygote was killed.

    Of those on the ground that is `wanted`, if one is named.
    """
    for path in sorted(Path(store, "containers").glob(f"*/{SOCKET_FILE}")):
        with contextlib.suppress(OSError):  # its shim has gone, or hangs
            connection = dial(path.parent)
            with contextlib.closing(connection):
                connection.socket.settimeout(_HEIR_SECONDS)
                connection.send({"do": "hub", "tier": wanted})
                received = connection.receive()
            if received is not None and received[1]:
                users, *descriptors = received[1]
                hub.adopt(descriptors)
                return Heritage(tier=Tier(received[0]["result"]), users=users)
    return None


def ready(tier: Tier, hurried: bool) -> None:  # noqa: FBT001 - a hook
    """In a worker that waits: have the child of the next container wait, too."""
    if tier.has_namespaces:
        birth.prepare(tier, is_hurried=hurried)
        if not hurried:
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
        Starter(received[0]["arguments"], {}, tier, theirs.send).rehearse()
    ours.close()
    theirs.close()


def settled(tier: Tier) -> None:
    """Make what all containers share."""
    if tier is not Tier.NONE:
        groups.sweep()
        surroundings.look()
    if tier.has_namespaces:
        hub.found()


def bereaved() -> None:
    """After a shim was killed: remove what it would have removed."""
    groups.sweep()


def abandoned() -> None:
    """In a worker that nobody asked for anything: let go what was prepared."""
    birth.abandon()


class Starter:
    """One start of a container; `tell` reaches the engine, `host_mounts` is the host's mount namespace (-1: ours).

    `adopt` makes somebody wait for the end of the container, by its pid and pidfd, before it begins: so that nobody has
    to wait for him when it has ended.
    """

    def __init__(
        self, arguments: Mapping[str, Any], streams: dict[str, int], tier: Tier, tell: Tell, *, host_mounts: int = -1
    ) -> None:
        self._host_mounts = host_mounts
        self.adopt: Callable[[int, int], None] | None = None
        self._spec = ContainerSpec.from_json(arguments["spec"])
        self._directory = Path(arguments["directory"])
        self._stub: str = arguments["stub"]
        self._record: bool = arguments.get("record", False)
        self._detach: bool = arguments.get("detach", False)
        self._keep_input: bool = arguments.get("keep_input", False)
        self._tell_steps: bool = arguments.get("tell_steps", False)
        self._tells_owners: bool = arguments.get("pack") is not None
        self._is_again: bool = arguments.get("is_again", False)
        self._supervision = Supervision.from_json(arguments.get("supervision") or {})
        self._streams, self._tier, self._tell = streams, tier, tell
        self._state = state.load(self._directory) if self._record else ContainerState()
        self._held: dict[str, int] = {}
        self._group: ControlGroup | None = None
        self._child: Child | None = None
        self._error: PydockError | None = None
        self._log = StepLog()
        self._steps: list[Step] = []
        self._steps_file: str = arguments.get("steps", "")

    def rehearse(self) -> None:
        """Find the words of a start, and send its task to nobody."""
        Plugging(self._spec, self._directory).rehearse()
        mounts = EtcFiles(self._spec, self._directory).mounts()
        self._tell(Task(tier=self._tier, container=self._spec, mounts=mounts).to_json())
        self._state.then(Action.START).to_json()

    def start(self) -> tuple[dict[str, Any], dict[str, int]]:
        """Start it: what to hand over, and the descriptors by name, those that a shim has to hear of first.

        Raises PydockError, which is written down then.
        """
        try:
            return self._start()
        except PydockError as error:
            self._error = error
            self._steps = in_order(self._log.steps, self._child.steps if self._child else ())
            changes = {"error": error.to_json(), "exit_code": error.exit_status, "finished_at": time.time()}
            self._note(Action.DIE, **changes)
            raise

    def clean_up(self) -> None:
        """It could not be started: remove what was made for it."""
        if self._group:
            self._group.remove()

    def _start(self) -> tuple[dict[str, Any], dict[str, int]]:
        for note in demands.check(self._spec, self._tier):
            self._tell(note)
        self._spec = demands.settled(self._spec, self._tier)
        self._prepare_files()
        ends = make_ends(
            self._streams,
            use_terminal=self._spec.process.terminal,
            piped=self._record,
            keep_input=self._keep_input,
        )
        with contextlib.ExitStack() as undo:
            network = undo.enter_context(Plugging(self._spec, self._directory))
            if network.has_cables:
                self._log.add("bridge", self._spec.network.title)
            has_namespaces = self._tier.has_namespaces
            joined = sharing.joins(self._spec, self._directory) if has_namespaces else {}
            trees = sharing.trees(self._spec, self._tier, self._host_mounts) if has_namespaces else {}
            self._child = child = self._bear(joined)
            undo.callback(child.end)
            self._limit(child)
            network.hold(child)
            mounts = network.files()
            self._log.add("network-files", " ".join(one.target for one in mounts))
            task = Task(
                tier=self._tier,
                container=self._spec,
                stub=self._stub,
                mounts=mounts,
                is_wired=network.has_cables,
                joins=tuple(name for name in joined if name != "pid"),
                trees=tuple(trees),
                tells_owners=self._tells_owners,
            )
            if self.adopt:
                self.adopt(child.pid, child.pidfd)
            entered = [one for name, one in joined.items() if name != "pid"]
            wire = (lambda: self._wire(network)) if network.has_cables else None
            child.become(task, [*ends.theirs, *entered, *trees.values()], wire)
            undo.pop_all()
        self._announce(child, network)
        return self._handed(child, network, ends)

    def _wire(self, network: Plugging) -> Wiring:
        self._log.skip()
        wiring = network.plug()
        for one in network.plugged.endpoints:
            self._log.add("connect", one.address, network=one.name, gateway=one.gateway)
        return wiring

    def _prepare_files(self) -> None:
        rootfs = self._spec.rootfs
        make_stub(self._stub, has_single_uid=self._tier.has_single_id)
        if self._tier is not Tier.TRACED:
            for tree in (rootfs, *(mount.tree for mount in self._spec.mounts if mount.tree is not None)):
                self._prepare_tree(tree)
        if rootfs.upper:
            os.makedirs(rootfs.work, exist_ok=True)
            self._held["lock"] = lock_upper(rootfs.upper if os.path.isdir(rootfs.upper) else rootfs.work)
        self._log.add("upper", rootfs.upper)

    def _prepare_tree(self, tree: Rootfs) -> None:
        """Make what an overlay needs, or, on a file system that cannot have one, a copy."""
        if copying.is_materialised(tree.mountpoint):
            return
        try:
            prepare_upper(tree)
        except IsolationError as error:
            self._tell({"noted": "snapshot.copied", "fields": dict(error.fields)})
            copying.materialise(tree, sharing=Sharing.COPIES, stub=self._stub)

    def _bear(self, joined: Mapping[str, int]) -> Child:
        """The child that waits, if it is fit, else a new one; its namespaces, and those that it enters, are held."""
        if self._tier is Tier.TRACED:
            supervisor = traced.bear(groups.make_for(self._spec))
            self._group = supervisor.group
            return supervisor
        wanted = init.clone_flags(self._spec)
        mode = self._spec.network.mode
        # The host's network is not that of a user namespace: who left it cannot come back.
        may_change = mode is NetworkMode.CONTAINER or (mode is NetworkMode.HOST and not self._tier.in_user_namespace)
        owns_groups = not init.is_shared(self._spec.namespaces.cgroup)

        def fits(namespaces: Namespace) -> bool:
            if not (owns_groups and groups.fits(self._spec)) or "pid" in joined:
                return False
            return namespaces == wanted or (may_change and namespaces == wanted | Namespace.NET)

        child = birth.take(fits)
        if child is None:
            if "pid" in joined:
                syscalls.setns(joined["pid"], Namespace.PID)  # for our children; we stay where we are
            child = birth.bear(self._tier, wanted, groups.make_for(self._spec), owns_groups=owns_groups)
        self._group = child.group
        if self._record or Namespace.PID not in wanted:
            child.namespaces = {name: one for name, one in joined.items() if name != "shm"}
            child.hold_namespaces(wanted)
        return child

    def _limit(self, child: Child) -> None:
        """Write the limits to the child's control group; say which cannot be in force."""
        for note in groups.limit(child.group, self._spec.limits):
            self._tell(note)
        if self._spec.limits:
            self._log.add("limits")
        if self._record and child.group and self._spec.limits.memory:
            with contextlib.suppress(OSError):
                self._held["oom"] = child.group.watch().fileno()

    # ---- telling

    def _announce(self, child: Child, network: Plugging) -> None:
        """Write down that it runs, become reachable, and tell the engine, in this order.

        What has ended already in the foreground is only written down as ended: nobody could have reached it.
        """
        changes: dict[str, Any] = {
            "started_at": time.time(),
            "finished_at": 0,
            "exit_code": 0,
            "error": None,
            "oom_killed": False,
            "by_hand": False,
            "restarts": self._state.restarts + 1 if self._is_again else 0,
            "health": HealthState() if self._supervision.health else None,
            **network.plugged.facts(),
        }
        if self._record:
            comes_back = self._supervision.restart.kind is not RestartKind.NO
            lives = self._detach or comes_back or not child.has_ended(_INSTANT_SECONDS)
            if lives:
                network.announce()
                if not self._is_again:
                    self._held["control"] = listen(self._directory)
                marks = {"process": ProcessMark.of(child.program or child.pid), "shim": ProcessMark.of(os.getppid())}
                self._note(Action.START, **marks, **changes)
            else:
                self._state = self._state.then(Action.START, **changes)
        about = self._supervision
        happenings.tell(about.events, "container", "start", self._spec.id, about.attributes)
        self._steps = steps = in_order(self._log.steps, child.steps)
        for note in (*child.notes, *({"noted": key} for key in network.notes)):
            self._tell(note)
        with contextlib.suppress(OSError):
            self._tell({"started": child.program or child.pid, "steps": steps if self._tell_steps else []})

    def write_steps(self) -> None:
        """Write down what the start consisted of: nobody waits for it, and where it cannot be kept it is not."""
        document = {
            "format": 1,
            "container": self._spec.id,
            "about": dict(self._supervision.attributes),
            "command": list(self._spec.process.args),
            "tier": self._tier,
            "started_at": self._state.finished_at if self._error else self._state.started_at,
            "error": self._error.to_json() if self._error else None,
            "root": sorted(surroundings.names_in(self._spec.rootfs)),
            "outside": surroundings.seen(),
            "steps": self._steps,
        }
        with contextlib.suppress(OSError), open(self._steps_file, "w", encoding="utf-8") as file:
            file.write(json.dumps(document))

    def _note(self, action: Action, **changes: Any) -> None:
        if self._record:
            self._state = self._state.then(action, **changes)
            state.save(self._directory, self._state)

    # ---- handing over

    def _handed(self, child: Child, network: Plugging, ends: Ends) -> tuple[dict[str, Any], dict[str, int]]:
        if child.terminal >= 0:
            ends.ours["master"] = child.terminal
        held = self._held | {"process": child.pidfd}
        held |= {f"ns:{name}": one for name, one in child.namespaces.items()}
        held |= network.descriptors(child.sockets)
        held |= {f"io:{name}": one for name, one in ends.ours.items()}
        if not ends.is_direct:
            # Else the program has them itself: whoever reads is to hear of its end, not of ours.
            feeds = {"master", "stdin"} & ends.ours.keys()
            unneeded = {"layer"} if feeds else {"layer", "stdin"}
            held |= {f"engine:{name}": one for name, one in self._streams.items() if name not in unneeded}
        if "layer" in self._streams:
            held["layer"] = self._streams["layer"]
        newcomer: tuple[int, ...] = ()
        if child.owner:
            (listener, root), ids = child.owner
            held |= {"owner:listener": listener, "owner:root": root}
            newcomer = tuple(ids)
        held = dict(sorted(held.items(), key=lambda item: not _wakes(item[0])))
        handed = Handed(
            pid=child.pid,
            names=tuple(held),
            group=child.group.to_json() if child.group else None,
            newcomer=newcomer,
            network=network.plugged,
        )
        checks = self._supervision.health is not None
        return {"life": handed.to_json(), "state": self._state.to_json(), "checks": checks}, held


def _wakes(name: str) -> bool:
    return name in _WAKERS or name.startswith(_WAKING_KIND)


def _nothing_to_stand_on(refusals: tuple[Refusal, ...]) -> PydockError:
    last = refusals[-1] if refusals else None
    return IsolationError("runtime.no-isolation", facet="namespaces", call=last.call if last else "?")
