"""Control groups: where they are found, what is written for a limit, and what is told of one that is not in force."""

import errno
import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from samples.fake_cgroup2 import FakeCgroup2

from pydock_lab.linux import cgroups
from pydock_lab.linux.cgroups import ControlGroup, Hierarchy, Unmet, Version, v1, v2
from pydock_lab.linux.cgroups.values import Setting, cpu_weight, io_weight
from pydock_lab.oci.runtime_spec import Limits

ROOT = Path("/sys/fs/cgroup")
MEGABYTE = 1 << 20


def mountinfo(tmp_path: Path, *mounts: tuple[str, Path, str]) -> str:
    lines = [f"30 20 0:26 / {place} rw - {kind} none rw,{options}" for kind, place, options in mounts]
    path = tmp_path / "mountinfo"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def own(tmp_path: Path, path: str) -> str:
    file = tmp_path / "own"
    file.write_text(f"5:memory:/x\n0::{path}\n")
    return str(file)


def find(tmp_path: Path, tree: FakeCgroup2, path: str) -> Hierarchy | None:
    return cgroups.find_hierarchy(mountinfo(tmp_path, ("cgroup2", ROOT, "")), own(tmp_path, path), tree)


def found(tmp_path: Path, tree: FakeCgroup2, path: str = "/") -> Hierarchy:
    hierarchy = find(tmp_path, tree, path)
    assert hierarchy is not None
    return hierarchy


def session(offered: tuple[str, ...] = ("memory", "pids", "cpu")) -> FakeCgroup2:
    """A user's session as systemd makes it: their service was handed over, and this process is in a scope of it."""
    tree = FakeCgroup2(ROOT)
    tree.top.processes.add(os.getpid())
    place = ROOT
    for part in ("user.slice", "user-1000.slice", "user@1000.service"):
        tree.write(place / "cgroup.subtree_control", " ".join(f"+{name}" for name in offered))
        place /= part
        tree.make(place)
    tree.hand_over("user.slice/user-1000.slice/user@1000.service", "student")
    tree.user = "student"
    tree.make(place / "app.scope")
    tree.user = ""
    tree.write(place / "app.scope/cgroup.procs", str(os.getpid()))
    tree.user = "student"
    return tree


SERVICE = "user.slice/user-1000.slice/user@1000.service"


# ---- where they are found


def test_version_1_is_found_by_its_controllers(tmp_path: Path) -> None:
    for name in ("memory", "pids"):
        (tmp_path / name).mkdir()
    text = mountinfo(tmp_path, ("cgroup", tmp_path / "memory", "memory"), ("cgroup", tmp_path / "pids", "pids"))
    hierarchy = cgroups.find_hierarchy(text, own(tmp_path, "/"))
    assert hierarchy is not None
    assert (hierarchy.version, hierarchy.controllers()) == (Version.V1, {"memory", "pids"})
    assert dict(hierarchy.below("/a/../b").parents)["memory"] == tmp_path / "memory/a/b"


def test_root_takes_the_top_of_version_2(tmp_path: Path) -> None:
    hierarchy = found(tmp_path, FakeCgroup2(ROOT))
    assert (hierarchy.version, hierarchy.controllers()) == (Version.V2, {"memory", "cpu", "pids", "io", "cpuset"})
    assert set(hierarchy.parents) == {(name, ROOT / "pydock") for name in hierarchy.controllers()}


def test_a_user_takes_what_was_handed_over(tmp_path: Path) -> None:
    hierarchy = found(tmp_path, session(), f"/{SERVICE}/app.scope")
    assert dict(hierarchy.parents) == dict.fromkeys(("memory", "cpu", "pids"), ROOT / SERVICE / "pydock")


@pytest.mark.parametrize(
    ("tree", "path"),
    [
        (FakeCgroup2(ROOT, user="student"), "/user.slice/user-1000.slice/session-3.scope"),
        (FakeCgroup2(ROOT, read_only=True), "/"),
        (FakeCgroup2(ROOT, offered=()), "/"),
        (session(), "/../../elsewhere"),
    ],
    ids=["nothing handed over", "read-only", "no controllers", "outside of the namespace"],
)
def test_where_there_is_no_place(tmp_path: Path, tree: FakeCgroup2, path: str) -> None:
    assert find(tmp_path, tree, path) is None


def test_no_mount_is_no_error(tmp_path: Path) -> None:
    assert cgroups.find_hierarchy(mountinfo(tmp_path), own(tmp_path, "/")) is None
    assert cgroups.find_hierarchy(str(tmp_path / "nothing"), own(tmp_path, "/")) is None


@pytest.mark.parametrize(
    ("controllers", "version"), [("memory", Version.V1), ("freezer", Version.V2), ("name=systemd", Version.V2)]
)
def test_a_hybrid_host_has_its_limits_where_its_memory_is(tmp_path: Path, controllers: str, version: Version) -> None:
    """Which is not version 2 because it is there, nor version 1 because some controller is."""

    class Both(FakeCgroup2):
        def may_write(self, path: Path) -> bool:
            return path == tmp_path or super().may_write(path)

    text = mountinfo(tmp_path, ("cgroup", tmp_path, controllers), ("cgroup2", ROOT, ""))
    hierarchy = cgroups.find_hierarchy(text, own(tmp_path, "/"), Both(ROOT))
    assert hierarchy is not None
    assert hierarchy.version is version


