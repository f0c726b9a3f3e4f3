"""What a program gives up before it starts, in the one order that works.

limits          while the powers to set them are there
keyring         of its own: the session keyring of who started us is not its business
no_new_privs    where asked for: no setuid program brings anything back
seccomp         while CAP_SYS_ADMIN is there; later it would demand no_new_privs, and `su` would stop working
bounding set    before the user changes
user, groups    from root to another one, with KEEPCAPS, so that the powers survive until
capabilities    are set: Docker's 14 for root, none for others
"""

import os
import resource
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from pydock_lab.errors import ContainerError
from pydock_lab.linux import capabilities, journal, seccomp, syscalls
from pydock_lab.linux.capabilities import Capability
from pydock_lab.linux.syscalls import Prctl
from pydock_lab.linux.tiers import Tier
from pydock_lab.oci.runtime_spec import ProcessSpec, Rlimit
from pydock_lab.runtime.identity import Identity
from pydock_lab.runtime.steplog import StepLog

_NOTHING = Capability(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Powers:
    """What a program keeps, worked out before it exists: capabilities, and BPF programs (empty: none).

    `ownership` pretends to change owners, `asking` leaves that to who listens.
    """

    keep: Capability
    container: bytes = b""
    ownership: bytes = b""
    asking: bytes = b""


@cache
def powers(
    names: tuple[str, ...], *, seccomp_on: bool, single_id: bool, asked: bool = False, profile: str = ""
) -> Powers:
    """What a program with these capabilities keeps; `profile` is the text of a seccomp profile, "" the default one.

    `single_id`: ids can only be pretended to change; with `asked` somebody will listen who writes down owners.
    """
    keep = capabilities.parse_all(names)
    container = _container_program(keep, profile) if seccomp_on else b""
    ownership = seccomp.assemble(seccomp.ownership_policy()) if single_id else b""
    asking = seccomp.assemble(seccomp.ownership_policy(asked=True)) if single_id and asked else b""
    return Powers(keep=keep, container=container, ownership=ownership, asking=asking)


def _container_program(keep: Capability, profile: str) -> bytes:
    return seccomp.assemble(seccomp.profile_policy(profile, keep) if profile else seccomp.container_policy(keep))


def powers_of(process: ProcessSpec, tier: Tier, *, asked: bool) -> Powers:
    """What the program of `process` keeps on this ground."""
    return powers(
        process.capabilities,
        seccomp_on=process.seccomp,
        single_id=tier.has_single_id,
        asked=asked,
        profile=process.seccomp_profile,
    )


def set_rlimits(rlimits: Sequence[Rlimit], log: StepLog) -> None:
    """Set limits as far as it is allowed: without CAP_SYS_RESOURCE nobody may raise a hard limit, and that is said."""
    for one in rlimits:
        number = getattr(resource, f"RLIMIT_{one.name.upper()}", None)
        if number is None:
            raise ContainerError("runtime.unknown-ulimit", ulimit=one.name)
        wanted = (_limit(one.soft), _limit(one.hard))
        try:
            journal.ask("setrlimit", _set_rlimit, one.name, number, wanted)
        # Python makes a ValueError of EPERM: above the hard limit, or for open files above fs.nr_open.
        except (ValueError, OSError):
            _, most = resource.getrlimit(number)
            _set_rlimit(one.name, number, (_least(wanted[0], most), _least(wanted[1], most)))
            log.note("runtime.ulimit-refused", ulimit=one.name, wanted=one.hard, most=most)
    if rlimits:
        log.add("rlimits", " ".join(f"{one.name}={one.soft}:{one.hard}" for one in rlimits))


def _set_rlimit(_name: str, number: int, values: tuple[int, int]) -> None:
    resource.setrlimit(number, values)


def _limit(value: int) -> int:
    return resource.RLIM_INFINITY if value < 0 else value


def _least(one: int, other: int) -> int:
    finite = [value for value in (one, other) if value != resource.RLIM_INFINITY]
    return min(finite, default=resource.RLIM_INFINITY)


def give_up(process: ProcessSpec, identity: Identity, left: Powers, log: StepLog) -> int:
    """Become the container's user, without what a container must not do; there is no way back.

    Gives the descriptor on which somebody must listen from now on, -1 for none.
    """
    log.begin("rlimits")
    set_rlimits(process.rlimits, log)
    with suppress(OSError):  # a kernel without keyrings, or somebody around us who forbids them
        syscalls.join_session_keyring()
        log.add("keyring")
    _, permitted = syscalls.capget()
    log.begin("seccomp")
    if process.no_new_privileges:
        syscalls.prctl(Prctl.SET_NO_NEW_PRIVS)
        log.add("no-new-privileges")
    if left.container:
        syscalls.install_seccomp(left.container)
        log.add("seccomp", f"{len(left.container) // 8} instructions")
    log.begin("capabilities")
    capabilities.limit_bounding(left.keep)
    if left.ownership:
        if identity.uid or identity.gid or process.groups:
            log.note("runtime.one-id", user=":".join([process.user or "0", *process.groups]))
        kept = capabilities.hold(left.keep)
    else:
        _change_user(identity)
        # As in Docker: who is not root keeps the bounding set alone, as execve(2) would leave it to him.
        kept = capabilities.hold(left.keep if identity.uid == 0 else _NOTHING)
    facts = {"kept": int(kept), "uid": os.getuid(), "gid": os.getgid()}
    log.add("capabilities", f"{permitted.bit_count()} -> {kept.bit_count()}", **facts)
    return _pretend(left, log) if left.ownership else -1


def _pretend(left: Powers, log: StepLog) -> int:
    """With a single id there is no other user to become; setuid programs mean nothing here either."""
    # For a filter seccomp(2) wants this or CAP_SYS_ADMIN, which most have given up by now.
    syscalls.prctl(Prctl.SET_NO_NEW_PRIVS)
    listener = -1
    # Only one may listen to a process: it can be that somebody who runs us does already.
    with suppress(OSError):
        if left.asking:
            listener = syscalls.install_seccomp(left.asking, listen=True)
    if listener < 0:
        syscalls.install_seccomp(left.ownership)
    log.add("ownership", "pretended")
    return listener


def _change_user(identity: Identity) -> None:
    journal.ask("setgroups", os.setgroups, list(identity.groups))
    if identity.uid or identity.gid:
        syscalls.prctl(Prctl.SET_KEEPCAPS)
        # The user last: with root's id goes what is in force of the capabilities, CAP_SETGID among it.
        journal.ask("setresgid", os.setresgid, identity.gid, identity.gid, identity.gid)
        journal.ask("setresuid", os.setresuid, identity.uid, identity.uid, identity.uid)
