"""Finding a ground to stand on: the best tier that this machine really gives, each tried before it is believed.

starter ---fork---> child: enters a user namespace .......... "entered"
   |  newuidmap, newgidmap (only from outside)
   '------------- "mapped" --> child: becomes root in it, tries a container
                                      fails: the starter tries the next tier
                                      works: it stays and is the zygote, the starter ends
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import NoReturn, TypeAlias

from pydock_lab.linux import idmap, journal, syscalls
from pydock_lab.linux.syscalls import Namespace
from pydock_lab.linux.tiers import Refusal, Tier, attempt, try_container
from pydock_lab.linux.tracing_trial import try_supervision

Live: TypeAlias = Callable[[Tier, tuple[Refusal, ...]], NoReturn]

_OK, _MAPPED = "ok", "mapped "
_TRIALS: Mapping[Tier, Callable[[], None]] = MappingProxyType(
    {
        Tier.ROOT: try_container,
        Tier.ROOTLESS: try_container,
        Tier.ROOTLESS_SINGLE: try_container,
        Tier.NESTED: partial(try_container, binds_proc=True),
        Tier.TRACED: try_supervision,
    }
)


def candidates() -> Iterator[Tier]:
    """The tiers that this user may hope for, best first."""
    if os.geteuid() == 0:
        yield Tier.ROOT
    else:
        yield Tier.ROOTLESS
    yield Tier.ROOTLESS_SINGLE
    yield Tier.NESTED
    yield Tier.TRACED
    yield Tier.NONE


@dataclass(frozen=True, kw_only=True, slots=True)
class Heritage:
    """The ground on which a zygote stood that was killed, and whose containers live: a user namespace, a descriptor."""

    tier: Tier
    users: int


def settle(live: Live, wanted: Tier | None = None, heritage: Heritage | None = None) -> tuple[Refusal, ...] | None:
    """Call `live` in a child that stands on the best ground there is, or on the one that is `wanted`.

    Where there is a heritage it is taken up: only from there can others reach the containers that live on it. None as
    soon as somebody lives; else what was refused.
    """
    refusals: tuple[Refusal, ...] = ()
    for tier in candidates():
        if wanted not in (None, tier):
            continue
        refusal = _try(tier, refusals, live, heritage if heritage and heritage.tier is tier else None)
        if refusal is None:
            return None
        refusals += (refusal,)
    return refusals


def _try(tier: Tier, refusals: tuple[Refusal, ...], live: Live, heritage: Heritage | None) -> Refusal | None:
    """Fork a child for one tier: None when it lives, else what it was refused."""
    ours, theirs = _pipe_pair()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        ours.close()
        _stand(tier, theirs, lambda: live(tier, refusals), heritage)
    theirs.close()
    report = ours.receive()
    if report == "entered":
        journal.take()
        refused = idmap.write_ranges(pid)
        # What has been done for the child belongs to its own journal: it will be asked how it came to be.
        ours.send(_MAPPED + json.dumps(journal.take()) if refused is None else f"{refused[1]} {refused[0]}")
        report = ours.receive()
    ours.close()
    if report == _OK:
        return None
    os.waitpid(pid, 0)
    code, _, call = report.partition(" ")
    return Refusal(tier=tier, call=call, code=int(code or 0))


def _stand(tier: Tier, starter: "_Line", live: Callable[[], NoReturn], heritage: Heritage | None) -> NoReturn:
    journal.take()  # what is in it from here on is how we came to this ground
    try:
        if heritage is None or not _take_up(heritage):
            _enter(tier, starter)
        error = attempt(_TRIALS[tier]) if tier in _TRIALS else None
        if error is not None:
            raise error
    except OSError as error:
        file = str(error.filename or "").removeprefix("/proc/self/")
        starter.send(f"{error.errno or 0} {f'{file}: ' if file else ''}{error.strerror}")
        os._exit(1)
    starter.send(_OK)
    starter.close()
    live()


def _take_up(heritage: Heritage) -> bool:
    """Enter the user namespace that there is already; False where that is not possible."""
    if heritage.tier.in_user_namespace:
        try:
            syscalls.setns(heritage.users, Namespace.USER)
        except OSError:
            return False
        # The one we are in belongs to the host's user namespace: root of another may mount nothing there.
        syscalls.unshare(Namespace.MOUNT)
        if heritage.tier is Tier.ROOTLESS:
            _be_root()
    return True


def _enter(tier: Tier, starter: "_Line") -> None:
    """Enter the user namespace of the tier, and be root in it; raises OSError."""
    if not tier.in_user_namespace:
        return
    # Asked before: in a namespace without a map everybody is 65534.
    uid, gid = os.getuid(), os.getgid()
    # In one call: the user namespace is made first, and the other belongs to it (user_namespaces(7)).
    syscalls.unshare(Namespace.USER | Namespace.MOUNT)
    if tier.has_single_id:
        idmap.write_single(uid, gid)
        return
    starter.send("entered")
    answer = starter.receive()
    if not answer.startswith(_MAPPED):
        code, _, call = answer.partition(" ")
        raise OSError(int(code or 0), call)
    journal.put(json.loads(answer.removeprefix(_MAPPED)))
    _be_root()


def _be_root() -> None:
    journal.ask("setresgid", os.setresgid, 0, 0, 0)
    journal.ask("setresuid", os.setresuid, 0, 0, 0)
    # The user's groups have no ids in here, but would still open files.
    journal.ask("setgroups", os.setgroups, [])


class _Line:
    """A pipe each way, for one word at a time between the starter and its child."""

    def __init__(self, reader: int, writer: int) -> None:
        self._reader, self._writer = reader, writer

    def send(self, word: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self._writer, word.encode())

    def receive(self) -> str:
        return os.read(self._reader, 4096).decode()

    def close(self) -> None:
        os.close(self._reader)
        os.close(self._writer)


def _pipe_pair() -> tuple[_Line, _Line]:
    first, second = os.pipe(), os.pipe()
    return _Line(first[0], second[1]), _Line(second[0], first[1])
