"""Profiles: what Docker calls a seccomp profile, from which a policy follows for one container on one machine.

    profile   "mount: allowed, if the container has CAP_SYS_ADMIN"      written once
    policy    "mount: allowed"                                          this container, this kernel
    program   `jge 165 ...`                                             this architecture

Two entries may speak of one call. One without conditions on arguments wins, wherever it stands; of those with
conditions the first that fits does. This is what libseccomp makes of it, and with it runc, crun and Docker.

Sources: moby, profiles/seccomp/seccomp_linux.go; OCI runtime specification, config-linux.md; runc,
libcontainer/seccomp/patchbpf.
"""

import errno
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydock_lab.linux.capabilities import Capability
from pydock_lab.linux.seccomp.assembler import ways
from pydock_lab.linux.seccomp.policy import Condition, Policy, Rule, Verdict, deny
from pydock_lab.linux.syscall_numbers import Architecture, numbers

# How the names of Go, which profiles use in `includes`, go with those of uname(2).
_GO_NAMES = {"x86_64": "amd64", "aarch64": "arm64"}
_NO_POWER = Capability(0)
Kernel = tuple[int, int]  # 5, 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """What an entry asks of a container: capabilities, one of these architectures (Go's names), a kernel as new."""

    capabilities: Capability = _NO_POWER
    architectures: tuple[str, ...] = ()
    kernel: Kernel | None = None


_NO_DEMAND = Demand()


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A verdict for some system calls, where `includes` is met and nothing of `excludes` is."""

    names: tuple[str, ...]
    verdict: int = Verdict.ALLOW
    conditions: tuple[Condition, ...] = ()
    includes: Demand = _NO_DEMAND
    excludes: Demand = _NO_DEMAND


@dataclass(frozen=True, kw_only=True, slots=True)
class Host:
    """What the demands are about: the container's bounding set, the machine (uname(2)) and its kernel."""

    capabilities: Capability
    machine: str
    kernel: Kernel

    @classmethod
    def here(cls, capabilities: Capability) -> "Host":
        """This machine."""
        system = os.uname()
        return cls(capabilities=capabilities, machine=system.machine, kernel=kernel_version(system.release))

    def meets(self, demand: Demand) -> bool:
        """Whether all of it is there."""
        return (
            demand.capabilities in self.capabilities
            and (not demand.architectures or self._go_name in demand.architectures)
            and (demand.kernel is None or self.kernel >= demand.kernel)
        )

    def meets_any(self, demand: Demand) -> bool:
        """Whether any part of it is there."""
        return (
            bool(demand.capabilities & self.capabilities)
            or self._go_name in demand.architectures
            or (demand.kernel is not None and self.kernel >= demand.kernel)
        )

    @property
    def _go_name(self) -> str:
        return _GO_NAMES.get(self.machine, self.machine)


def kernel_version(release: str) -> Kernel:
    """The first two numbers of what uname(2) calls the release, such as `6.1.0-9-cloud-amd64`."""
    major, _, rest = release.partition(".")
    digits = [word for word in rest.replace("-", ".").replace("+", ".").split(".") if word.isdecimal()]
    return (int(major) if major.isdecimal() else 0, int(digits[0]) if digits else 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """A seccomp profile. `architectures` says, for a machine's own architecture, which others its rules hold for."""

    default: int
    entries: tuple[Entry, ...]
    architectures: Mapping[Architecture, tuple[Architecture, ...]] = field(default_factory=dict)

    def policy(self, host: Host) -> Policy:
        """What it means for a container; raises IsolationError for a machine without a table of system calls."""
        rules = [rule for one in self._in_force(host) for rule in _rules(one)]
        rules.sort(key=lambda rule: bool(rule.conditions))
        own = ways(host.machine)[0]
        also = self.architectures.get(own, ())
        return Policy(rules=tuple(rules), default=self.default, also=also, newer=self._newer())

    def unknown_names(self) -> tuple[str, ...]:
        """The system calls that no table has: of another kind of machine, newer than the tables, or misspelt."""
        known = {name for way in Architecture for name in numbers(way)}
        return tuple(sorted({name for entry in self.entries for name in entry.names} - known))

    def _in_force(self, host: Host) -> Iterator[Entry]:
        for entry in self.entries:
            # A second word for the default changes nothing, and must not win over an entry with conditions.
            if entry.verdict != self.default and host.meets(entry.includes) and not host.meets_any(entry.excludes):
                yield entry

    def _newer(self) -> int | None:
        """Calls that are newer than the profile do not exist, so that programs try the older ones (as runc does it)."""
        is_refusal = self.default & 0xFFFF_0000 not in (Verdict.ALLOW, Verdict.LOG, Verdict.TRACE)
        return deny(errno.ENOSYS) if is_refusal else None


def _rules(entry: Entry) -> Iterator[Rule]:
    """All conditions at once, or, where two are on the same argument, each for itself (as runc and crun do it)."""
    arguments = {one.argument for one in entry.conditions}
    if len(arguments) == len(entry.conditions):
        yield Rule(names=entry.names, verdict=entry.verdict, conditions=entry.conditions)
    else:
        for one in entry.conditions:
            yield Rule(names=entry.names, verdict=entry.verdict, conditions=(one,))
