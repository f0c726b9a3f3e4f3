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

It is the keeper of the worker that started the container (sandbox/keeper.py), and begins where that one ends.
"""

import os
import time
from pathlib import Path
from typing import Any

from pydock_lab.archive.diff import MarkedOwners
from pydock_lab.linux.tiers import Tier
from pydock_lab.runtime import state
from pydock_lab.runtime.commands import Commands
from pydock_lab.runtime.control import Control
from pydock_lab.runtime.life import Handed, Life, Supervision
from pydock_lab.runtime.logs import LOG_FILE, LogWriter
from pydock_lab.runtime.loop import Family, Loop
from pydock_lab.runtime.owners import NOBODY_ELSES, Owners
from pydock_lab.runtime.state import Action, ContainerState
from pydock_lab.runtime.stdio import Stdio
from pydock_lab.sandbox.worker import Request
from pydock_lab.snapshot.jobs import pack_directory


def watch(request: Request) -> dict[str, Any]:
    """The job: watch a container that has just been started; `{"exit_code": ..., "oom_killed": ...}`.

    The arguments are those of `start.start`, and what it handed over.
    """
    return Shim(request).run()


class Shim:
    """One container's parent: through all its lives, where it has a restart policy."""

    def __init__(self, request: Request) -> None:
        arguments = request.arguments
        self._request, self._arguments = request, arguments
        self.tier = request.tier
        self.directory: str = arguments["directory"]
        self._record: bool = arguments.get("record", False)
        self._detach: bool = arguments.get("detach", False)
        self.supervision = Supervision.from_json(arguments.get("supervision") or {})
        self.loop = Loop()
        self.family = Family(self.loop)
        self._pack: dict[str, Any] | None = arguments.get("pack")
        log = LogWriter(os.path.join(self.directory, LOG_FILE), self.supervision.log) if self._record else None
        self._log = log
        self.was_stopped = False
        self._take_up(arguments["handed"], request.descriptors)
        self.commands = Commands(self)
        self._control = self._listen()

    def _take_up(self, handed: dict[str, Any], descriptors: list[int]) -> None:
        """Begin to watch what has just been started."""
        self._exit_code: int | None = None
        self.state = ContainerState.from_json(handed["state"])
        self.life = life = Life(Handed.from_json(handed["life"]), descriptors)
        self.stdio = Stdio(self.loop, life.of_kind("io:"), self._log)
        self.streams = life.of_kind("engine:")
        self.stdio.attach(self.streams)
        owner = life.of_kind("owner:")
        self._owners = None
        if owner:
            newcomer = (life.newcomer[0], life.newcomer[1])
            self._owners = Owners(owner["listener"], owner["root"], newcomer=newcomer)
            self._owners.answer_in(self.loop)
        self.family.expect(life.pid, self._end)
        if life.forwarder:
            self.family.expect(life.forwarder, lambda _code: life.forget_forwarder())
        self.family.bury()  # the worker is ending, and the container may have ended already

    def _listen(self) -> Control | None:
        listener = self.life.of_kind("control").get("")
        if listener is None:
            return None
        return Control(self.loop, listener, self.directory, self.commands.table())

    def run(self) -> dict[str, Any]:
        """Watch it until it has ended for good, and clean up."""
        if not self._detach:
            self.loop.watch(self._request.connection, self._hear_engine)
        self._live()
        result = {"exit_code": self._exit_code, "oom_killed": self._was_out_of_memory()}
        self.life.close()
        self.note(Action.DIE, process=None, shim=None, finished_at=time.time(), **result)
        self._request.afterwards.append(self._clean_up)
        # Who asks how it ended must find either us or the answer: out of reach comes after written down.
        self.commands.finish(result)
        if self._control:
            self._control.close()
        return result

    def _live(self) -> None:
        while self._exit_code is None:
            self.loop.turn()
        self.stdio.finish()
        self.commands.bury_workers()
        if self._exit_code == 0 and self._pack is not None:
            # Here, where the privilege is: another worker would first have to be made.
            pack_directory(self._pack, self.life.of_kind("layer")[""], self._marked())

    def _end(self, code: int) -> None:
        self._exit_code = code

    def _marked(self) -> MarkedOwners | None:
        """Whose the files are, where all of them are one user's."""
        if self.tier is not Tier.ROOTLESS_SINGLE:
            return None
        return self._owners.marked if self._owners else NOBODY_ELSES

    def _was_out_of_memory(self) -> bool:
        return bool(self.life.group and self.life.group.was_out_of_memory())

    def _clean_up(self) -> None:
        if self.life.group:
            self.life.group.remove()

    def _hear_engine(self) -> None:
        """What the engine that started the container says on the way: signals, the terminal's size; or it has gone."""
        received = self._request.connection.receive()
        if received is not None:
            self.commands.do(self._request.connection, *received)
            return
        self.loop.forget(self._request.connection)
        self.stdio.detach(self.streams)
        self.streams = {}
        self.was_stopped = True
        self.life.kill()

    def note(self, action: Action, **changes: Any) -> None:
        """Write down what became of it."""
        if self._record:
            self.state = self.state.then(action, **changes)
            state.save(Path(self.directory), self.state)
