"""The shim: one small process a container, its parent, for as long as it runs.

    engine <--- connection ---> shim ---- parent of ---> the container's PID 1
                                 |  its output: log.jsonl, the engine's descriptors
                                 |  state.json, control.sock (kill, stop, exec, attach, wait ...), published ports
                                 |  health checks, restarts (a worker of its own starts the container again)
                                 '- its exit status, which only a parent is told

A container in the foreground dies with the engine that asked for it: the connection closes, the shim kills. One in
the background (`-d`) lives on, and so does its shim: the engine may end, be restarted, and find both by
`control.sock`. If the shim is killed, the kernel kills PID 1 (PR_SET_PDEATHSIG), and with it everything in its pid
namespace. So nothing is ever left without somebody who will clean up after it.

In the background it is the keeper of the worker that started the container, and begins where that one ends. In the
foreground it is that worker itself, and the keeper tells it of the end (sandbox/keeper.py).
"""

import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from pydock_lab.archive.diff import NOBODY_ELSES, MarkedOwners
from pydock_lab.errors import PydockError
from pydock_lab.linux.cgroups.watch import OomWatch
from pydock_lab.linux.descriptors import can_be_read
from pydock_lab.linux.tiers import Tier
from pydock_lab.oci.runtime_spec import ContainerSpec, Limits, ProcessSpec
from pydock_lab.runtime import init, restart, sharing, state
from pydock_lab.runtime.checking import Checking
from pydock_lab.runtime.commands import Commands
from pydock_lab.runtime.connectivity import Connectivity
from pydock_lab.runtime.control import Control, reply
from pydock_lab.runtime.farewell import Farewell
from pydock_lab.runtime.health import HealthState
from pydock_lab.runtime.life import Life
from pydock_lab.runtime.logs import LOG_FILE, LogWriter
from pydock_lab.runtime.loop import Family, Handler, Loop, end_status
from pydock_lab.runtime.owners import Owners
from pydock_lab.runtime.restart import RestartPolicy
from pydock_lab.runtime.signals import number_of
from pydock_lab.runtime.starter import Started, Starter
from pydock_lab.runtime.state import Action
from pydock_lab.runtime.stdio import Stdio
from pydock_lab.runtime.supervision import Supervision
from pydock_lab.sandbox import keeper
from pydock_lab.sandbox.keeper import Doze, Line
from pydock_lab.sandbox.protocol import Connection
from pydock_lab.sandbox.worker import Request
from pydock_lab.snapshot import copying, unmarkable
from pydock_lab.snapshot.jobs import delete, opaque, pack_directory
from pydock_lab.store import happenings
from pydock_lab.store.active import Active

_COUNTED_SECONDS = 0.1  # after which a kill for lack of memory has surely been counted


def watch(request: Request) -> dict[str, Any]:
    """The job: watch a container that has just been started; `{"exit_code": ..., "oom_killed": ...}`.

    The arguments are those of `start.start`, and what has been `Started`.
    """
    return Shim(request).watch(Started.from_json(request.arguments["started"], request.descriptors))


