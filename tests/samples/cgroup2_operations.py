"""What is done to the kernel's tree of control groups and to the made-up one, to compare what they answer."""

import errno
from pathlib import Path

from pydock_lab.linux.cgroups.tree import Tree

# In this order: a verb, a path below a group that was made for it, a text.
# {pid} is a process that waits in the group to begin with.
OPERATIONS: tuple[tuple[str, str, str], ...] = (
    ("read", "cgroup.subtree_control", ""),
    ("write", "cgroup.subtree_control", "+memory"),  # EBUSY: the process is there
    ("write", "cgroup.subtree_control", "memory"),
    ("write", "cgroup.subtree_control", "+nonsense"),
    ("make", "leaf", ""),
    ("make", "leaf", ""),
    ("make", "no/such", ""),
    ("read", "cgroup.type", ""),
    ("write", "cgroup.subtree_control", "+pids"),  # no domain: it is taken, and what is below becomes invalid
    ("read", "cgroup.type", ""),
    ("read", "leaf/cgroup.type", ""),
    ("write", "leaf/cgroup.procs", "{pid}"),
    ("write", "cgroup.subtree_control", "-pids"),
    ("read", "leaf/cgroup.type", ""),
    ("write", "leaf/memory.max", "1048576"),  # ENOENT: not handed down
    ("write", "leaf/cgroup.procs", "{pid}"),
    ("read", "cgroup.events", ""),
    ("read", "leaf/cgroup.events", ""),
    ("write", "cgroup.subtree_control", "+memory"),
    ("write", "cgroup.subtree_control", "+pids +cpu"),
    ("read", "cgroup.subtree_control", ""),
    ("read", "leaf/cgroup.controllers", ""),
    ("write", "cgroup.procs", "{pid}"),  # EBUSY: it hands controllers down
    ("make", "leaf/below", ""),
    ("write", "leaf/below/cgroup.subtree_control", "+memory"),  # ENOENT: leaf does not hand it down
    ("remove", "leaf", ""),  # EBUSY
    ("remove", "leaf/below", ""),
    ("write", "leaf/memory.max", "10485761"),
    ("read", "leaf/memory.max", ""),
    ("write", "leaf/memory.max", "-1"),
    ("write", "leaf/memory.max", "much"),
    ("write", "leaf/memory.max", "max"),
    ("read", "leaf/memory.max", ""),
    ("write", "leaf/memory.low", "8192"),
    ("read", "leaf/memory.low", ""),
    ("write", "leaf/memory.current", "1"),
    ("write", "leaf/memory.events", "1"),
    ("write", "leaf/pids.max", "10"),
    ("read", "leaf/pids.max", ""),
    ("write", "leaf/pids.max", "-1"),
    ("read", "leaf/pids.current", ""),
    ("write", "leaf/cpu.max", "50000 100000"),
    ("read", "leaf/cpu.max", ""),
    ("write", "leaf/cpu.max", "500 100000"),
    ("write", "leaf/cpu.max", "max"),
    ("read", "leaf/cpu.max", ""),
    ("write", "leaf/cpu.weight", "0"),
    ("write", "leaf/cpu.weight", "10001"),
    ("write", "leaf/cpu.weight", "39"),
    ("read", "leaf/cpu.weight", ""),
    ("read", "leaf/cpuset.cpus", ""),  # ENOENT
    ("write", "leaf/cgroup.freeze", "2"),
    ("write", "leaf/cgroup.freeze", "yes"),
    ("write", "leaf/cgroup.freeze", "1"),
    ("read", "leaf/cgroup.freeze", ""),
    ("write", "leaf/cgroup.freeze", "0"),
    ("read", "leaf/cgroup.kill", ""),
    ("write", "leaf/cgroup.kill", "0"),
    ("write", "leaf/cgroup.procs", "nobody"),
    ("write", "cgroup.subtree_control", "-pids"),
    ("write", "leaf/pids.max", "10"),  # ENOENT again
    ("write", "leaf/cgroup.kill", "1"),
    ("remove", "no", ""),
)


def answer(tree: Tree, place: Path, operation: tuple[str, str, str], pid: int) -> str:
    """What a tree answers to one operation: a text, or the name of an errno."""
    verb, name, text = operation
    try:
        if verb == "write":
            tree.write(place / name, text.format(pid=pid))
            return "done"
        return str(getattr(tree, verb)(place / name) or "done")
    except OSError as error:
        return errno.errorcode[error.errno or 0]
