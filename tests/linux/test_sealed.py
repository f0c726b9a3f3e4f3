"""What can be written to through /proc/PID/exe, by root with CAP_SYS_PTRACE: a stand-in for the host's interpreter."""

import errno
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pydock_lab.linux import capabilities, syscalls
from pydock_lab.linux.capabilities import DEFAULT, Capability
from pydock_lab.linux.sealed import seal
from pydock_lab.linux.syscalls import MountFlag, Namespace
from pydock_lab.linux.tiers import attempt

pytestmark = pytest.mark.usefixtures("as_root")


def overwrite(program: Path) -> None:
    """Hold the `exe` of a process that runs it, and write there once the process has ended; raises OSError."""
    process = subprocess.Popen([program, "60"])
    capabilities.limit_bounding(DEFAULT | Capability.SYS_PTRACE)
    capabilities.hold(DEFAULT | Capability.SYS_PTRACE)
    held = os.open(f"/proc/{process.pid}/exe", os.O_PATH)
    process.send_signal(signal.SIGKILL)
    process.wait()
    os.write(os.open(f"/proc/self/fd/{held}", os.O_WRONLY), b"#! ours now")


@pytest.fixture
def program(tmp_path: Path, need: Callable[[str], str]) -> Path:
    return Path(shutil.copy(need("sleep"), tmp_path / "interpreter"))


def test_who_holds_an_exe_can_overwrite_it(program: Path) -> None:
    assert attempt(lambda: overwrite(program)) is None
    assert program.read_bytes().startswith(b"#! ours now")


def test_a_sealed_program_is_out_of_reach(program: Path) -> None:
    def sealed() -> None:
        syscalls.unshare(Namespace.MOUNT)
        syscalls.mount(None, "/", None, MountFlag.REC | MountFlag.PRIVATE)
        seal(str(program))
        overwrite(program)

    before = program.read_bytes()
    error = attempt(sealed)
    assert error is not None
    assert error.errno == errno.EROFS
    assert program.read_bytes() == before
