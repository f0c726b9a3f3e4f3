"""Values as plain data: in full, in brief, and back."""

import json
import marshal

import pytest

from pydock_lab.linux.tiers import Tier
from pydock_lab.oci.plain import Document
from pydock_lab.oci.runtime_spec import (
    ContainerSpec,
    Endpoint,
    Limits,
    Mount,
    Network,
    NetworkMode,
    ProcessSpec,
    Rootfs,
)
from pydock_lab.runtime.health import HealthState
from pydock_lab.runtime.init import Task, example
from pydock_lab.runtime.state import Action, ContainerState, ProcessMark, Status

MARK = ProcessMark(pid=1, started=2, boot="b", namespace="n")
FULL = ContainerSpec(
    id="x",
    process=ProcessSpec(args=("a", "b"), env=(), oom_score_adj=0, no_new_privileges=True),
    rootfs=Rootfs(layers=(), mountpoint="/m"),
    mounts=(Mount(target="/a", source="/b", tree=Rootfs(layers=("/l",), mountpoint="/t")), Mount(target="/c")),
    network=Network(mode=NetworkMode.NONE, endpoints=(Endpoint(), Endpoint(name="e", priority=-1))),
    limits=Limits(memory=0, pids=-1),
    sysctls={"a": "b"},
)
VALUES = [
    FULL,
    Task(tier=Tier.NESTED, container=FULL, joins=("net",)),
    example(Tier.ROOT),
    ContainerState(),
    ContainerState(process=MARK).then(Action.START, health=HealthState(), error={"a": [1]}),
]


@pytest.mark.parametrize("value", VALUES)
def test_what_was_written_is_read(value: Document) -> None:
    full, brief = value.to_json(), value.to_brief()
    for one in (full, brief):
        assert type(value).from_json(json.loads(json.dumps(one))) == value
        assert type(value).from_json(marshal.loads(marshal.dumps(one))) == value
    assert set(brief) <= set(full)


def test_what_goes_without_saying_is_not_said() -> None:
    assert ContainerState(exit_code=3).to_brief() == {"exit_code": 3}
    assert ContainerState(status=Status.CREATED, restarts=0).to_brief() == {}
    brief = FULL.to_brief()
    assert brief["mounts"] == (
        {"target": "/a", "source": "/b", "tree": {"layers": ["/l"], "mountpoint": "/t"}},
        {"target": "/c"},
    )
    assert brief["limits"] == {"memory": 0, "pids": -1}, "nothing is not the same as no limit"
    assert "namespaces" not in brief
    assert len(json.dumps(brief)) < len(json.dumps(FULL.to_json())) / 2


def test_of_a_newer_version() -> None:
    assert ContainerState.from_json({"status": "exited", "weather": "fine"}) == ContainerState(status=Status.EXITED)
