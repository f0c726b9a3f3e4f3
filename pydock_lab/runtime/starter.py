"""A start of a container, step by step: from a specification to a program that runs. See start.py for who does it."""

import contextlib
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from pydock_lab.errors import IsolationError, NotFound, PydockError
from pydock_lab.linux import syscalls
from pydock_lab.linux.cgroups import ControlGroup
from pydock_lab.linux.syscalls import Namespace
from pydock_lab.linux.tiers import Tier
from pydock_lab.network.inside import Wiring
from pydock_lab.oci.runtime_spec import ContainerSpec, NetworkMode, Rootfs
from pydock_lab.runtime import birth, demands, groups, init, sharing, state, surroundings
from pydock_lab.runtime.birth import Child
from pydock_lab.runtime.control import listen
from pydock_lab.runtime.etc_files import EtcFiles
from pydock_lab.runtime.health import HealthState
from pydock_lab.runtime.init import Task
from pydock_lab.runtime.life import Handed
from pydock_lab.runtime.plugging import Plugging
from pydock_lab.runtime.restart import RestartKind
from pydock_lab.runtime.state import Action, ContainerState, ProcessMark
from pydock_lab.runtime.stdio import Ends, make_ends
from pydock_lab.runtime.steplog import Step, StepLog, in_order
from pydock_lab.runtime.supervision import Supervision
from pydock_lab.snapshot import copying
from pydock_lab.snapshot.copying import Sharing
from pydock_lab.snapshot.overlay import lock_upper, prepare_upper
from pydock_lab.snapshot.stub import make_stub
from pydock_lab.store import happenings

_INSTANT_SECONDS = 0.001  # how long a program in the foreground may take to count as over before it began
# What a shim has to hear of: the container's end, who knocks, what its program writes, who types, who asks for owners.
_WAKERS = ("process", "control", "oom", "io:master", "io:stdout", "io:stderr", "engine:stdin", "owner:listener")
# ... who knocks at its ports, who asks for names.
_WAKING_KIND = "net:"

Tell: TypeAlias = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """A container that runs: what its shim has to know, its state, its control group, and descriptors.

    `handed` names these; those that a shim has to hear of are the first. `husk` is as in `Child`, for our keeper.
    """

    handed: Handed
    state: ContainerState
    group: ControlGroup | None
    descriptors: list[int]
    husk: int = 0

    @property
    def wakers(self) -> int:
        """How many of the descriptors a shim has to hear of."""
        return sum(map(wakes, self.handed.names))

    def to_json(self) -> dict[str, Any]:
        """Plain data, without the descriptors, for a shim in another process."""
        group = self.group.to_json() if self.group else None
        return {"handed": self.handed.to_json(), "state": self.state.to_json(), "group": group}

    @classmethod
    def from_json(cls, document: Mapping[str, Any], descriptors: list[int]) -> "Started":
        """What `to_json` gave, and the descriptors that came along."""
        group = ControlGroup.from_json(document["group"]) if document["group"] else None
        handed, now = Handed.from_json(document["handed"]), ContainerState.from_json(document["state"])
        return cls(handed=handed, state=now, group=group, descriptors=descriptors)


def wakes(name: str) -> bool:
    """Whether a shim has to hear of the descriptor of that name."""
    return name in _WAKERS or name.startswith(_WAKING_KIND)


