"""A program of the host that nobody can write to through a process that runs it (CVE-2019-5736).

    container                                 host
    cat > /proc/PID/exe   ---- follows --->   /usr/bin/python3, as the inode that PID runs

Until it executes its own program, the first process of a container, and each that `exec` adds, runs our interpreter.
Being undumpable it is hidden from all who lack CAP_SYS_PTRACE; root with that capability (`--cap-add SYS_PTRACE`) can
hold its `exe` open, wait until it has executed something else, and write: the next Python of the host is theirs. In a
user namespace they cannot, for the capability does not reach a program that was started outside of it.

The way that leads through `exe` is the mount that the program was started from. So it is started from a read-only one.
"""

import os

from pydock_lab.linux import syscalls
from pydock_lab.linux.syscalls import MountAttribute


def seal(path: str) -> None:
    """Lay a file over itself, read-only, in this mount namespace; who executes it from now on runs the sealed one.

    The namespace must be private (mount_namespaces(7)), and the change is seen by all processes in it. Raises OSError.
    """
    copy = syscalls.open_tree(path, recursive=False)
    try:
        syscalls.set_mount_attributes(copy, MountAttribute.RDONLY | MountAttribute.NODEV)
        syscalls.move_mount(copy, path)
    finally:
        os.close(copy)
