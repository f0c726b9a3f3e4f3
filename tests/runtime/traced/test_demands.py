"""What a container asks for and a tier cannot give: refused or noted, never left out in silence."""

from dataclasses import replace
from typing import Any

import pytest

from pydock_lab.errors import IsolationError
from pydock_lab.linux import capabilities
from pydock_lab.linux.tiers import Tier
from pydock_lab.locale import LANGUAGES, text
from pydock_lab.oci.runtime_spec import (
    ContainerSpec,
    Endpoint,
    Mount,
    MountKind,
    Namespaces,
    Network,
    NetworkMode,
    ProcessSpec,
    Propagation,
    PublishedPort,
    Rootfs,
)
from pydock_lab.runtime import demands

BRIDGE = Network(mode=NetworkMode.BRIDGE)
PLAIN = ContainerSpec(
    id="x",
    process=ProcessSpec(args=("true",), capabilities=capabilities.names(capabilities.DEFAULT)),
    rootfs=Rootfs(layers=(), mountpoint="/m"),
    hostname="box",
    network=BRIDGE,
)


def at(**endpoint: Any) -> Network:
    return replace(BRIDGE, endpoints=(Endpoint(**endpoint),))


def port(container: int, host: int) -> Network:
    return replace(BRIDGE, ports=(PublishedPort(container_port=container, host_port=host),))


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ({"network": Network(mode=NetworkMode.NONE)}, "demand-no-network"),
        ({"network": at(name="lab")}, "demand-own-network"),
        ({"network": at(address="172.17.0.9")}, "demand-own-network"),
        ({"network": at(mac_address="02:42:ac:11:00:02")}, "demand-own-network"),
        ({"network": port(80, 8080)}, "demand-moved-port"),
        ({"sysctls": {"net.core.somaxconn": "9"}}, "demand-refused"),
        ({"privileged": True}, "demand-refused"),
        ({"namespaces": Namespaces(ipc="none")}, "demand-refused"),
        ({"namespaces": Namespaces(ipc="container:y")}, "demand-refused"),
        ({"namespaces": Namespaces(pid="container:y")}, "demand-refused"),
    ],
)
def test_what_a_container_cannot_do_without_is_refused(asked: dict[str, Any], key: str) -> None:
    spec = replace(PLAIN, **asked)
    assert list(demands.check(spec, Tier.ROOTLESS)) == []
    with pytest.raises(IsolationError) as caught:
        list(demands.check(spec, Tier.TRACED))
    assert caught.value.key == f"runtime.{key}"
    assert ":" not in caught.value.fields["asked"] or caught.value.fields["option"] != "--ip"
    assert all(caught.value.hint(language) for language in LANGUAGES)


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        ({}, []),
        ({"namespaces": Namespaces(pid="host")}, ["demand-others"]),
        ({"network": port(80, 80)}, ["demand-port"]),
        ({"network": port(80, 0)}, ["demand-port"]),
        ({"mounts": (Mount(target="/t", kind=MountKind.TMPFS, size=4096),)}, ["demand-size"]),
        ({"shm_size": 4096}, ["demand-size"]),
        ({"mounts": (Mount(target="/t", source="/", is_recursive=False),)}, ["demand-mount"]),
        ({"mounts": (Mount(target="/t", source="/", propagation=Propagation.RSLAVE),)}, ["demand-mount"]),
        ({"process": ProcessSpec(args=("true",), capabilities=("CAP_SYS_ADMIN",))}, ["demand-powers"]),
    ],
)
def test_what_it_can_do_without_is_noted(asked: dict[str, Any], keys: list[str]) -> None:
    notes = list(demands.check(replace(PLAIN, **asked), Tier.TRACED))
    assert [note["noted"] for note in notes] == [f"runtime.{key}" for key in ("demand-view", *keys)]
    for note in notes:
        assert all(text(str(note["noted"]), language, **note["fields"]) for language in LANGUAGES)


def test_ports_are_those_of_the_host_and_its_own_name_is_known() -> None:
    settled = demands.settled(replace(PLAIN, network=port(80, 0)), Tier.TRACED).network
    assert (settled.mode, settled.ports[0].host_port) == (NetworkMode.HOST, 80)
    assert ("box", "127.0.0.1") in settled.extra_hosts
    named = demands.settled(replace(PLAIN, domainname="lab", network=port(80, 0)), Tier.TRACED).network
    assert ("box.lab box", "127.0.0.1") in named.extra_hosts
    assert demands.settled(PLAIN, Tier.ROOT) is PLAIN
