"""The last steps of a container's process, from inside: what its program gets, what it gives up, and execve.

    who it runs as          identity.py, looked up in the container's own files
    terminal, input, output terminal.py
    powers                  privileges.py
    PID 1                   pid1.py, with --init
    the program             launch.py

Nothing is imported from here on: the modules that would be found are the container's.
"""

import contextlib
import os
import select
import signal
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydock_lab.errors import ContainerError, PydockError
from pydock_lab.linux import journal, pages, syscalls
from pydock_lab.linux.syscalls import Prctl
from pydock_lab.linux.tiers import Tier
from pydock_lab.oci.runtime_spec import ProcessSpec
from pydock_lab.runtime import launch, pid1, terminal
from pydock_lab.runtime.identity import Identity, resolve
from pydock_lab.runtime.privileges import give_up, powers_of
from pydock_lab.runtime.steplog import StepLog
from pydock_lab.sandbox.protocol import Connection

_LONGEST = 16 << 20  # bytes; more than a passwd with a hundred thousand users has
CANNOT_START = 125
KIND = "first process"  # see pages.py


@dataclass(frozen=True, slots=True)
class Becoming:
    """A process in the container's tree that is to become `process`; `line` leads to who watches its start.

    `standard` are its three descriptors. With `tells_owners` somebody answers where owners can only be pretended.
    """

    process: ProcessSpec
    tier: Tier
    standard: Sequence[int]
    line: Connection
    log: StepLog
    tells_owners: bool = False

    def go(self, *, init: bool, console: bool = False) -> None:
        """Become it: only an error comes back."""
        process, log = self.process, self.log
        log.begin("user", process.user)
        identity = resolve(process.user, _read("/etc/passwd"), _read("/etc/group"), process.groups)
        # As runc has it; ours is whatever we were born with.
        os.umask(0o022)
        log.begin("terminal" if process.terminal else "directory", "" if process.terminal else process.cwd)
        slave = self._open_terminal(identity, console=console) if process.terminal else -1
        for number, descriptor in enumerate(self.standard if slave < 0 else (slave,) * 3):
            os.dup2(descriptor, number)
        self._give_pipes(identity)
        log.begin("directory", process.cwd)
        # While we are root: the user may not be able to make it. Docker makes it as root, too.
        _change_directory(process.cwd)
        log.add("directory", process.cwd)
        left = powers_of(process, self.tier, asked=self.tells_owners)
        self._hand_over(give_up(process, identity, left, log), identity)
        self._die_with_the_shim()
        if init:
            pid1.become()
        if slave >= 0:
            terminal.control(0)
        variables = launch.environment(process.env, identity.home)
        program = launch.find(process.args, variables)
        log.add("exec", " ".join(process.args), program=program, pid=os.getpid() if init else 1)
        # After the init has forked: it has all signals blocked, and its child inherits that.
        launch.reset_signals()
        report(self.line, log)
        launch.execute(program, process.args, variables)

    def _open_terminal(self, identity: Identity, *, console: bool) -> int:
        master, slave = terminal.open_terminal(self.process.rows, self.process.columns)
        if console:
            terminal.be_console(slave, by_link=self.tier is Tier.TRACED)
        self.line.send({"terminal": True}, [master])
        os.close(master)
        if not self.tier.has_single_id:
            # As grantpt(3) does: the user may open it anew by its name. Its group stays that of the mount (tty).
            os.fchown(slave, identity.uid, -1)
        self.log.add("terminal", os.ttyname(slave))
        return slave

    def _give_pipes(self, identity: Identity) -> None:
        """Let the user open /dev/stdout anew, as servers do for their logs; files and terminals of the host stay."""
        for number in range(3):
            if stat.S_ISFIFO(os.fstat(number).st_mode):
                with contextlib.suppress(OSError):  # with a single id there is nobody to give it to
                    os.fchown(number, identity.uid, -1)

    def _hand_over(self, listener: int, identity: Identity) -> None:
        """Give the shim what it needs to answer for owners: see owners.py."""
        if listener >= 0:
            root = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            self.line.send({"owner": [identity.uid, identity.gid]}, [listener, root])
            os.close(listener)
            os.close(root)

    def _die_with_the_shim(self) -> None:
        """Again: a change of user makes the kernel forget it. And the shim may have died in between."""
        syscalls.prctl(Prctl.SET_PDEATHSIG, signal.SIGKILL)
        readable, _, _ = select.select([self.line], [], [], 0)
        if readable:
            os._exit(CANNOT_START)  # the shim has no more to say: its end of the line has been closed


def report(line: Connection, log: StepLog, error: PydockError | None = None) -> None:
    """Tell who watches the start how far it came."""
    document: dict[str, Any] = {"steps": log.steps, "notes": log.notes}
    if pages.has_to_learn(KIND):
        document["pages"] = pages.touched()
    if error is not None:
        document["error"] = error.to_json()
    line.send(document)


def describe(error: BaseException) -> str:
    """What went wrong, for whom it concerns; of what is our own mistake also its kind."""
    if isinstance(error, OSError):
        return f"{error.strerror}{f' ({error.filename})' if error.filename else ''}"
    return f"{type(error).__name__}: {error}"


def _read(path: str) -> str:
    """A small file of the image; what is missing, or no file at all, is empty."""
    try:
        # O_NONBLOCK: an image may have a FIFO here, and nobody will ever write to it.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return ""
    content = b""
    with contextlib.suppress(OSError):
        # It may also be a link to /dev/zero.
        is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
        while is_file and len(content) < _LONGEST and (chunk := os.read(descriptor, 65536)):
            content += chunk
    os.close(descriptor)
    return content.decode("utf-8", "replace")


def _change_directory(path: str) -> None:
    """Enter the working directory, made where the image lacks it (as Docker does).

    Raises ContainerError where that cannot be, and where it leads out of the container: by a descriptor that was left
    open (CVE-2024-21626).
    """
    try:
        if not os.path.isdir(path):
            journal.ask("mkdir", _make_directory, path)
        journal.ask("chdir", os.chdir, path)
    except (FileExistsError, NotADirectoryError) as error:
        raise ContainerError("runtime.working-file", path=path) from error
    except OSError as error:
        raise ContainerError("runtime.working-directory", path=path, reason=error.strerror) from error
    try:
        os.getcwd()
    except FileNotFoundError:  # to the kernel it is "(unreachable)", to the C library nothing (getcwd(3))
        raise ContainerError("runtime.directory-outside", path=path) from None


def _make_directory(path: str) -> None:
    os.makedirs(path, exist_ok=True)  # another program may be on its way to the same one
