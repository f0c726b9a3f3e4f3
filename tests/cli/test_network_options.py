"""The network options: texts become values, and mistakes say what to write instead."""

import pytest

from pydock_lab import locale
from pydock_lab.cli import network_options as options
from pydock_lab.engine.network_options import Attachment
from pydock_lab.engine.run_options import Publish
from pydock_lab.errors import CommandError


def port(container, host=0, **more):
    return Publish(container_port=container, host_port=host, **more)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("80", [port(80)]),
        ("8080:80", [port(80, 8080)]),
        ("8080:80/TCP", [port(80, 8080)]),
        ("0:80", [port(80)]),
        ("127.0.0.1::80", [port(80, host_ip="127.0.0.1")]),
        ("0.0.0.0:53:53/udp", [port(53, 53, host_ip="0.0.0.0", protocol="udp")]),
        ("[::1]:8080:80", [port(80, 8080, host_ip="::1")]),
        ("[::]::80/udp", [port(80, host_ip="::", protocol="udp")]),
        ("7000-7002", [port(7000), port(7001), port(7002)]),
        ("8000-8001:7000-7001", [port(7000, 8000), port(7001, 8001)]),
        ("8000-8010:80", [port(80, 8000, last_host_port=8010)]),
        ("127.0.0.1:8000-8010:80/udp", [port(80, 8000, last_host_port=8010, host_ip="127.0.0.1", protocol="udp")]),
    ],
)
def test_publish(text, expected):
    assert list(options.publish(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("80", ["80/tcp"]), ("53/udp", ["53/udp"]), ("7000-7001", ["7000/tcp", "7001/tcp"])]
)
def test_expose(text, expected):
    assert list(options.expose(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lab", Attachment(network="lab")),
        ("", Attachment()),
        ("container:web", Attachment(network="container:web")),
        ("name=lab", Attachment(network="lab")),
        ("alias=a,name=lab,alias=b", Attachment(network="lab", aliases=("a", "b"))),
        (
            "name=lab,ip=10.9.0.7,mac-address=02-42-AC-11-00-02,gw-priority=-3",
            Attachment(network="lab", address="10.9.0.7", mac_address="02:42:ac:11:00:02", priority=-3),
        ),
    ],
)
def test_network(text, expected):
    assert options.attachment(text) == expected


@pytest.mark.parametrize(
    ("networks", "aliases", "address", "expected"),
    [
        ((), (), "", ()),
        (("lab", "db"), ("a",), "10.9.0.7",
         (Attachment(network="lab", aliases=("a",), address="10.9.0.7"), Attachment(network="db"))),
        (("name=lab,alias=a",), (), "10.9.0.7", (Attachment(network="lab", aliases=("a",), address="10.9.0.7"),)),
        ((), ("a",), "", (Attachment(aliases=("a",)),)),
    ],
)  # fmt: skip
def test_what_is_said_beside_is_of_the_first_network(networks, aliases, address, expected):
    assert options.attachments(networks, aliases, address=address, mac_address="") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("db:10.9.0.7", "db:10.9.0.7"),
        ("db=10.9.0.7", "db:10.9.0.7"),
        ("six:::1", "six:::1"),
        ("six=[::1]", "six:::1"),
        ("host.docker.internal:host-gateway", "host.docker.internal:host-gateway"),
    ],
)
def test_add_host(text, expected):
    assert options.host(text) == expected


@pytest.mark.parametrize(
    ("action", "key"),
    [
        (lambda: options.publish("99999:80"), "cli.bad-port"),
        (lambda: options.publish("80:web"), "cli.bad-port"),
        (lambda: options.publish("8²:80"), "cli.bad-port"),
        (lambda: options.publish(""), "cli.bad-port"),
        (lambda: options.publish("80/sctp"), "network.no-sctp"),
        (lambda: options.publish("80/ftp"), "cli.bad-protocol"),
        (lambda: options.publish("8000-8001:7000-7002"), "cli.port-ranges"),
        (lambda: options.publish("localhost:8080:80"), "network.bad-address-of"),
        (lambda: list(options.expose("7000-6000")), "cli.bad-port"),
        (lambda: options.attachment("alias=x"), "network.bad-network"),
        (lambda: options.attachment("name=lab,color=red"), "network.bad-network"),
        (lambda: options.attachment("name=lab,ip=fd00::1"), "network.no-ipv6-option"),
        (lambda: options.attachment("name=lab,ip6=fd00::1"), "network.no-ipv6-option"),
        (lambda: options.attachment("name=lab,driver-opt=a=b"), "network.no-driver-option"),
        (lambda: options.attachment("name=lab,gw-priority=high"), "network.bad-priority"),
        (lambda: options.attachments(("name=a,alias=b",), ("c",), address="", mac_address=""), "network.said-twice"),
        (lambda: options.mac("01:42:ac:11:00:02"), "network.bad-mac"),
        (lambda: options.mac("02:42"), "network.bad-mac"),
        (lambda: options.host("db"), "cli.bad-host"),
        (lambda: options.host("db:nowhere"), "network.bad-address-of"),
        (lambda: options.address("dns.example", "--dns"), "network.bad-address-of"),
        (lambda: options.refuse({"link": ("db:store",)}), "network.no-link"),
        (lambda: options.refuse({"link_local_ip": ("169.254.1.1",)}), "network.no-ipv6-option"),
        (lambda: options.pairs(["mtu"], "--opt"), "cli.bad-pair"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_said_in_both_languages(action, key):
    with pytest.raises(CommandError) as caught:
        action()
    assert caught.value.key == key
    for language in locale.LANGUAGES:
        assert "{" not in caught.value.message(language) + (caught.value.hint(language) or "")


def test_what_replaces_links_is_written_out():
    with pytest.raises(CommandError) as caught:
        options.refuse({"link": ("db:store",)})
    assert "docker network connect --alias store lab db" in str(caught.value.hint("en"))
