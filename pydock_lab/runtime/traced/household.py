"""All that a supervisor consists of, put together for one view: who answers which call."""

import os
import secrets
from collections.abc import Iterable

from pydock_lab.linux import ptrace, seccomp
from pydock_lab.linux.ptrace import Registers
from pydock_lab.runtime.traced.accounts import Accounts
from pydock_lab.runtime.traced.attributes import Attributes
from pydock_lab.runtime.traced.changing import Changing
from pydock_lab.runtime.traced.copying_up import CopyUp
from pydock_lab.runtime.traced.entering import Entering
from pydock_lab.runtime.traced.executing import Executing
from pydock_lab.runtime.traced.filter import policy
from pydock_lab.runtime.traced.identity import Identity
from pydock_lab.runtime.traced.loading import Loading
from pydock_lab.runtime.traced.looking import Looking
from pydock_lab.runtime.traced.messages import Messages
from pydock_lab.runtime.traced.neighbours import Neighbours
from pydock_lab.runtime.traced.opening import Opening
from pydock_lab.runtime.traced.owning import Owning
from pydock_lab.runtime.traced.powers import Powers
from pydock_lab.runtime.traced.signalling import Signalling
from pydock_lab.runtime.traced.sockets import Sockets
from pydock_lab.runtime.traced.supervisor import Calls, Supervisor
from pydock_lab.runtime.traced.tracing import Tracing
from pydock_lab.runtime.traced.view import View
from pydock_lab.runtime.traced.world import World
from pydock_lab.snapshot.unmarkable import Unmarkable


class Household:
    """A supervisor, its world, and the filter that sends it its calls; raises IsolationError where none can be."""

    def __init__(self, view: View, hostname: str, scratch: str, unmarkable: Unmarkable, holder: int) -> None:
        machine = ptrace.this_machine()
        registers, cookie = Registers(machine), secrets.randbits(64)
        self.world = world = World(view, os.getuid(), os.getgid(), unmarkable, holder)
        executing, loading = Executing(world, machine, registers), Loading(machine, registers, cookie, holder)
        tracing = Tracing(world, registers, machine, executing, loading)
        entering, sockets = Entering(world, registers, machine), Sockets(world, registers, machine)
        tracing.change(entering.traced())
        tracing.change(sockets.traced())
        calls = {
            **entering.calls(),
            **sockets.calls(),
            **Messages(world, sockets).calls(),
            **_answers(world, hostname, scratch),
        }
        self.supervisor = Supervisor(world, tracing, calls)
        self.filter = _filter(calls, tracing.names, cookie)


def _answers(world: World, hostname: str, scratch: str) -> Calls:
    copy_up, accounts = CopyUp(world, os.fsencode(scratch)), Accounts(world, hostname)
    answering = (
        Looking(world),
        Opening(world, copy_up, accounts),
        Changing(world, copy_up),
        Owning(world, copy_up),
        Identity(),
        Powers(world),
        Attributes(world, copy_up),
        Signalling(world),
        Neighbours(world),
        accounts,
    )
    return {name: answer for one in answering for name, answer in one.calls().items()}


def _filter(asked: Iterable[str], traced: Iterable[str], cookie: int) -> bytes:
    return seccomp.assemble(policy(asked=asked, traced=traced, cookie=cookie))
