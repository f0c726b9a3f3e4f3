"""Seccomp: a small program in the kernel that judges every system call of a container (seccomp(2)).

    the program calls mount(...)
        -> the filter sees: architecture, number of the call, six arguments (never what a pointer points to)
        -> ALLOW, or an error number, without the call ever being tried

    docker.py       Docker's default profile: what is allowed, for whom
    document.py     profiles of others, in Docker's JSON form
       |
    profile.py      a profile: entries with demands on capabilities, architecture, kernel
       | Host
    policy.py       a policy: rules for one container on one machine           pretences.py: policies of our own
       | assembler.py, bpf.py
    bytes           a program, for seccomp(2)

`ownership_policy` is another use of the same means: where a user namespace has a single id, chown(2) cannot work,
and package managers give up. The filter answers 0, "done", and nothing is done (the way of Charliecloud's `ch-run
--seccomp`). It is a pretence, and the engine says so. With `asked` it lets another process answer chown, which can
write down who should own the file (runtime/owners.py).
"""

from pydock_lab.linux.capabilities import Capability
from pydock_lab.linux.seccomp.assembler import assemble, own_numbers, ways
from pydock_lab.linux.seccomp.docker import container_policy, default_profile
from pydock_lab.linux.seccomp.document import read_profile
from pydock_lab.linux.seccomp.policy import ALLOW, ASK, Comparison, Condition, Policy, Rule, Verdict, deny
from pydock_lab.linux.seccomp.pretences import CHOWN, isolation_forbidden_policy, ownership_policy
from pydock_lab.linux.seccomp.profile import Host, Profile

__all__ = [
    "ALLOW",
    "ASK",
    "CHOWN",
    "Comparison",
    "Condition",
    "Host",
    "Policy",
    "Profile",
    "Rule",
    "Verdict",
    "assemble",
    "container_policy",
    "default_profile",
    "deny",
    "isolation_forbidden_policy",
    "own_numbers",
    "ownership_policy",
    "profile_policy",
    "read_profile",
    "ways",
]


def profile_policy(text: str, capabilities: Capability) -> Policy:
    """What a profile in Docker's JSON form lets a container with these capabilities call, on this machine.

    Raises ContainerError that names the place of what is wrong in it, IsolationError as `ways` does.
    """
    return read_profile(text).policy(Host.here(capabilities))
