"""Starting a container: the job of a worker, from a specification to a program that runs; then its shim goes on.

    engine --- spec, descriptors ---> worker: files, network, limits
                                        |--- task ---> the child that waits (birth.py, init.py)
                                        |<-- silence: it has become its program
                                        '--- Handed ---> its keeper, which is the shim from now on (shim.py)

The worker ends then, and its memory is free again: what a container costs while it runs is its shim, which has hardly
looked at anything yet. A restart is the same once more, with a worker that the shim makes.
"""

import contextlib
import importlib
import os
import socket
from pathlib import Path
from typing import Any

from pydock_lab.errors import IsolationError, PydockError
from pydock_lab.linux import husk
from pydock_lab.linux.tiers import Refusal, Tier
from pydock_lab.network import hub
from pydock_lab.oci.runtime_spec import PublishedPort
from pydock_lab.runtime import birth, groups, init, surroundings
from pydock_lab.runtime.control import SOCKET_FILE, dial
from pydock_lab.runtime.life import Handed
from pydock_lab.runtime.plugged import Plugged
from pydock_lab.runtime.shim import Shim
from pydock_lab.runtime.starter import Starter
from pydock_lab.runtime.state import Action, ContainerState, ProcessMark
from pydock_lab.runtime.supervision import Supervision
from pydock_lab.sandbox.ground import Heritage
from pydock_lab.sandbox.protocol import Connection
from pydock_lab.sandbox.worker import HandOver, Request

MINDFUL = ("start",)
_HEIR_SECONDS = 1.0
_WATCH = "pydock_lab.runtime.shim:watch"


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
    shims: list[Shim] = []
    is_watched = request.line is not None and not request.arguments.get("detach", False)
    if request.line is not None and is_watched:
        # In the foreground who has started it watches it, being awake and at home; most such containers end soon.
        starter.adopt, starter.meanwhile = request.line.adopt, lambda: shims.append(Shim(request))
        starter.tell_with_end = request.connection.hold
    try:
        started = starter.start()
    except BaseException:
        request.afterwards.append(starter.clean_up)
        if request.arguments.get("record", False):
            request.afterwards.append(starter.write_steps)
        raise
    if request.arguments.get("record", False):
        request.afterwards.append(starter.write_steps)
    if is_watched:
        return shims[0].watch(started)
    return HandOver(
        go_on=_WATCH,
        title=f"pydock-shim {request.arguments['spec']['id']}",
        arguments=request.arguments | {"started": started.to_json()},
        descriptors=started.descriptors,
        wakers=started.wakers,
        seconds=0 if (request.arguments.get("supervision") or {}).get("health") else None,
        detached=True,
        husk=started.husk,
    )


def warm() -> None:
    """Prepare what every start needs, and every shim."""
    init.rehearse()
    husk.is_possible()  # looked for once, for all that are forked
    mark = ProcessMark.of(os.getpid())
    running = ContainerState(process=mark, shim=mark).then(Action.START)
    ContainerState.from_json(running.to_json())
    Supervision.from_json(Supervision().to_json())
    Handed.from_json(Handed(pid=0, names=(), network=Plugged(ports=(PublishedPort(container_port=0),))).to_json())


def outside(host_mounts: int) -> None:
    """In what becomes a zygote, while it sees what the host sees; `host_mounts`: the host's mount namespace, or -1."""
    surroundings.look(host_mounts)


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
    arguments = {"spec": init.example(tier).to_brief()["container"], "directory": "/", "stub": "/"}
    ours, theirs = map(Connection, socket.socketpair())
    ours.send({"job": "", "arguments": arguments}, [ours.fileno()])
    received = theirs.receive()
    if received is not None:
        os.close(received[1][0])
        Starter(received[0]["arguments"], {}, tier, theirs.send).rehearse()
    ours.close()
    theirs.close()


def entered(tier: Tier) -> None:
    """On the ground, before anything else is done there: a user namespace is a step of every start."""
    if tier.in_user_namespace:
        surroundings.entered()


def settled(tier: Tier) -> None:
    """Make what all containers share; and where they are to be traced, get to know how: it is a megabyte of program."""
    if tier is Tier.TRACED:
        importlib.import_module("pydock_lab.runtime.traced.birth")
    if tier is not Tier.NONE:
        groups.sweep()
    if tier.has_namespaces:
        hub.found()


def bereaved() -> None:
    """After a shim was killed: remove what it would have removed."""
    groups.sweep()


def abandoned() -> None:
    """In a worker that nobody asked for anything: let go what was prepared."""
    birth.abandon()


def _nothing_to_stand_on(refusals: tuple[Refusal, ...]) -> PydockError:
    last = refusals[-1] if refusals else None
    return IsolationError("runtime.no-isolation", facet="namespaces", call=last.call if last else "?")
