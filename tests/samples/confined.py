"""Python where namespaces are forbidden, as in a Docker container, or where a program may not even be traced.

python confined.py traced -m pytest ...      unshare, mount and setns are refused: what is left is the traced tier
python confined.py none -c "..."             ptrace is refused as well
"""

import errno
import os
import sys

from pydock_lab.linux import seccomp, syscalls
from pydock_lab.linux.seccomp import Policy, Rule, deny
from pydock_lab.linux.syscalls import Prctl
from pydock_lab.linux.tiers import Tier

_NO_TRACING = Policy(rules=(Rule(names=("ptrace",), verdict=deny(errno.EPERM)),))


def confine(tier: Tier) -> None:
    """From now on this process and its children can have no more than this tier (`traced` or `none`)."""
    syscalls.prctl(Prctl.SET_NO_NEW_PRIVS)
    for policy in (seccomp.isolation_forbidden_policy(), *([_NO_TRACING] if tier is Tier.NONE else [])):
        syscalls.install_seccomp(seccomp.assemble(policy))


if __name__ == "__main__":
    confine(Tier(sys.argv[1]))
    os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
