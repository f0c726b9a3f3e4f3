"""What can be written to through /proc/PID/exe, by root with CAP_SYS_PTRACE: a stand-in for the host's interpreter."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pydock_lab.engine.face import Engine
from pydock_lab.engine.run_options import LogOptions, RunOptions
from pydock_lab.linux import capabilities, mount_calls, sealed, syscalls
from pydock_lab.linux.capabilities import DEFAULT, Capability
from pydock_lab.linux.mount_calls import MountFlag
from pydock_lab.linux.sealed import seal
from pydock_lab.linux.syscalls import Namespace
from pydock_lab.linux.tiers import Tier, attempt
from pydock_lab.runtime import probing

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
    def overwrite_what_is_sealed() -> None:
        syscalls.unshare(Namespace.MOUNT)
        mount_calls.mount(None, "/", None, MountFlag.REC | MountFlag.PRIVATE)
        seal(str(program))
        overwrite(program)

    before = program.read_bytes()
    error = attempt(overwrite_what_is_sealed)
    assert error is not None
    assert error.errno == errno.EROFS
    assert program.read_bytes() == before


# What an init of a container has mapped, as who may checkpoint sees it: opened for writing, and not written to.
MAPPED = """
import os
for one in os.scandir("/proc/1/map_files"):
    file = os.readlink(one.path)
    if file.startswith("/") and not file.startswith(("/dev/", "/memfd:")):
        try:
            os.close(os.open(one.path, os.O_WRONLY))
            print("out", file)
        except OSError:
            pass
"""


_HOLDER = """
import mmap, sys
file = open(sys.argv[1])
kept = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
print("mapped", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[int]:
    """A process that has a file of the test's mapped, like a library."""
    (tmp_path / "library").write_bytes(bytes(4096))
    command = [sys.executable, "-c", _HOLDER, str(tmp_path / "library")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"mapped\n"
        yield process.pid
        process.kill()


def test_a_library_can_be_written_to_by_who_may_checkpoint(holder: int, tmp_path: Path) -> None:
    library = tmp_path / "library"
    (way,) = [one for one in Path(f"/proc/{holder}/map_files").iterdir() if os.readlink(one) == str(library)]

    def overwrite_it() -> None:
        powers = DEFAULT | Capability.SYS_PTRACE | Capability.CHECKPOINT_RESTORE
        capabilities.limit_bounding(powers)
        capabilities.hold(powers)
        os.write(os.open(way, os.O_WRONLY), b"ours now")

    assert attempt(overwrite_it) is None
    assert library.read_bytes().startswith(b"ours now")


@pytest.mark.usefixtures("containers")
def test_no_library_of_the_host_is_in_reach_of_a_container(engine: Engine) -> None:
    options = RunOptions(
        image="lab/python",
        command=("python3", "-c", MAPPED),
        init=True,
        cap_add=("SYS_PTRACE", "CHECKPOINT_RESTORE"),
        name="one",
    )
    engine.full.run(options)
    assert engine.full.wait("one") == 0
    assert "".join(one.text for one in engine.full.logs(LogOptions(container="one"))) == ""
    (files,) = [one for one in engine.doctor().facets if one.name == "files"]
    assert (files.in_force, files.why) == (True, "")


@pytest.mark.usefixtures("containers")
def test_a_bind_of_what_is_sealed_is_as_the_host_has_it(engine: Engine) -> None:
    """Not read-only: that is a matter of our own mount namespace."""
    place = Path(os.path.realpath(sys.executable)).parent
    flags = "grep -c '^[^ ]* /host[^ ]* [^ ]* ro[, ]' /proc/mounts; true"
    found = engine.run("lab/busybox", "sh", "-c", flags, volumes={str(place): "/host"})
    assert found.logs() == "0\n"


def test_what_is_sealed(tmp_path: Path) -> None:
    (tmp_path / "modules/deep").mkdir(parents=True)
    (tmp_path / "modules/store").mkdir()
    folders = [tmp_path / "modules/deep", tmp_path / "modules", tmp_path / "no-folder"]
    program, *places = sealed.to_seal("/usr/bin/program", map(str, folders), "/elsewhere")
    assert program == "/usr/bin/program"
    assert str(tmp_path / "modules") in places
    assert str(tmp_path / "modules/deep") not in places, "it lies in another"
    assert str(tmp_path / "modules") not in sealed.to_seal("/p", map(str, folders), str(tmp_path / "modules/store"))


def test_what_could_not_be_sealed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing.sealed, "exposed", lambda: ["/lib/libc.so"])
    facet = probing._files(Tier.ROOT)
    assert (facet.in_force, facet.why, facet.detail) == (True, "runtime.why-not-sealed", "/lib/libc.so")
    assert probing._files(Tier.ROOTLESS).why == ""
