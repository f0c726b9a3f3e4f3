"""Subnets for networks, addresses for containers, and the names of cables."""

from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from pydock_lab.errors import Conflict, InvalidValue, IsolationError
from pydock_lab.network import hub
from pydock_lab.network.addresses import POOLS, Plan, cable_name, choose_subnet, mac_address
from pydock_lab.oci.runtime_spec import Endpoint


def plan(subnet: str, **said: Any) -> Plan:
    return Plan.of(Endpoint(subnet=subnet, **said))


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ([], "172.17.0.0/16"),
        (["172.17.0.0/16", "172.18.5.0/24"], "172.19.0.0/16"),
        (["172.16.0.0/12"], "192.168.0.0/20"),
        (["172.16.0.0/12", "192.168.15.0/24", "10.0.0.0/8"], "192.168.16.0/20"),
        (["0.0.0.0/1", "172.16.0.0/12"], "192.168.0.0/20"),
    ],
)
def test_a_new_network_takes_the_first_of_dockers_pools_that_is_free(taken: list[str], expected: str) -> None:
    assert str(choose_subnet(map(IPv4Network, taken))) == expected


def test_when_all_pools_are_taken_it_is_said() -> None:
    with pytest.raises(Conflict) as caught:
        choose_subnet(POOLS)
    assert caught.value.key == "network.no-subnet"


def test_no_two_pools_overlap() -> None:
    assert not any(one.overlaps(other) for one in POOLS for other in POOLS if one != other)


@pytest.mark.parametrize(
    ("said", "gateway"),
    [({}, "10.9.0.1"), ({"gateway": "10.9.0.254"}, "10.9.0.254")],
)
def test_the_gateway_is_the_first_address_unless_said_otherwise(said: dict[str, Any], gateway: str) -> None:
    assert str(plan("10.9.0.0/24", **said).gateway) == gateway


@pytest.mark.parametrize(
    ("subnet", "said", "taken", "expected"),
    [
        ("10.0.0.0/29", {}, [], [2, 3, 4, 5, 6]),
        ("10.0.0.0/29", {}, [2, 4], [3, 5, 6]),
        ("10.0.0.0/29", {}, [2, 3, 4, 5, 6], []),
        ("10.0.0.0/29", {"gateway": "10.0.0.3"}, [], [1, 2, 4, 5, 6]),
        ("10.0.0.0/29", {"reserved": ("10.0.0.2", "10.0.0.6")}, [], [3, 4, 5]),
        ("10.0.0.0/29", {"ip_range": "10.0.0.4/30"}, [], [4, 5, 6]),
        ("10.0.0.0/24", {"ip_range": "10.0.0.8/30"}, [8], [9, 10, 11]),
        ("10.0.0.0/30", {}, [], [2]),
    ],
)
def test_free_addresses(subnet: str, said: dict[str, Any], taken: list[int], expected: list[int]) -> None:
    names = {cable_name(IPv4Address(f"10.0.0.{number}")) for number in taken} | {"lo"}
    assert [int(one) & 255 for one in plan(subnet, **said).free(names)] == expected


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ({"subnet": ""}, "bad-subnet"),
        ({"subnet": "10.0.0.1/24"}, "bad-subnet"),
        ({"subnet": "10.0.0.0/31"}, "bad-subnet"),
        ({"subnet": "fd00::/64"}, "no-ipv6"),
        ({"gateway": "10.8.0.1"}, "not-in-subnet"),
        ({"gateway": "10.9.0.0"}, "not-in-subnet"),
        ({"gateway": "10.9.0.255"}, "not-in-subnet"),
        ({"gateway": "here"}, "bad-address"),
        ({"gateway": "fd00::1"}, "no-ipv6"),
        ({"ip_range": "10.8.0.0/24"}, "not-in-subnet"),
        ({"ip_range": "10.9.0.0/16"}, "not-in-subnet"),
        ({"ip_range": "some"}, "bad-subnet"),
        ({"reserved": ("10.7.0.1",)}, "not-in-subnet"),
    ],
)
def test_what_makes_no_sense(said: dict[str, Any], key: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        plan(**({"subnet": "10.9.0.0/24"} | said))
    assert caught.value.key == f"network.{key}"
    assert caught.value.to_json()


@pytest.mark.parametrize("address", ["10.8.0.5", "10.9.0.1", "10.9.0.0", "five", "fd00::5"])
def test_an_address_that_no_container_can_have(address: str) -> None:
    with pytest.raises(InvalidValue):
        plan("10.9.0.0/24").wanted(address)


def test_numbers_and_names() -> None:
    assert mac_address(IPv4Address("172.18.0.2")) == "02:42:ac:12:00:02"
    assert str(plan("10.9.0.0/24").with_length(IPv4Address("10.9.0.9"))) == "10.9.0.9/24"
    assert len(cable_name(IPv4Address("255.255.255.255"))) <= 15


def test_without_a_hub_there_is_no_bridge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "_found", [])
    with pytest.raises(IsolationError) as caught:
        hub.get()
    assert caught.value.key == "network.no-hub"
