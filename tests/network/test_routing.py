"""What the host has a way to, as /proc/net/route says it."""

from pydock_lab.network.routing import host_routes, read_routes

TABLE = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
"""


def test_subnets_without_the_default_route() -> None:
    assert list(map(str, read_routes(TABLE))) == ["192.0.2.0/24", "172.17.0.0/16"]
    assert list(read_routes("")) == []


def test_those_of_this_machine_can_be_read() -> None:
    assert all(route.prefixlen > 0 for route in host_routes())
