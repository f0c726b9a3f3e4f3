"""What only a kernel with version 2 can show; collected in the machine alone (see `inside.py`)."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from samples.cgroup2_operations import OPERATIONS, answer
from samples.fake_cgroup2 import FakeCgroup2

from pydock_lab.linux import cgroups, syscalls
from pydock_lab.linux.cgroups import ControlGroup, Hierarchy, Version
from pydock_lab.linux.cgroups.devices import ALL_DEVICES
from pydock_lab.linux.cgroups.tree import KERNEL
from pydock_lab.linux.syscalls import Namespace
from pydock_lab.oci.runtime_spec import Limits

MEGABYTE = 1 << 20


@pytest.fixture
def hierarchy() -> Hierarchy:
    found = cgroups.find_hierarchy()
    assert found is not None
    assert found.version is Version.V2
    return found


@pytest.fixture
def group(hierarchy: Hierarchy) -> Iterator[ControlGroup]:
    made = ControlGroup.create(hierarchy.below("kernel"), "c")
    yield made
    made.kill()
    made.remove()


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)


def test_all_controllers_are_at_hand(hierarchy: Hierarchy) -> None:
    assert hierarchy.controllers() == {"memory", "cpu", "pids", "io", "cpuset"}


@pytest.mark.usefixtures("group")
def test_the_made_up_tree_answers_as_the_kernel_does(hierarchy: Hierarchy) -> None:
    """The same operations on both, one by one."""
    real = dict(hierarchy.below("kernel").parents)["memory"] / "real"
    real.mkdir()
    process = sleeper()
    KERNEL.write(real / "cgroup.procs", str(process.pid))
    fake = FakeCgroup2(Path("/fake"), offered=("cpuset", "cpu", "io", "memory", "pids"))
    fake.write(Path("/fake/cgroup.subtree_control"), "+cpuset +cpu +io +memory +pids")
    if os.geteuid():
        fake.hand_over("", "user")
        fake.user = "user"
    fake.make(Path("/fake/real"))
    fake.group("real").processes.add(process.pid)
    differences = {}
    for operation in OPERATIONS:
        ours = answer(fake, Path("/fake/real"), operation, process.pid)
        theirs = answer(KERNEL, real, operation, process.pid)
        if ours != theirs:
            differences[operation] = (ours, theirs)
    assert process.wait() == -signal.SIGKILL  # the last of them
    process.communicate()
    for _ in range(200):
        try:
            (real / "leaf").rmdir()
            break
        except OSError:
            time.sleep(0.01)
    real.rmdir()
    assert differences == {}


def test_a_child_is_born_into_its_group(group: ControlGroup) -> None:
    directory = group.open_directory()
    reader, writer = os.pipe()
    pid, pidfd = syscalls.clone3(Namespace(0), group=directory)
    if pid == 0:
        os.write(writer, Path("/proc/self/cgroup").read_bytes())
        os._exit(0)
    os.close(writer)
    with open(reader) as pipe:
        assert pipe.read().strip().endswith("/kernel/c")
    os.waitpid(pid, 0)
    os.close(pidfd)
    os.close(directory)


def test_block_devices_have_a_weight(group: ControlGroup) -> None:
    assert group.limit(Limits(blkio_weight=500)) == ()


def test_a_whole_family_is_killed_at_once(group: ControlGroup) -> None:
    program = "import os\nfor n in range(5): os.fork()\nos.read(0, 1)"
    doors = group.open_doors()
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        preexec_fn=lambda: os.write(doors[0], b"0"),  # noqa: PLW1509 - a single thread
    )
    os.close(doors[0])
    while len(group.processes()) < 32:
        time.sleep(0.01)
    assert group.kill()
    assert process.wait() == -signal.SIGKILL
    process.communicate()


def test_pressure_is_told(group: ControlGroup) -> None:
    assert group.pressure().keys() == {"memory", "cpu", "io"}


def test_devices_are_the_business_of_real_root(group: ControlGroup) -> None:
    if os.geteuid() == 0:
        group.restrict_devices(ALL_DEVICES)
        return
    with pytest.raises(PermissionError) as raised:
        group.restrict_devices(ALL_DEVICES)
    assert raised.value.errno == errno.EPERM
