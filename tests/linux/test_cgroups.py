"""Control groups of both versions, in trees of plain files that look like the kernel's."""

from pathlib import Path

import pytest

from pydock_lab.linux import cgroups
from pydock_lab.linux.cgroups import ControlGroup, Hierarchy, Usage, Version
from pydock_lab.oci.runtime_spec import Limits

LIMITS = Limits(memory=64 << 20, cpus=1.5, pids=10)


def mountinfo(tmp_path: Path, *mounts: tuple[str, Path, str]) -> str:
    lines = [f"30 20 0:26 / {place} rw - {kind} none rw,{options}" for kind, place, options in mounts]
    path = tmp_path / "mountinfo"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


@pytest.fixture
def own(tmp_path: Path) -> str:
    path = tmp_path / "own"
    path.write_text("0::/user/session\n")
    return str(path)


def controllers(place: Path, offered: str, enabled: str) -> None:
    place.mkdir(parents=True, exist_ok=True)
    for name, text in (("cgroup.controllers", offered), ("cgroup.subtree_control", enabled), ("cgroup.procs", "")):
        (place / name).write_text(text)


def hierarchy(tmp_path: Path, version: Version) -> Hierarchy:
    names = ("memory", "cpu", "cpuacct", "pids", "freezer")
    parents = {name: tmp_path / (name if version is Version.V1 else "") / "pydock" for name in names}
    for parent in parents.values():
        parent.mkdir(parents=True, exist_ok=True)
    return Hierarchy(version=version, parents=tuple(parents.items()))


def prepare(tree: Hierarchy, *files: str) -> None:
    """The kernel fills a new directory with files; here they have to be made first."""
    for _, parent in tree.parents:
        (parent / "c").mkdir(exist_ok=True)
        for name in files:
            (parent / "c" / name).write_text("")


def written(tmp_path: Path) -> dict[str, str]:
    files = [path for path in tmp_path.rglob("c/*") if path.is_file() and path.stat().st_size]
    return {path.name: path.read_text() for path in files}


def test_version_1_is_found_by_its_controllers(tmp_path: Path, own: str) -> None:
    for name in ("memory", "pids"):
        (tmp_path / name).mkdir()
    text = mountinfo(tmp_path, ("cgroup", tmp_path / "memory", "memory"), ("cgroup", tmp_path / "pids", "pids"))
    found = cgroups.find_hierarchy(text, own)
    assert found is not None
    assert (found.version, found.controllers()) == (Version.V1, {"memory", "pids"})


def test_version_2_takes_the_highest_place_that_hands_controllers_down(tmp_path: Path, own: str) -> None:
    root = tmp_path / "cgroup"
    controllers(root, "", "")
    controllers(root / "user", "memory pids", "memory pids")
    controllers(root / "user/session", "memory pids", "memory pids")
    found = cgroups.find_hierarchy(mountinfo(tmp_path, ("cgroup2", root, "")), own)
    parents = (("memory", root / "user/pydock"), ("pids", root / "user/pydock"))
    assert found == Hierarchy(version=Version.V2, parents=parents)


def test_no_hierarchy_is_no_error(tmp_path: Path, own: str) -> None:
    assert cgroups.find_hierarchy(mountinfo(tmp_path), own) is None
    assert cgroups.find_hierarchy(str(tmp_path / "nothing"), own) is None


def test_limits_of_version_1(tmp_path: Path) -> None:
    tree = hierarchy(tmp_path, Version.V1)
    prepare(tree, "memory.limit_in_bytes", "cpu.cfs_period_us", "cpu.cfs_quota_us", "pids.max")
    ControlGroup.create(tree, "c", LIMITS)
    expected = {"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "150000", "pids.max": "10"}
    assert written(tmp_path) == expected | {"memory.limit_in_bytes": str(64 << 20)}


def test_limits_of_version_2(tmp_path: Path) -> None:
    tree = hierarchy(tmp_path, Version.V2)
    prepare(tree, "memory.max", "memory.swap.max", "cpu.max", "pids.max", "cpu.weight")
    ControlGroup.create(tree, "c", Limits(memory=100, memory_swap=150, cpus=0.5, cpu_shares=1024, pids=3))
    expected = {"memory.max": "100", "memory.swap.max": "50", "cpu.max": "50000 100000", "pids.max": "3"}
    assert written(tmp_path) == expected | {"cpu.weight": "39"}


def test_a_limit_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        ControlGroup.create(hierarchy(tmp_path, Version.V1), "c", LIMITS)


@pytest.mark.parametrize(("text", "expected"), [("oom_kill 0", False), ("under_oom 0\noom_kill 2", True), ("", False)])
def test_out_of_memory(tmp_path: Path, text: str, *, expected: bool) -> None:
    tree = hierarchy(tmp_path, Version.V1)
    prepare(tree, "memory.oom_control")
    (tmp_path / "memory/pydock/c/memory.oom_control").write_text(text)
    assert ControlGroup(tree, "c").was_out_of_memory() is expected


def test_usage_of_version_2(tmp_path: Path) -> None:
    tree = hierarchy(tmp_path, Version.V2)
    prepare(tree)
    texts = {"memory.current": "5\n", "memory.max": "max\n", "cpu.stat": "usage_usec 2500000\n", "pids.current": "2\n"}
    for name, text in texts.items():
        (tmp_path / "pydock/c" / name).write_text(text)
    assert ControlGroup(tree, "c").usage() == Usage(memory=5, memory_limit=None, cpu_seconds=2.5, pids=2)
