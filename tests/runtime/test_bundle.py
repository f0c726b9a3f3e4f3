"""From an image's config and a user's wishes to a ContainerSpec."""

import json
from typing import Any

import pytest

from pydock_lab.errors import ContainerError
from pydock_lab.linux import capabilities
from pydock_lab.oci.config import ContainerConfig
from pydock_lab.oci.runtime_spec import (
    ContainerSpec,
    Limits,
    Mount,
    MountKind,
    Network,
    NetworkMode,
    PublishedPort,
    Rlimit,
    Rootfs,
)
from pydock_lab.runtime.bundle import Wishes, arguments, container_spec

ROOTFS = Rootfs(layers=("/l1", "/l2"), mountpoint="/m", upper="/u", work="/w")
ID = "0123456789abcdef" * 4


def spec(config: dict[str, Any] | None = None, **wishes: Any) -> ContainerSpec:
    return container_spec(ID, ContainerConfig(**({"cmd": ("sh",)} | (config or {}))), Wishes(**wishes), ROOTFS)


@pytest.mark.parametrize(
    ("entrypoint", "cmd", "command", "override", "expected"),
    [
        (None, ("sh",), (), None, ("sh",)),
        (None, ("sh",), ("ls", "-l"), None, ("ls", "-l")),
        (("app",), ("--help",), (), None, ("app", "--help")),
        (("app",), ("--help",), ("run",), None, ("app", "run")),
        (("app",), ("--help",), (), "other", ("other",)),
        (("app",), ("--help",), ("x",), "other", ("other", "x")),
        (("app",), ("--help",), ("x",), "", ("x",)),
    ],
)
def test_entrypoint_and_cmd(
    entrypoint: Any, cmd: Any, command: tuple[str, ...], override: str | None, expected: tuple[str, ...]
) -> None:
    assert arguments(ContainerConfig(entrypoint=entrypoint, cmd=cmd), command, override) == expected


@pytest.mark.parametrize("override", [None, ""])
def test_no_command(override: str | None) -> None:
    with pytest.raises(ContainerError) as caught:
        arguments(ContainerConfig(cmd=("sh",) if override is not None else None), (), override)
    assert caught.value.key == "runtime.no-command"


def test_the_environment_is_dockers_then_the_images_then_the_users() -> None:
    found = spec({"env": ("PATH=/bin", "A=1", "B=2")}, env={"B": "3"}, terminal=True).process.env
    assert found == ("PATH=/bin", f"HOSTNAME={ID[:12]}", "TERM=xterm", "A=1", "B=3")


def test_what_comes_from_the_image() -> None:
    made = spec({"user": "app", "working_dir": "/srv", "stop_signal": "SIGINT"})
    assert (made.process.user, made.process.cwd, made.stop_signal) == ("app", "/srv", "SIGINT")
    wished = spec({"user": "app", "working_dir": "/srv"}, user="root", working_dir="/", stop_signal="SIGHUP")
    assert (wished.process.user, wished.process.cwd, wished.stop_signal) == ("root", "/", "SIGHUP")


def test_the_host_name() -> None:
    assert spec().hostname == ID[:12]
    assert spec(hostname="lab").hostname == "lab"
    assert spec(network=Network(mode=NetworkMode.HOST)).hostname == ""


def test_powers() -> None:
    assert spec().process.capabilities == capabilities.names(capabilities.DEFAULT)
    assert spec(cap_drop=("ALL",)).process.capabilities == ()
    privileged = spec(privileged=True)
    assert "CAP_SYS_ADMIN" in privileged.process.capabilities
    assert (privileged.masked, privileged.process.seccomp) == (False, False)


def test_a_spec_survives_the_way_through_json() -> None:
    made = spec(
        mounts=(Mount(target="/t", kind=MountKind.TMPFS, size=5),),
        network=Network(ports=(PublishedPort(container_port=80),), extra_hosts=(("a", "1.2.3.4"),)),
        limits=Limits(memory=1, cpus=0.5),
        rlimits=(Rlimit(name="nofile", soft=1, hard=2),),
    )
    assert ContainerSpec.from_json(json.loads(json.dumps(made.to_json()))) == made


def test_unknown_fields_of_a_later_version_are_left_alone() -> None:
    assert ContainerSpec.from_json({**spec().to_json(), "invented": 1}) == spec()