class Starter:
    """One start of a container; `tell` reaches the engine, `host_mounts` is the host's mount namespace (-1: ours).

    `adopt` makes somebody wait for the end of the container, by its pid, pidfd and husk, while it is still being made:
    nobody has to wait for him when it has ended. `meanwhile` is done while that happens.
    `tell_with_end` reaches the engine no later than the word of its end, which is there already.
    """

    def __init__(
        self, arguments: Mapping[str, Any], streams: dict[str, int], tier: Tier, tell: Tell, *, host_mounts: int = -1
    ) -> None:
        self._host_mounts = host_mounts
        self.adopt: Callable[[int, int, int], None] | None = None
        self.meanwhile: Callable[[], None] = lambda: None
        self.tell_with_end = tell
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
        self._began = 0.0  # as time.time() has it
        self._log = StepLog(is_outside=True)
        self._steps: list[Step] = []
        self._steps_file: str = arguments.get("steps", "")

    def rehearse(self) -> None:
        """Find the words of a start, and send its task to nobody."""
        Plugging(self._spec, self._directory, self._log).rehearse()
        mounts = EtcFiles(self._spec, self._directory).mounts()
        self._tell(Task(tier=self._tier, container=self._spec, mounts=mounts).to_brief())
        self._state.then(Action.START).to_json()

    def start(self) -> Started:
        """Start it; raises PydockError, which is written down then, and NotFound where it has been removed."""
        try:
            return self._start()
        except (PydockError, OSError) as error:
            if self._record and not self._directory.exists():
                # `docker rm` came in between, whatever was the first to miss a file.
                raise NotFound("runtime.removed-meanwhile", container=self._directory.name[:12]) from error
            if isinstance(error, OSError):
                raise
            self._error = error
            theirs = self._child.steps if self._child else []
            if not any("failed" in step for step in theirs):
                self._log.fail(error)
            self._steps = in_order(self._log.steps, theirs)
            changes = {"error": error.to_json(), "exit_code": error.exit_status, "finished_at": time.time()}
            self._note(Action.DIE, **changes)
            raise

    def clean_up(self) -> None:
        """It could not be started: remove what was made for it."""
        if self._group:
            self._group.remove()

    def _start(self) -> Started:
        self._log.begin("demands")
        for note in demands.check(self._spec, self._tier):
            self._tell(note)
        self._spec = demands.settled(self._spec, self._tier)
        self._log.begin("upper", self._spec.rootfs.upper)
        self._prepare_files()
        ends = make_ends(
            self._streams,
            use_terminal=self._spec.process.terminal,
            piped=self._record,
            keep_input=self._keep_input,
        )
        with contextlib.ExitStack() as undo:
            network = undo.enter_context(Plugging(self._spec, self._directory, self._log))
            joined, trees = self._take_hold()
            self._child = child = self._bear(joined)
            undo.callback(child.end)
            # Its birth is told by itself, and by who bore it.
            self._log.skip()
            self._log.begin("limits")
            # Before it is told its task: no program begins without its limits.
            self._limit(child)
            self._keep_from_devices(child)
            network.hold(child)
            self._log.begin("network-files")
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
            entered = [one for name, one in joined.items() if name != "pid"]
            wire = (lambda: self._wire(network)) if network.has_cables else None
            self._began = time.time()  # whatever the program does is later, however late we hear that it runs
            child.tell(task, [*ends.theirs, *entered, *trees.values()])
            if self.adopt:
                self.adopt(child.pid, child.pidfd, child.husk)
            child.run(wire, self.meanwhile)
            # What cannot be written down must not run: nobody would find it.
            self._announce(child, network)
            undo.pop_all()
        return self._started(child, network, ends)

    def _take_hold(self) -> tuple[dict[str, int], dict[str, int]]:
        """Descriptors of what it shares with others: their namespaces, and trees that go on belonging to the host's."""
        if not self._tier.has_namespaces:
            return {}, {}
        self._log.begin("share")
        joined = sharing.joins(self._spec, self._directory)
        self._log.begin("hold")
        trees = sharing.trees(self._spec, self._tier, self._host_mounts)
        if trees:
            self._log.add("hold", " ".join(trees), targets=list(trees))
        return joined, trees

    def _wire(self, network: Plugging) -> Wiring:
        self._log.skip()
        self._log.begin("connect")
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
            with contextlib.suppress(FileExistsError):
                os.mkdir(rootfs.work)
            # flock(2) belongs to the open file: it goes over to the shim with the descriptor, and outlives us.
            self._held["lock"] = lock_upper(rootfs.upper if os.path.isdir(rootfs.upper) else rootfs.work)
        self._log.add("upper", rootfs.upper)

    def _prepare_tree(self, tree: Rootfs) -> None:
        """Make what an overlay needs, or, on a file system that cannot have one, a copy."""
        if copying.is_materialised(tree.mountpoint):
            return
        try:
            # A container that has been removed meanwhile is not to have folders again, without a record of it.
            prepare_upper(tree, parents=not self._record)
        except IsolationError as error:
            self._tell({"noted": "snapshot.copied", "fields": dict(error.fields)})
            copying.materialise(tree, sharing=Sharing.COPIES, stub=self._stub)

    def _bear(self, joined: Mapping[str, int]) -> Child:
        """The child that waits, if it is fit, else a new one; its namespaces, and those that it enters, are held."""
        if self._tier is Tier.TRACED:
            from pydock_lab.runtime.traced import birth as traced  # noqa: PLC0415 - the zygote has it (start.settled)

            supervisor = traced.bear(groups.make_for(self._spec, self._log))
            self._group = supervisor.group
            return supervisor
        wanted = init.clone_flags(self._spec)
        mode = self._spec.network.mode
        # The host's network is not that of a user namespace: who left it cannot come back.
        may_change = mode is NetworkMode.CONTAINER or (mode is NetworkMode.HOST and not self._tier.in_user_namespace)
        owns_groups = not init.is_shared(self._spec.namespaces.cgroup)

        def fits(namespaces: Namespace) -> bool:
            # An init never becomes a program: its husk would never end.
            if not (owns_groups and groups.fits(self._spec)) or "pid" in joined or self._spec.init:
                return False
            return namespaces == wanted or (may_change and namespaces == wanted | Namespace.NET)

        child = birth.take(fits)
        if child is None:
            if "pid" in joined:
                syscalls.setns(joined["pid"], Namespace.PID)  # for our children; we stay where we are
                self._log.add("share", "pid", entered=f"pid:[{os.fstat(joined['pid']).st_ino}]")
            group = groups.make_for(self._spec, self._log)
            self._log.begin("clone")
            child = birth.bear(self._tier, wanted, group, owns_groups=owns_groups)
        self._group = child.group
        if self._record or Namespace.PID not in wanted:
            child.namespaces = {name: one for name, one in joined.items() if name != "shm"}
            child.hold_namespaces(wanted)
        return child

    def _limit(self, child: Child) -> None:
        """Write the limits to the child's control group; say which cannot be in force."""
        for note in groups.limit(child.group, self._spec.limits):
            self._tell(note)
        if self._spec.limits and child.group:
            self._log.add("limits")
        if self._record and child.group and self._spec.limits.memory:
            with contextlib.suppress(OSError):
                self._held["oom"] = child.group.watch().fileno()

    def _keep_from_devices(self, child: Child) -> None:
        process = groups.without_devices(self._spec.process, child.group, self._tier)
        if process is not self._spec.process:
            self._tell({"noted": "runtime.no-device-policy", "fields": {}})
            self._spec = replace(self._spec, process=process)

    # ---- telling

    def _announce(self, child: Child, network: Plugging) -> None:
        """Write down that it runs, become reachable, and tell the engine, in this order.

        What has ended already in the foreground is only written down as ended: nobody could have reached it.
        """
        changes: dict[str, Any] = {
            "started_at": self._began,
            "finished_at": 0,
            "exit_code": 0,
            "error": None,
            "oom_killed": False,
            "by_hand": False,
            "restarts": self._state.restarts + 1 if self._is_again else 0,
            "health": HealthState() if self._supervision.health else None,
            **network.plugged.facts(),
        }
        about, tell = self._supervision, self._tell
        self._steps = steps = in_order(self._log.steps, child.steps)
        if self._record:
            comes_back = self._supervision.restart.kind is not RestartKind.NO
            lives = self._detach or comes_back or not child.has_ended(_INSTANT_SECONDS)
            if lives:
                network.announce()
                if not self._is_again:
                    self._held["control"] = listen(self._directory)
                # Our parent is the keeper, which stays.
                marks = {"process": ProcessMark.of(child.program or child.pid), "shim": ProcessMark.of(os.getppid())}
                self._note(Action.START, **marks, **changes)
            else:
                self._state, tell = self._state.then(Action.START, **changes), self.tell_with_end
        happenings.tell(about.events, "container", "start", self._spec.id, about.attributes, at=self._began)
        for note in (*child.notes, *({"noted": key} for key in network.notes)):
            self._tell(note)
        with contextlib.suppress(OSError):
            tell({"started": child.program or child.pid, "steps": steps if self._tell_steps else []})

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
            "ground": surroundings.steps(),
            "steps": self._steps,
        }
        with contextlib.suppress(OSError), open(self._steps_file, "w", encoding="utf-8") as file:
            file.write(json.dumps(document))

    def _note(self, action: Action, **changes: Any) -> None:
        if self._record:
            self._state = self._state.then(action, **changes)
            state.save(self._directory, self._state)

    # ---- handing over

    def _started(self, child: Child, network: Plugging, ends: Ends) -> Started:
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
        held = dict(sorted(held.items(), key=lambda item: not wakes(item[0])))
        handed = Handed(
            pid=child.pid,
            names=tuple(held),
            newcomer=newcomer,
            network=network.plugged,
        )
        descriptors = list(held.values())
        return Started(handed=handed, state=self._state, group=child.group, descriptors=descriptors, husk=child.husk)