def test_looking_changes_nothing(tmp_path: Path) -> None:
    tree = session()
    before = [(group.handed_down.copy(), list(group.children)) for group in tree.top.below()]
    found(tmp_path, tree, f"/{SERVICE}/app.scope")
    assert [(group.handed_down, list(group.children)) for group in tree.top.below()] == before


# ---- made, step by step


def test_controllers_are_handed_down_step_by_step(tmp_path: Path) -> None:
    tree = FakeCgroup2(ROOT)
    group = ControlGroup.create(found(tmp_path, tree).below("lab/course"), "c", Limits(memory=64 * MEGABYTE))
    assert group.unmet == ()
    for path in ("", "lab", "lab/course"):
        assert {"memory", "cpu", "pids"} <= tree.group(path).handed_down, path
    assert tree.group("lab/course/c").handed_down == set()
    assert tree.group("lab/course/c").values["memory.max"] == str(64 * MEGABYTE)


def test_a_user_limits_containers_in_a_session(tmp_path: Path) -> None:
    tree = session()
    group = ControlGroup.create(found(tmp_path, tree, f"/{SERVICE}/app.scope"), "c", Limits(memory=MEGABYTE, pids=9))
    group.add(os.getpid())
    assert group.unmet == ()
    assert tree.group(f"{SERVICE}/pydock/c").processes == {os.getpid()}


def test_who_stands_in_a_group_of_its_own_moves_aside(tmp_path: Path) -> None:
    """A container's own root, or a scope that was handed over with the process in it."""
    tree = FakeCgroup2(ROOT)
    tree.write(ROOT / "cgroup.subtree_control", "+memory +pids +cpu")
    tree.make(ROOT / "given")
    tree.group("given").processes |= {os.getpid(), 77}
    tree.hand_over("given", "student")
    tree.user = "student"
    group = ControlGroup.create(found(tmp_path, tree, "/given"), "c", Limits(memory=MEGABYTE))
    assert group.unmet == ()
    assert tree.group("given/pydock.self").processes == {os.getpid(), 77}
    assert tree.group("given").handed_down == {"memory", "pids", "cpu"}
    group.add(os.getpid())
    assert group.processes() == (os.getpid(),)


def test_who_was_given_no_domain_controller_moves_aside_as_well(tmp_path: Path) -> None:
    """The kernel would not mind, and then let nobody in."""
    tree = FakeCgroup2(ROOT)
    tree.write(ROOT / "cgroup.subtree_control", "+pids +cpu")
    tree.make(ROOT / "given")
    tree.group("given").processes.add(os.getpid())
    tree.hand_over("given", "student")
    tree.user = "student"
    group = ControlGroup.create(found(tmp_path, tree, "/given"), "c", Limits(pids=4))
    assert group.unmet == ()
    group.add(os.getpid())


def test_processes_of_others_stay_where_they_are(tmp_path: Path) -> None:
    tree = FakeCgroup2(ROOT)
    tree.make(ROOT / "theirs")
    tree.group("theirs").processes.add(77)
    group = ControlGroup.create(found(tmp_path, tree).below("theirs"), "c", Limits(memory=MEGABYTE, pids=5))
    assert tree.group("theirs").processes == {77}
    assert {(one.limit, one.code) for one in group.unmet} == {
        ("memory", errno.ENOENT),
        ("memory_swap", errno.ENOENT),
        ("pids", errno.ENOENT),
    }


def test_a_group_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    tree = FakeCgroup2(ROOT)
    hierarchy = found(tmp_path, tree)
    tree.read_only = True
    with pytest.raises(OSError, match="Read-only"):
        ControlGroup.create(hierarchy, "c")


# ---- limits

EVERYTHING = Limits(
    memory=64 * MEGABYTE,
    memory_swap=96 * MEGABYTE,
    memory_reservation=32 * MEGABYTE,
    cpus=1.5,
    cpu_shares=512,
    cpuset_cpus="0-1,3",
    cpuset_mems="0",
    pids=10,
    blkio_weight=500,
)


def test_all_limits_of_version_2(tmp_path: Path) -> None:
    tree = FakeCgroup2(ROOT)
    assert ControlGroup.create(found(tmp_path, tree), "c", EVERYTHING).unmet == ()
    assert tree.group("pydock/c").values == {
        "memory.max": str(64 * MEGABYTE),
        "memory.swap.max": str(32 * MEGABYTE),
        "memory.low": str(32 * MEGABYTE),
        "cpu.max": "150000 100000",
        "cpu.weight": "59",
        "cpuset.cpus": "0-1,3",
        "cpuset.mems": "0",
        "pids.max": "10",
        "io.weight": "default 4950",
    }


def files(settings: Iterable[Setting]) -> tuple[str, ...]:
    """What would be written first for each, as `file=value`; `-` where there is no such file."""
    return tuple("=".join(one.files[0]) if one.files else "-" for one in settings)