class Shim:
    """One container's parent: through all its lives, where it has a restart policy."""

    def __init__(self, request: Request) -> None:
        arguments = request.arguments
        self._request, self._arguments = request, arguments
        self.tier = request.tier
        self.directory: str = arguments["directory"]
        self._record: bool = arguments.get("record", False)
        self._is_detached: bool = arguments.get("detach", False)
        self._supervision = Supervision.from_json(arguments.get("supervision") or {})
        self._spec = ContainerSpec.from_json(arguments["spec"])
        self.stop_signal = number_of(self._spec.stop_signal)
        self.loop = Loop()
        self.family = Family(self.loop)
        self._pack: dict[str, Any] | None = arguments.get("pack")
        self._log = LogWriter(os.path.join(self.directory, LOG_FILE), self._supervision.log) if self._record else None
        self._by_hand = False
        self._is_stopping = False
        self._farewells: list[Farewell] = []
        self._engine: Farewell | None = None
        self._pause = 0.0
        self.commands = Commands(self)
        self._control: Control | None = None

    # ---- one life

    def _take_up(self, started: Started) -> None:
        """Begin to watch what has just been started."""
        self._exit_code: int | None = None
        self.state = started.state
        self.life = life = Life(started.handed, started.descriptors, started.group)
        self.stdio = Stdio(self.loop, life.of_kind("io:"), self._log)
        self.streams = life.of_kind("engine:")
        keys = bytes.fromhex(self._arguments.get("detach_keys", ""))
        self.stdio.attach(self.streams, keys=keys, let_go=self._be_left_alone)
        self._answer_for_owners()
        self._expect_end()
        self.network = self._connectivity(life)
        self.network.serve(self.loop)
        self.family.bury()  # the worker is ending, and the container may have ended already
        self._kills = 0
        self._oom = OomWatch(life.of_kind("oom")[""]) if life.of_kind("oom") else None
        if self._oom:
            self.loop.watch(self._oom, self._hear_of_memory)
        self._checking = Checking(self, self._supervision.health) if self._supervision.health else None

    def _connectivity(self, life: Life) -> Connectivity:
        held = {f"net:{name}": one for name, one in life.of_kind("net:").items()}
        namespace = life.of_kind("ns:").get("net", -1)
        return Connectivity(self._spec, Path(self.directory), life.plugged, held, namespace)

    def _answer_for_owners(self) -> None:
        owner = self.life.of_kind("owner:")
        self._owners = None
        if owner:
            newcomer = (self.life.newcomer[0], self.life.newcomer[1])
            self._owners = Owners(owner["listener"], owner["root"], newcomer=newcomer)
            self._owners.answer_in(self.loop)

    def _expect_end(self) -> None:
        line = self._request.line
        if line is None:
            self.family.expect(self.life.pid, self._end)
            return
        # We are the worker that started it, and not its parent: our keeper is, and tells us (see Starter.adopt).
        self.loop.watch(line, self._hear_keeper)

    def _hear_keeper(self) -> None:
        line = self._request.line
        assert line is not None  # noqa: S101 - for mypy; it is watched
        self.loop.forget(line)
        status = line.ended()
        self._request.line = None
        # No status: the keeper was killed, and the kernel has killed its child (PR_SET_PDEATHSIG).
        self._end(end_status(signal.SIGKILL if status is None else status))

    def _end(self, code: int) -> None:
        self._exit_code = code

    def _listen(self) -> Control | None:
        listener = self.life.of_kind("control").get("")
        if listener is None:
            return None
        return Control(self.loop, listener, self.directory, self.commands.table(), self.tier)

    def _live(self) -> dict[str, Any]:
        """Until it has ended: how."""
        while self._exit_code is None:
            self.loop.turn()
        if self._checking:
            self._checking.stop()
        if self._oom:
            self.loop.forget(self._oom)
            self._tell_of_memory()
        if init.is_shared(self._spec.namespaces.pid):
            self._end_strays()
        # Nobody writes any more: a pid namespace ends with its PID 1 (pid_namespaces(7)), strays were killed above.
        self.stdio.finish()
        if self._pack is not None and copying.is_materialised(self._pack["tree"]):
            # What a failed step has left is of interest, too.
            copying.collect(self._pack["tree"], self._pack["directory"], opaque=opaque(self.tier))
        if self._exit_code == 0 and self._pack is not None:
            # Here, where the privilege is: another worker would first have to be made.
            pack_directory(self._pack, self.life.of_kind("layer")[""], self._marked())
        group = self.life.group
        result = {"exit_code": self._exit_code, "oom_killed": bool(group and group.was_out_of_memory())}
        self.network.close()
        self.tell("die", exitCode=str(self._exit_code))
        return result

    def _end_strays(self) -> None:
        """Its program was nobody's PID 1: what that left behind is not ended by the kernel."""
        namespaces = self.life.of_kind("ns:")
        if "mnt" in namespaces:
            sharing.end_strays(namespaces["mnt"])
        elif self.life.group:
            self.life.group.kill()

    def _marked(self) -> MarkedOwners | None:
        """Whose the files are, where all of them are one user's."""
        if self.tier is Tier.TRACED and self._pack is not None:
            # Whatever is another's has been marked.
            return MarkedOwners(newcomer=(0, 0), unmarkable=unmarkable.by_path(self._pack["tree"]))
        if not self.tier.has_single_id:
            return None
        return self._owners.marked if self._owners else NOBODY_ELSES

    @property
    def is_running(self) -> bool:
        """Whether its program runs, and not only its policy waits."""
        return self._exit_code is None

    # ---- all lives

    def watch(self, started: Started) -> dict[str, Any]:
        """Watch what has just been started until it has ended for good, and clean up."""
        self._take_up(started)
        self._control = self._listen()
        if not self._is_detached:
            self.loop.watch(self._request.connection, self._hear_engine)
        # A pidfd can be read once its process has ended (pidfd_open(2)).
        if not can_be_read(self.life.pidfd):
            self._request.announce()  # else when we have answered
        result = self._live_all()
        is_removed = bool(self._supervision.removed_from) and not self._is_detached
        if not is_removed:
            self._note_end(result)
        # The kernel takes namespaces apart when they are let go of: a millisecond for which nobody has to wait.
        self._request.afterwards.extend((self.life.close, self._remove_group, self._see_off))
        if self._is_stopping:
            self.tell("stop")
        # Who asks how it ended must find either us or the answer: out of reach comes after written down.
        self.commands.finish(result)
        if self._control:
            self._control.close()
        if is_removed:
            self._remove()
        if not self._is_detached:
            self._part_from_engine(lambda: None)  # it gets its answer from who called us
        while self._engine and not self._engine.is_over:
            self.loop.turn()
        return result

    def _live_all(self) -> dict[str, Any]:
        """One life after the other, as its restart policy wants it: how the last one ended."""
        result = self._live()
        while self._supervision.restart.wants_again(result["exit_code"], self.state.restarts, by_hand=self._by_hand):
            if not self._live_again(result):
                break
            result = self._live()
        return result

    def _part_from_engine(self, then: Handler) -> None:
        self._engine = self.part(self._request.connection, self.streams, then)
        self._is_detached = True
        self.streams = {}

    def part(self, connection: Connection, streams: dict[str, int], then: Handler) -> Farewell:
        """The program has ended: one who watched it gets the rest, and `then` the word; nobody else waits for that."""
        farewell = Farewell(self.loop, connection, self.stdio.part(streams), then)
        self._farewells = [*(one for one in self._farewells if not one.is_over), farewell]
        return farewell

    def _see_off(self) -> None:
        """Stay until all who watched it, or a further program in it, have read what they were given, or gone."""
        while self.commands.has_workers or not all(one.is_over for one in self._farewells):
            self.loop.turn()

    def _note_end(self, result: dict[str, Any]) -> None:
        by_hand = self._by_hand
        self.note(Action.DIE, process=None, shim=None, finished_at=time.time(), by_hand=by_hand, health=None, **result)

    def _remove(self) -> None:
        """`--rm`: it is gone before who ran it hears of its end; its files go when nobody waits any more."""
        folder = Active(Path(self._supervision.removed_from)).take(Path(self.directory))
        if folder is not None:
            self._request.afterwards.append(lambda: delete(str(folder)))
            self.tell("destroy")

    def _live_again(self, result: dict[str, Any]) -> bool:
        """Wait a while, and start it once more; False when it was stopped meanwhile, or cannot be started."""
        self._pause = restart.pause(self._pause, time.time() - self.state.started_at)
        self.note(Action.RETRY, process=None, finished_at=time.time(), health=None, **result)
        # The next start locks the files by a descriptor of its own: to flock(2) ours would be somebody else's.
        self.life.close()
        self._remove_group()
        self._let_the_engine_go(result)
        self.commands.finish(result)
        until = time.monotonic() + self._pause
        # Nothing to be done then: it only makes the loop turn, so that the time is looked at.
        self.loop.later(self._pause, lambda: None)
        while not self._by_hand and time.monotonic() < until:
            self.loop.turn()
        return not self._by_hand and self._start_again()

    def _let_the_engine_go(self, result: dict[str, Any]) -> None:
        """Who ran it in the foreground hears of its first end, as with Docker; it goes on in the background."""
        if not self._is_detached:
            self._part_from_engine(lambda: reply(self._request.connection, {"result": result}))

    def _start_again(self) -> bool:
        arguments = self._arguments | {"spec": self._spec.to_brief(), "supervision": self._supervision.to_json()}
        arguments |= {"detach": True, "is_again": True}

        def work(line: Line) -> NoReturn:
            self.family.leave()
            mounts = self._request.host_mounts
            starter = Starter(arguments, {}, self.tier, lambda _message: None, host_mounts=mounts)
            doze = Doze(title="pydock-shim", wakers=0, seconds=0)
            try:
                started = starter.start()
                line.hand_over({"started": started.to_json()}, started.descriptors, doze)
            except PydockError:
                starter.clean_up()  # what went wrong is written down
            os._exit(0)

        again = keeper.keep(work)
        if again is None:
            self.state = state.load(Path(self.directory))
            return False
        self._take_up(Started.from_json(again.message()["started"], again.descriptors))
        return True

    def stop_by_hand(self) -> None:
        """A person wants it to end: its restart policy does, too."""
        self._by_hand = self._is_stopping = True

    def keep(self) -> None:
        """Somebody is about to start it again: it is not removed at its end."""
        self._supervision = replace(self._supervision, removed_from="")

    def change_policy(self, policy: RestartPolicy) -> None:
        """`docker update --restart`."""
        self._supervision = replace(self._supervision, restart=policy)

    def change_limits(self, limits: Limits) -> None:
        """`docker update`: those of its next lives."""
        self._spec = replace(self._spec, limits=limits)

    def change_name(self, name: str) -> None:
        """`docker rename`: what it is called when something happens to it."""
        attributes = {**self._supervision.attributes, "name": name}
        self._supervision = replace(self._supervision, attributes=attributes)

    def _remove_group(self) -> None:
        if self.life.group:
            self.life.group.remove()

    # ---- hearing and telling

    def _hear_engine(self) -> None:
        """What the engine that started the container says on the way: signals, the terminal's size; or it has gone."""
        received = self._request.connection.receive()
        if received is not None:
            self.commands.do(self._request.connection, *received)
            return
        self.loop.forget(self._request.connection)
        self.stdio.detach(self.streams)
        self.streams = {}
        self._by_hand = True
        self.life.kill()

    def _hear_of_memory(self) -> None:
        assert self._oom is not None  # noqa: S101 - for mypy; it is watched
        self._oom.drain()
        self._tell_of_memory()
        # In version 1 it is said that memory is short before somebody is killed, and counted.
        self.loop.later(_COUNTED_SECONDS, self._tell_of_memory)

    def _tell_of_memory(self) -> None:
        kills = self.life.group.oom_kills() if self.life.group else 0
        if kills > self._kills:
            self._kills = kills
            self.tell("oom")

    def process(self) -> ProcessSpec:
        """What the container was started with."""
        return self._spec.process

    def note_network(self) -> None:
        """Write down that the networks of the container have changed, and keep it for its next life."""
        self._spec = replace(self._spec, network=self.network.wanted)
        if self._record:
            self.state = replace(self.state, **self.network.plugged.facts())
            state.save(Path(self.directory), self.state)

    def _be_left_alone(self) -> None:
        """Who ran it in the foreground has typed the detach keys: it goes on in the background."""
        self.loop.forget(self._request.connection)
        self._request.send({"detached": True})
        self.stdio.detach(self.streams)
        self.streams = {}
        self._is_detached = True
        self.tell("detach")

    def note(self, action: Action, **changes: Any) -> None:
        """Write down what became of it."""
        if self._record:
            self.state = self.state.then(action, **changes)
            state.save(Path(self.directory), self.state)

    def note_health(self, health: HealthState, *, is_news: bool) -> None:
        """Write down what its check has found."""
        self.state = replace(self.state, health=health)
        state.save(Path(self.directory), self.state)
        if is_news:
            self.tell(f"health_status: {health.status}")

    def tell(self, action: str, **attributes: str) -> None:
        """Say that something happened to it, for `docker events`."""
        about = {**self._supervision.attributes, **attributes}
        happenings.tell(self._supervision.events, "container", action, self._spec.id, about)
