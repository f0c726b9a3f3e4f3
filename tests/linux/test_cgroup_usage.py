"""Control groups: what they tell of usage and lack of memory, and what is done to all of their processes at once."""

import errno
import json
import os
from pathlib import Path

import pytest
from samples.cgroup2_operations import OPERATIONS, answer
from samples.fake_cgroup2 import ALL, FakeCgroup2

from pydock_lab.linux.cgroups import ControlGroup, Hierarchy, Usage, Version
from pydock_lab.linux.cgroups.values import Pressure, pressure
from pydock_lab.oci.runtime_spec import Limits

ROOT = Path("/sys/fs/cgroup")


def place(tree: FakeCgroup2) -> Hierarchy:
    return Hierarchy(version=Version.V2, tops=tuple((name, ROOT) for name in ALL), tree=tree)


def test_usage_of_version_2() -> None:
    tree = FakeCgroup2(ROOT)
    group = ControlGroup.create(place(tree), "c", Limits(cpus=0.5, pids=7))
    told = {
        "memory.current": "5000\n",
        "memory.stat": "anon 10\ninactive_file 2000\n",
        "cpu.stat": "usage_usec 2500000\nuser_usec 1\n",
        "io.stat": "8:0 rbytes=100 wbytes=7 rios=1\n8:16 rbytes=20 wbytes=0\n254:0\n",
    }
    for name, text in told.items():
        tree.tell("pydock/c", name, text)
    tree.group("pydock/c").processes |= {1, 2}
    assert group.usage() == Usage(
        memory=3000,
        cache=2000,
        memory_limit=None,
        cpu_seconds=2.5,
        pids=2,
        cpu_limit=0.5,
        pids_limit=7,
        block_read=120,
        block_written=7,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "some avg10=1.50 avg60=0.00 avg300=0.00 total=9\nfull avg10=0.25 avg60=0.00 avg300=0.00 total=3\n",
            Pressure(some=1.5, full=0.25),
        ),
        ("some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n", Pressure(some=0.0, full=0.0)),
        ("", None),
        (None, None),
    ],
)
def test_pressure(text: str | None, expected: Pressure | None) -> None:
    assert pressure(text) == expected


def test_pressure_of_a_group() -> None:
    group = ControlGroup.create(place(FakeCgroup2(ROOT)), "c")
    assert group.pressure() == {"memory": Pressure(some=0.0, full=0.0)}


def test_out_of_memory_in_version_2() -> None:
    tree = FakeCgroup2(ROOT)
    group = ControlGroup.create(place(tree), "c")
    assert not group.was_out_of_memory()
    tree.tell("pydock/c", "memory.events", "max 9\noom 3\noom_kill 2\noom_group_kill 0\n")
    assert (group.oom_kills(), group.was_out_of_memory()) == (2, True)


def test_freezing_killing_and_removing() -> None:
    tree = FakeCgroup2(ROOT)
    group = ControlGroup.create(place(tree), "c")
    tree.make(ROOT / "pydock/c/inner")
    tree.group("pydock/c/inner").processes |= {4, 5}
    assert group.freeze(frozen=True)
    assert tree.group("pydock/c/inner").frozen
    assert group.processes() == (4, 5)
    assert group.kill()
    assert tree.killed == [4, 5]
    group.remove()
    assert tree.group("pydock").children == {}


def test_killing_where_there_is_no_file_for_it() -> None:
    """Before Linux 5.14: one by one, and never "0", which would be us."""

    class Older(FakeCgroup2):
        def write(self, path: Path, text: str) -> None:
            if path.name == "cgroup.kill":
                raise FileNotFoundError(errno.ENOENT, "")
            super().write(path, text)

    tree = Older(ROOT)
    group = ControlGroup.create(place(tree), "c")
    tree.group("pydock/c").processes |= {4, 5}
    assert group.kill()
    assert sorted(tree.killed) == [4, 5]
    tree.group("pydock/c").processes.add(0)
    assert not group.kill()
    assert 0 not in tree.killed


def test_a_group_is_handed_to_another_process() -> None:
    tree = FakeCgroup2(ROOT)
    group = ControlGroup.create(place(tree).below("lab"), "c", Limits(pids=7))
    document = json.loads(json.dumps(group.to_json()))
    assert ControlGroup.from_json(document).to_json() == document
    assert document == {
        "version": 2,
        "tops": dict.fromkeys(ALL, "/sys/fs/cgroup"),
        "path": "lab",
        "name": "c",
        "joined": list(ALL),
        "keeps_devices": False,
    }


def test_sweeping_leaves_those_of_the_living() -> None:
    tree = FakeCgroup2(ROOT)
    hierarchy = place(tree)
    for name in (f"shim-{os.getpid()}-1", "shim-4194305-1", "other-4194305"):
        ControlGroup.create(hierarchy, name)
    ControlGroup.sweep(hierarchy, "shim-")
    assert set(tree.group("pydock").children) == {f"shim-{os.getpid()}-1", "other-4194305"}
    ControlGroup.sweep(hierarchy.below("nothing"), "shim-")


def test_the_made_up_tree_has_an_answer_to_everything() -> None:
    """Which `make vm` compares with the kernel's."""
    tree = FakeCgroup2(ROOT)
    tree.write(ROOT / "cgroup.subtree_control", "+memory +pids +cpu")
    tree.make(ROOT / "g")
    tree.group("g").processes.add(77)
    answers = [answer(tree, ROOT / "g", one, 77) for one in OPERATIONS]
    assert {"EBUSY", "ENOENT", "EINVAL", "EEXIST", "ERANGE", "done"} <= set(answers)
    assert tree.killed == [77]
