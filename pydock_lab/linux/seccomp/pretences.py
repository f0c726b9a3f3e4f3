"""Policies of our own: to pretend what a single id cannot do, and to stand in for a machine that forbids containers."""

import errno

from pydock_lab.linux.seccomp.policy import ALLOW, ASK, Comparison, Condition, Policy, Rule, deny

CHOWN = ("chown", "fchown", "lchown", "fchownat")
_IDENTITY = (
    *("setuid", "setgid", "setreuid", "setregid", "setresuid"),
    *("setresgid", "setfsuid", "setfsgid", "setgroups", "capset"),
)
_FILE_TYPE, _CHARACTER_DEVICE, _BLOCK_DEVICE = 0o170000, 0o020000, 0o060000
# All CLONE_NEW* bits: a user namespace would bring given-up capabilities back.
# CLONE_NEWTIME (0x80) is none of them: clone(2) takes that byte for the signal at the child's end.
NAMESPACE_BITS = 0x7E02_0000


def ownership_policy(*, asked: bool = False) -> Policy:
    """Answer "done" to everything that would change an owner or an identity, and to device nodes.

    With `asked` who listens answers what would change an owner.
    """
    rules = [Rule(names=CHOWN, verdict=ASK if asked else deny(0)), Rule(names=_IDENTITY, verdict=deny(0))]
    for kind in (_CHARACTER_DEVICE, _BLOCK_DEVICE):
        for name, mode in (("mknod", 1), ("mknodat", 2)):
            device = Condition(argument=mode, mask=_FILE_TYPE, comparison=Comparison.EQUAL, value=kind)
            rules.append(Rule(names=(name,), verdict=deny(0), conditions=(device,)))
    # It guards nothing: who comes by another way just goes without the pretence.
    return Policy(rules=tuple(rules), foreign=ALLOW)


def isolation_forbidden_policy() -> Policy:
    """What a process sees in a Docker container with the default profile: no namespaces, no mounts.

    The tests stand on such a machine with it, and a lesson can.
    """
    names = ("unshare", "mount", "umount2", "setns", "pivot_root", "open_tree", "fsopen", "move_mount")
    new_namespaces = Condition(argument=0, mask=NAMESPACE_BITS)
    return Policy(
        rules=(
            Rule(names=names, verdict=deny(errno.EPERM)),
            Rule(names=("clone",), verdict=deny(errno.EPERM), conditions=(new_namespaces,)),
            Rule(names=("clone3",), verdict=deny(errno.ENOSYS)),
        )
    )