@pytest.mark.parametrize(
    ("limits", "version_1", "version_2"),
    [
        (
            Limits(memory=4096),
            ("memory.limit_in_bytes=4096", "memory.memsw.limit_in_bytes=8192"),
            ("memory.max=4096", "memory.swap.max=4096"),
        ),
        (
            Limits(memory=4096, memory_swap=4096),
            ("memory.limit_in_bytes=4096", "memory.memsw.limit_in_bytes=4096"),
            ("memory.max=4096", "memory.swap.max=0"),
        ),
        (
            Limits(memory=4096, memory_swap=-1),
            ("memory.limit_in_bytes=4096", "memory.memsw.limit_in_bytes=-1"),
            ("memory.max=4096", "memory.swap.max=max"),
        ),
        (
            Limits(memory=-1),
            ("memory.limit_in_bytes=-1", "memory.memsw.limit_in_bytes=-1"),
            ("memory.max=max", "memory.swap.max=max"),
        ),
        (Limits(memory_reservation=4096), ("memory.soft_limit_in_bytes=4096",), ("memory.low=4096",)),
        (Limits(memory_swappiness=0), ("memory.swappiness=0",), ("-",)),
        (Limits(oom_kill_disable=True), ("memory.oom_control=1",), ("-",)),
        (Limits(oom_kill_disable=False), ("memory.oom_control=0",), ()),
        (Limits(cpus=0.5), ("cpu.cfs_period_us=100000", "cpu.cfs_quota_us=50000"), ("cpu.max=50000 100000",)),
        (Limits(cpu_quota=5000), ("cpu.cfs_period_us=100000", "cpu.cfs_quota_us=5000"), ("cpu.max=5000 100000",)),
        (Limits(cpu_quota=-1), ("cpu.cfs_period_us=100000", "cpu.cfs_quota_us=-1"), ("cpu.max=max 100000",)),
        (Limits(cpu_period=5000), ("cpu.cfs_period_us=5000", "cpu.cfs_quota_us=-1"), ("cpu.max=max 5000",)),
        (Limits(cpu_shares=1024), ("cpu.shares=1024",), ("cpu.weight=100",)),
        (Limits(pids=-1), ("pids.max=max",), ("pids.max=max",)),
        (Limits(pids=0), ("pids.max=max",), ("pids.max=max",)),
        (Limits(blkio_weight=10), ("blkio.weight=10",), ("io.bfq.weight=10",)),
        (Limits(), (), ()),
    ],
)
def test_what_is_written_for_a_limit(limits: Limits, version_1: tuple[str, ...], version_2: tuple[str, ...]) -> None:
    assert files(v1.settings(limits)) == version_1
    assert files(v2.settings(limits)) == version_2


@pytest.mark.parametrize(
    ("limits", "unmet"),
    [
        (Limits(memory_swappiness=10), {"memory_swappiness": errno.ENOENT}),
        (Limits(oom_kill_disable=True), {"oom_kill_disable": errno.ENOENT}),
        (Limits(oom_kill_disable=False), {}),
        (Limits(cpu_quota=10), {"cpu_quota": errno.EINVAL}),
        (Limits(cpus=0.001), {"cpus": errno.EINVAL}),
        (Limits(cpuset_cpus="x", pids=5), {"cpuset_cpus": errno.EINVAL}),
        (Limits(memory=MEGABYTE, memory_swap=-1, cpuset_mems="-"), {"cpuset_mems": errno.EINVAL}),
    ],
)
def test_what_is_not_in_force_is_told_by_name(tmp_path: Path, limits: Limits, unmet: dict[str, int]) -> None:
    """And all others are in force nevertheless."""
    tree = FakeCgroup2(ROOT)
    group = ControlGroup.create(found(tmp_path, tree), "c")
    assert {one.limit: one.code for one in group.limit(limits)} == unmet
    values = tree.group("pydock/c").values
    assert (values.get("pids.max") == "5") is (limits.pids == 5)
    assert (values.get("memory.max") == str(MEGABYTE)) is (limits.memory == MEGABYTE)


def test_a_controller_that_was_not_handed_over(tmp_path: Path) -> None:
    tree = session(offered=("memory", "pids"))
    group = ControlGroup.create(found(tmp_path, tree, f"/{SERVICE}/app.scope"), "c", Limits(pids=3, cpus=1))
    assert group.unmet == (Unmet(limit="cpus", code=errno.ENOENT),)
    assert group.unmet[0].reason == "No such file or directory"


@pytest.mark.parametrize(
    ("shares", "weight"),
    [(0, 1), (2, 1), (100, 17), (512, 59), (1024, 100), (2048, 174), (262144, 10000), (10**6, 10000)],
)
def test_shares_become_a_weight(shares: int, weight: int) -> None:
    assert cpu_weight(shares) == weight


@pytest.mark.parametrize(("weight", "expected"), [(10, 1), (500, 4950), (1000, 10000)])
def test_weights_of_block_devices(weight: int, expected: int) -> None:
    assert io_weight(weight) == expected
