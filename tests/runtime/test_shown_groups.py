"""A container's own control groups, where programs look for what they may use: /sys/fs/cgroup, read-only."""

from typing import Any

import pytest

from pydock_lab.linux.cgroups import Version, find_hierarchy
from pydock_lab.oci.runtime_spec import Limits

pytestmark = pytest.mark.usefixtures("control_groups")
LIMIT = 48 << 20


@pytest.fixture
def file() -> str:
    """Where a program finds how much memory it may use."""
    hierarchy = find_hierarchy()
    assert hierarchy is not None
    return "memory.max" if hierarchy.version is Version.V2 else "memory/memory.limit_in_bytes"


def test_a_program_finds_its_limit(box: Any, file: str) -> None:
    ran = box.sh(f"cat /sys/fs/cgroup/{file}", limits=Limits(memory=LIMIT))
    assert ran.out == f"{LIMIT}\n"


def test_it_sees_itself_and_nobody_else(box: Any, file: str) -> None:
    folder = file.rpartition("/")[0]
    ran = box.sh(f"cat /sys/fs/cgroup/{folder}/cgroup.procs; find /sys/fs/cgroup/{folder} -mindepth 1 -type d | wc -l")
    first, *_, below = ran.out.split()
    assert (first, below) == ("1", "0")


def test_it_cannot_change_them(box: Any, file: str) -> None:
    ran = box.sh(
        f"echo 99999999 > /sys/fs/cgroup/{file}; mkdir /sys/fs/cgroup/mine; echo $?", limits=Limits(memory=LIMIT)
    )
    assert ran.err.count("Read-only file system") == 2
    assert ran.out.split()[-1] != "0"
