"""A terminal for a container (`-t`): made inside, because its name must exist in the container's own /dev/pts.

    you <-> shim <-> master | kernel: echo, Ctrl-C, line editing | slave <-> the program's 0, 1 and 2

Sources: pty(7), ioctl_tty(2).
"""

import contextlib
import fcntl
import os
import struct
import termios

from pydock_lab.errors import ContainerError
from pydock_lab.linux import mount_calls

_TIOCSPTLCK = 0x4004_5431
_TIOCGPTPEER = 0x5441
_WINDOW = struct.Struct("HHHH")
_CONSOLE = "/dev/console"


def open_terminal(rows: int, columns: int) -> tuple[int, int]:
    """A new terminal in this mount namespace's /dev/pts: (master, slave), closed at exec."""
    master = os.open("/dev/pts/ptmx", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    # unlockpt(3): the slave of a new pair is locked.
    fcntl.ioctl(master, _TIOCSPTLCK, struct.pack("i", 0))
    resize(master, rows, columns)
    # From the kernel, and not by its name, which a volume on /dev may have for something else (CVE-2025-52565).
    # O_NOCTTY: the leader of a session that has no terminal would get this one as its own (open(2)): see `control`.
    slave = fcntl.ioctl(master, _TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    return master, slave


def be_console(slave: int, *, by_link: bool) -> None:
    """Show the terminal as /dev/console too, as Docker does; `by_link` where nothing can be mounted.

    Raises ContainerError where a volume on /dev has a link of that name.
    """
    if by_link:
        os.symlink(os.ttyname(slave), _CONSOLE)
        return
    with contextlib.suppress(FileExistsError):
        os.close(os.open(_CONSOLE, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    tree = mount_calls.open_tree(slave, recursive=False)
    mount_calls.move_mount(tree, _CONSOLE)
    os.close(tree)
    # Looked at afterwards: before, it could still be changed.
    if not os.path.samestat(os.lstat(_CONSOLE), os.fstat(slave)):
        raise ContainerError("runtime.no-console", path=_CONSOLE)


def control(slave: int) -> None:
    """Make the terminal the controlling one of this session: Ctrl-C becomes SIGINT."""
    with contextlib.suppress(PermissionError):  # it leads a session of its own already, but not below an init
        os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)


def resize(master: int, rows: int, columns: int) -> None:
    """Tell the terminal its size in characters; the program gets SIGWINCH."""
    fcntl.ioctl(master, termios.TIOCSWINSZ, _WINDOW.pack(rows, columns, 0, 0))
