"""The addresses of a network, and the names of cables."""

from ipaddress import IPv4Address

import pytest

from pydock_lab.errors import ContainerError, IsolationError
from pydock_lab.network import hub
from pydock_lab.network.bridge import Plan, cable_name
from pydock_lab.network.outside import tap_name
from pydock_lab.oci.runtime_spec import Network


def plan(subnet: str) -> Plan:
    return Plan.of(Network(subnet=subnet))


def test_addresses_with_a_role() -> None:
    found = plan("10.88.0.0/16")
    assert (str(found.bridge), str(found.outside), str(found.name_server)) == ("10.88.0.1", "10.88.0.2", "10.88.0.3")
    assert str(found.with_length(IPv4Address("10.88.0.9"))) == "10.88.0.9/16"


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ([], ["10.0.0.4", "10.0.0.5", "10.0.0.6"]),
        (["10.0.0.4"], ["10.0.0.5", "10.0.0.6"]),
        (["10.0.0.4", "10.0.0.5", "10.0.0.6"], []),
    ],
)
def test_free_addresses(taken: list[str], expected: list[str]) -> None:
    names = {cable_name(IPv4Address(one)) for one in taken} | {"lo"}
    assert [str(one) for one in plan("10.0.0.0/29").free(names)] == expected


@pytest.mark.parametrize("subnet", ["", "10.0.0.1/24", "10.0.0.0/30", "fd00::/64"])
def test_a_subnet_without_room(subnet: str) -> None:
    with pytest.raises(ContainerError) as caught:
        plan(subnet)
    assert caught.value.key == "network.bad-subnet"


def test_names_fit_into_the_kernels_fifteen_characters() -> None:
    assert len(cable_name(IPv4Address("255.255.255.255"))) <= 15
    assert len(tap_name(Network(bridge="a-long-name-of-a-network"))) <= 15


def test_without_a_hub_there_is_no_bridge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "_found", [])
    with pytest.raises(IsolationError) as caught:
        hub.get()
    assert caught.value.key == "network.no-hub"
