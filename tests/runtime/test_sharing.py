"""Whose namespaces a container lives in, and mounts that are seen on both sides."""

import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pydock_lab.errors import ContainerError, IsolationError
from pydock_lab.linux.tiers import Tier
from pydock_lab.oci.runtime_spec import Mount, Namespaces, Propagation


def inode(name: str, pid: str = "self") -> str:
    return os.readlink(f"/proc/{pid}/ns/{name}")


@pytest.mark.parametrize("kind", ["pid", "ipc", "uts"])
def test_the_hosts_namespace(box: Any, kind: str) -> None:
    hostname = {"hostname": ""} if kind == "uts" else {}
    ran = box.run("readlink", f"/proc/self/ns/{kind}", namespaces=Namespaces(**{kind: "host"}), **hostname)
    assert ran.out.strip() == inode(kind)


def test_the_hosts_processes_are_seen_and_the_containers_do_not_survive_it(box: Any) -> None:
    shared = Namespaces(pid="host")
    ran = box.sh("sleep 77 & ps | grep -c pytest; test $$ -gt 1 && echo not first", namespaces=shared)
    assert int(ran.out.split()[0]) >= 1
    assert "not first" in ran.out
    assert box.until(lambda: not sleepers(b"77"))


def sleepers(seconds: bytes) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if path.read_bytes() == b"sleep\0" + seconds + b"\0":
                found.append(path.parent.name)
    return found


def test_the_processes_of_another_container(box: Any) -> None:
    first = box.background("sh", "-c", "sleep 88 & wait", init=True)
    shared = Namespaces(pid=f"container:{first.name}")
    out = box.sh("ps; readlink /proc/self/ns/pid", namespaces=shared).out
    assert "sleep 88" in out
    assert out.split()[-1] == box.exec(first, "readlink", "/proc/self/ns/pid").out.strip()
    second = box.background("sleep", "99", namespaces=shared)
    assert "sleep 99" in box.exec(first, "ps").out
    assert "sleep 88" in box.exec(second, "ps").out
    box.runtime.kill(second, 9)
    assert box.runtime.wait(second) == 137
    assert box.runtime.is_running(first)


def test_who_lives_in_anothers_processes_ends_with_it(box: Any) -> None:
    first = box.background("sleep", "60")
    second = box.background("sleep", "60", namespaces=Namespaces(pid=f"container:{first.name}"))
    box.runtime.kill(first, 9)
    assert box.runtime.wait(second) == 137


def test_shared_memory_of_another_container(box: Any) -> None:
    first = box.background("sh", "-c", "echo hello > /dev/shm/word; sleep 60")
    assert box.until(lambda: box.exec(first, "cat", "/dev/shm/word").out == "hello\n")
    shared = Namespaces(ipc=f"container:{first.name}")
    ran = box.sh("cat /dev/shm/word; readlink /proc/self/ns/ipc; echo back > /dev/shm/answer", namespaces=shared)
    assert ran.out.split() == ["hello", box.exec(first, "readlink", "/proc/self/ns/ipc").out.strip()]
    assert box.exec(first, "cat", "/dev/shm/answer").out == "back\n"


def test_no_shared_memory(box: Any) -> None:
    assert box.sh("test -e /dev/shm || echo none", namespaces=Namespaces(ipc="none")).out == "none\n"


def test_the_hosts_shared_memory(box: Any) -> None:
    path = Path(f"/dev/shm/pydock-test-{os.getpid()}")
    path.write_text("of the host")
    try:
        assert box.run("cat", str(path), namespaces=Namespaces(ipc="host")).out == "of the host"
    finally:
        path.unlink()


@pytest.mark.parametrize("kind", ["pid", "ipc"])
def test_a_container_that_does_not_run_shares_nothing(box: Any, kind: str) -> None:
    with pytest.raises(ContainerError) as caught:
        box.sh("true", namespaces=Namespaces(**{kind: "container:nobody"}))
    assert caught.value.key == "runtime.share-not-running"


def test_the_hosts_control_groups(box: Any) -> None:
    script = "readlink /proc/self/ns/cgroup"
    assert box.sh(script, namespaces=Namespaces(cgroup="host")).out.strip() == inode("cgroup")
    assert box.sh(script).out.strip() != inode("cgroup")


# ---- propagation: in a mount namespace of the test's own, where mounts may be made and shared

INSIDE = """
import os, subprocess, sys
from pathlib import Path
from pydock_lab.linux import mount_calls, syscalls
from pydock_lab.linux.mount_calls import MountFlag
from pydock_lab.linux.syscalls import Namespace
syscalls.unshare(Namespace.MOUNT)
mount_calls.mount(None, "/", None, MountFlag.REC | MountFlag.PRIVATE)
place = Path(sys.argv[1])
place.mkdir()
mount_calls.mount("place", str(place), "tmpfs")
if sys.argv[2] == "shared":
    mount_calls.mount(None, str(place), None, MountFlag.SHARED)
for name in ("of-host", "of-container"):
    (place / name).mkdir()
os.execv(sys.executable, [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header", *sys.argv[3:]])
"""


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("kind", ["shared", "private"])
def test_propagation(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "à part"  # which /proc/self/mountinfo does not write like that
    tests = f"{Path(__file__).with_name('inside_shared_mounts.py')}::test_{kind}_mounts"
    environment = os.environ | {"PYDOCK_TEST_PLACE": str(place), "XDG_RUNTIME_DIR": str(tmp_path)}
    words = [sys.executable, "-c", INSIDE, str(place), kind, tests]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert "3 passed" in done.stdout


def test_without_root_nothing_is_shared_back(box: Any, tier: Tier) -> None:
    mount = Mount(target="/place", source="/tmp", propagation=Propagation.RSHARED)
    expected = ContainerError if tier is Tier.ROOT else IsolationError
    with pytest.raises(expected) as caught:
        box.sh("true", mounts=(mount,))
    assert caught.value.key == ("runtime.not-shared" if tier is Tier.ROOT else "runtime.propagation")


def test_a_bind_with_all_below_or_alone(box: Any, tier: Tier) -> None:
    script = "test -e /host/pts/ptmx && echo dev"
    assert box.sh(script, mounts=(Mount(target="/host", source="/dev"),)).out == "dev\n"
    alone = Mount(target="/host", source="/dev", is_recursive=False)
    if tier is Tier.ROOT:
        assert box.sh(script, mounts=(alone,)).out == ""
        return
    with pytest.raises(IsolationError) as caught:
        box.sh(script, mounts=(alone,))
    assert caught.value.key == "runtime.locked-mounts"


def test_a_socket_of_the_host_can_be_mounted(box: Any, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(str(tmp_path / "s"))
        mount = Mount(target="/run/s", source=str(tmp_path / "s"))
        assert box.sh("test -S /run/s && echo socket", mounts=(mount,)).out == "socket\n"
