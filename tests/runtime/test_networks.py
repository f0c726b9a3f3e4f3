"""Containers in networks: addresses, names, each other, published ports, the outside."""

import contextlib
import os
import socket
import struct
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import missing

from pydock_lab.errors import Conflict, ContainerError, NotFound
from pydock_lab.oci.runtime_spec import Endpoint, Mount, Network, NetworkMode, PublishedPort
from pydock_lab.runtime.restart import RestartKind, RestartPolicy
from pydock_lab.runtime.state import Status
from pydock_lab.runtime.supervision import Supervision

BRIDGE = Network(mode=NetworkMode.BRIDGE)
WEB = PublishedPort(container_port=80)


PATIENCE = 10  # seconds for an answer that is to come: on a busy machine a cable takes its time


def lab(number: int, **said: Any) -> Endpoint:
    """A place in a network of one's own."""
    subnet = f"10.{number}.0.0/24"
    known = {"network": f"{number:x}" * 8, "name": f"lab{number}", "bridge": f"br-{number}", "subnet": subnet}
    return Endpoint(**(known | said))


def network(*endpoints: Endpoint, **said: Any) -> Network:
    return Network(mode=NetworkMode.BRIDGE, endpoints=endpoints, **said)


def serving(box: Any, *, hostname: str = "web", **said: Any) -> Path:
    """A web server of /etc in the background, once it answers."""
    words = ("httpd", "-f", "-p", "80", "-h", "/etc")
    directory: Path = box.background(*words, init=True, network=said.pop("network", BRIDGE), hostname=hostname, **said)
    ready = "wget -qO /dev/null http://127.0.0.1/plain"
    assert box.until(lambda: box.exec(directory, "sh", "-c", ready).status == 0)
    return directory


def sleeping(box: Any, *endpoints: Endpoint, **said: Any) -> Path:
    directory: Path = box.background("sleep", "60", network=network(*endpoints, **said))
    return directory


@pytest.fixture
def python() -> dict[str, Any]:
    """What a container needs to have the host's Python: busybox has nothing that listens or speaks by UDP."""
    if not Path("/usr/bin/python3").exists():
        missing("there is no Python in /usr/bin")
    places = [place for place in ("/usr", "/lib", "/lib64") if Path(place).exists()]
    mounts = tuple(Mount(source=os.path.realpath(place), target=place, read_only=True) for place in places)
    return {"mounts": mounts}


def program(code: str, *words: str) -> tuple[str, ...]:
    return ("/usr/bin/python3", "-I", "-S", "-c", textwrap.dedent(code), *words)


def get(url: str, seconds: int = 3) -> str:
    """A command that says what a server answers, or that it does not."""
    return f"timeout {seconds} wget -qO- {url} 2>/dev/null || echo no"


def ping(address: str, seconds: int = 1) -> str:
    return f"ping -c1 -W{seconds} {address} >/dev/null 2>&1"


def fetch(port: int, host: str = "127.0.0.1") -> bytes:
    with socket.create_connection((host, port), timeout=5) as end:
        end.sendall(b"GET /plain HTTP/1.0\r\n\r\n")
        content = b""
        while chunk := end.recv(65536):
            content += chunk
    return content.partition(b"\r\n\r\n")[2]


# ---- addresses


def test_containers_reach_each_other_and_the_gateway_by_address(box: Any) -> None:
    directory = serving(box)
    state = box.runtime.state(directory)
    assert (state.address.startswith("172.17.0."), state.gateway) == (True, "172.17.0.1")
    script = f"{get(f'http://{state.address}/plain')}; {ping(state.gateway, PATIENCE)} && echo gateway"
    assert box.sh(script, network=BRIDGE).out == "plain\ngateway\n"


def test_what_a_container_sees_of_its_network(box: Any) -> None:
    # The kernel says "up" a moment after a cable is (it looks once a second at the most: net/core/link_watch.c).
    script = """for i in $(seq 30); do grep -q up /sys/class/net/eth0/operstate && break; sleep 0.1; done
    ls /sys/class/net; cat /sys/class/net/eth0/address /sys/class/net/eth0/mtu /sys/class/net/eth0/operstate
    ip -4 -o addr | awk '{print $2, $4}'; ip -6 addr show dev eth0; ip route"""
    found = box.sh(script, network=network(lab(31, address="10.31.0.9", mtu=1400))).out
    assert found.splitlines() == [
        *("eth0", "lo", "02:42:0a:1f:00:09", "1400", "up"),
        *("lo 127.0.0.1/8", "eth0 10.31.0.9/24"),
        *("default via 10.31.0.1 dev eth0 ", "10.31.0.0/24 dev eth0 scope link  src 10.31.0.9 "),
    ]


def test_each_has_its_own_address_and_name(box: Any) -> None:
    first, second = (sleeping(box) for _ in range(2))
    addresses = {box.runtime.state(one).address for one in (first, second)}
    assert len(addresses) == 2
    own = box.exec(first, "sh", "-c", "grep box /etc/hosts; ip -4 addr show eth0 | grep -o 'inet [0-9.]*/[0-9]*'").out
    address = box.runtime.state(first).address
    assert own.split() == [address, "box", "inet", f"{address}/16"]


def test_an_address_is_free_again_after_its_container(box: Any) -> None:
    """Also where the kernel takes cables away a moment after their namespace: the subnet has room for two."""
    for wanted in (
        lab(91, subnet="10.91.0.0/29", ip_range="10.91.0.2/31"),
        lab(91, subnet="10.91.0.0/29", address="10.91.0.5"),
    ):
        for _ in range(4):
            directory = sleeping(box, wanted)
            assert box.runtime.state(directory).address in ("10.91.0.2", "10.91.0.3", "10.91.0.5")
            box.runtime.kill(directory, 9)
            box.runtime.wait(directory)
    first, second = (sleeping(box, lab(91, subnet="10.91.0.0/29", ip_range="10.91.0.2/31")) for _ in range(2))
    with pytest.raises(Conflict) as caught:
        sleeping(box, lab(91, subnet="10.91.0.0/29", ip_range="10.91.0.2/31"))
    assert caught.value.key == "network.no-address"
    assert box.runtime.state(first).address != box.runtime.state(second).address


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"gateway": "10.32.0.254"}, ("10.32.0.1", "10.32.0.254")),
        ({"ip_range": "10.32.0.64/28"}, ("10.32.0.64", "10.32.0.1")),
        ({"reserved": ("10.32.0.2",)}, ("10.32.0.3", "10.32.0.1")),
    ],
)
def test_what_a_network_says_of_addresses(box: Any, said: dict[str, Any], expected: tuple[str, str]) -> None:
    script = "ip -4 -o addr show eth0 | awk '{sub(\"/.*\", \"\", $4); print $4}'; ip route | awk '/default/ {print $3}'"
    found = box.sh(f"{script}; {ping(expected[1], PATIENCE)} && echo there", network=network(lab(32, **said)))
    assert found.out.split() == [*expected, "there"]


def test_a_wanted_address_and_mac_address(box: Any) -> None:
    wanted = lab(92, address="10.92.0.77", mac_address="02:42:00:00:00:07")
    directory = sleeping(box, wanted)
    (endpoint,) = box.runtime.state(directory).endpoints
    assert (endpoint.address, endpoint.mac_address) == ("10.92.0.77", "02:42:00:00:00:07")
    assert box.exec(directory, "cat", "/sys/class/net/eth0/address").out == "02:42:00:00:00:07\n"
    with pytest.raises(Conflict) as caught:
        box.sh("true", network=network(wanted))
    assert caught.value.key == "network.address-taken"


# ---- apart


def test_networks_are_apart(box: Any) -> None:
    directory = serving(box, network=network(lab(93)))
    address = box.runtime.state(directory).address
    sleeping(box)  # the default bridge is there, too
    tries = [f"({ping(one)} && echo reached {one}) &" for one in (address, "10.93.0.1", "172.17.0.1")]
    script = "\n".join([*tries, get(f"http://{address}/plain", 1), "wait"])
    assert box.sh(script, network=network(lab(94))).out == "no\n"


def test_an_internal_network_leads_nowhere(box: Any) -> None:
    endpoint = lab(95, internal=True)
    directory = serving(box, network=network(endpoint))
    address = box.runtime.state(directory).address
    script = f"{get(f'http://{address}/plain')}; ip route; {ping('10.93.0.1')} && echo out"
    found = box.sh(script, network=network(endpoint)).out.splitlines()
    assert found[0] == "plain"
    assert [line.split()[0] for line in found[1:]] == ["10.95.0.0/24"]


def test_without_icc_containers_reach_the_gateway_but_not_each_other(box: Any) -> None:
    endpoint = lab(96, icc=False)
    directory = serving(box, network=network(endpoint, ports=(WEB,)))
    state = box.runtime.state(directory)
    script = f"{get(f'http://{state.address}/plain', 1)}; {ping('10.96.0.1', PATIENCE)} && echo gateway"
    assert box.sh(script, network=network(endpoint)).out == "no\ngateway\n"
    assert fetch(state.ports[0].host_port) == b"plain\n"


def test_a_container_in_two_networks_reaches_both(box: Any) -> None:
    servers = [serving(box, network=network(lab(number))) for number in (97, 98)]
    addresses = [box.runtime.state(one).address for one in servers]
    script = "; ".join(get(f"http://{one}/plain") for one in addresses)
    found = box.sh(f"{script}; ip route | grep default", network=network(lab(97), lab(98, priority=1))).out
    assert found == "plain\nplain\ndefault via 10.98.0.1 dev eth1 \n"


# ---- names


def test_containers_find_each_other_by_name(box: Any) -> None:
    directory = serving(box, network=network(lab(41, aliases=("www", "front")), name="web"), hostname="host-of-web")
    address = box.runtime.state(directory).address
    names = ("web", "WWW", "front", "host-of-web", directory.name[:12], "web.lab41")
    script = "; ".join(get(f"http://{name}/plain") for name in names)
    script += f"; nslookup {address} | sed -n 's/.*name = //p'; cat /etc/resolv.conf"
    found = box.sh(script, network=network(lab(41))).out.splitlines()
    assert found[: len(names) + 1] == [*["plain"] * len(names), "web.lab41"]
    assert found[len(names) + 1] == "nameserver 127.0.0.11"
    assert "ndots:0" in found[-1]


def test_a_container_finds_itself_and_nobody_who_has_ended(box: Any) -> None:
    gone = sleeping(box, lab(42), name="gone")
    box.runtime.kill(gone, 9)
    box.runtime.wait(gone)
    script = "nslookup -type=a self | grep -c 'Address: 10.42'; nslookup gone >/dev/null || echo unknown"
    assert box.sh(script, network=network(lab(42), name="self"), record=True).out == "1\nunknown\n"


def test_those_that_share_an_alias_take_turns(box: Any) -> None:
    endpoint = lab(43, aliases=("pool",))
    for number in range(2):
        serving(box, network=network(endpoint, name=f"server{number}"))
    script = "for i in 1 2 3 4; do nslookup -type=a pool | grep 'Address: 10' | head -1; done"
    lines = box.sh(script, network=network(lab(43))).out.splitlines()
    assert len(lines) == 4
    assert lines[0] == lines[2] != lines[1] == lines[3]


def test_on_the_default_bridge_and_from_another_network_there_are_no_names(box: Any) -> None:
    sleeping(box, name="plain-web")
    sleeping(box, lab(44), name="lab-web")
    script = "for name in plain-web lab-web; do nslookup $name >/dev/null 2>&1 && echo found $name; done; echo done"
    for where in (BRIDGE, network(lab(45)), network(lab(45, internal=True))):
        assert box.sh(script, network=where).out == "done\n"


def test_the_files_of_killed_shims_mislead_nobody(box: Any) -> None:
    directory = sleeping(box, lab(46), name="victim")
    shim = box.runtime.state(directory).shim
    os.kill(shim.pid, 9)
    listed = box.home / "networks" / lab(46).network / "endpoints" / f"{directory.name}.json"
    assert listed.exists()
    assert box.until(lambda: not box.runtime.is_running(directory))
    assert box.sh("nslookup victim >/dev/null || echo unknown", network=network(lab(46))).out == "unknown\n"


NONSENSE = r"""
    import os, socket, struct
    question = b"\0\1\1\0\0\1\0\0\0\0\0\0\3web\0\0\1\0\1"
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end.settimeout(5)
    for size in range(0, 600, 3):
        end.sendto(os.urandom(size), ("127.0.0.11", 53))
        end.sendto(question[:size % 20] + os.urandom(size % 7), ("127.0.0.11", 53))
    stream = socket.create_connection(("127.0.0.11", 53), timeout=5)
    stream.sendall(os.urandom(3000))
    end.close()
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        end = socket.socket(socket.AF_INET, kind)
        end.settimeout(0.5)
        end.connect(("127.0.0.11", 53))
        prefix = struct.pack("!H", len(question)) if kind == socket.SOCK_STREAM else b""
        for _ in range(20):  # as every program does: among so much nonsense a datagram may be lost
            end.send(prefix + question)
            try:
                print(*end.recv(100)[-4:])
                break
            except TimeoutError:
                pass
"""


def test_after_messages_that_mean_nothing_a_question_is_answered(box: Any, python: dict[str, Any]) -> None:
    """By UDP and by TCP."""
    sleeping(box, lab(47), name="web")
    found = box.run(*program(NONSENSE), network=network(lab(47)), **python)
    assert found.out == "10 47 0 2\n10 47 0 2\n", found.err


NAME_SERVER = r"""
    import socket
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    # Docker's name server has port 53 of 127.0.0.11: whoever wants it at all others has to say so.
    end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    end.bind(("", 53))
    while True:
        content, sender = end.recvfrom(512)
        answer = content[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + content[12:]
        end.sendto(answer + b"\xc0\x0c\0\1\0\1\0\0\0\5\0\4\xc0\0\2\x09", sender)
"""


def test_servers_that_are_asked_for_are_asked_from_within(box: Any, python: dict[str, Any]) -> None:
    """A name server in a container of the same network: only from there can it be reached."""
    address = "10.48.0.53"
    box.background(*program(NAME_SERVER), init=True, network=network(lab(48, address=address)), **python)
    where = network(lab(48), dns=(address,))
    script = (
        "for i in 1 2 3; do nslookup -type=a lab.example 2>/dev/null | grep 'Address: 192' && break; sleep 0.1; done"
    )
    assert box.sh(script, network=where).out == "Address: 192.0.2.9\n"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"dns": ("9.9.9.9",), "dns_search": ("lab",)}, "nameserver 9.9.9.9\nsearch lab\n"),
        (
            {"dns": ("9.9.9.9",), "dns_search": (".",), "dns_options": ("ndots:3",)},
            "nameserver 9.9.9.9\noptions ndots:3\n",
        ),
    ],
)
def test_resolv_conf_on_the_default_bridge(box: Any, said: dict[str, Any], expected: str) -> None:
    assert box.sh("cat /etc/resolv.conf", network=network(**said)).out == expected


def test_resolv_conf_on_a_network_of_ones_own(box: Any) -> None:
    said = network(lab(49), dns=("9.9.9.9",), dns_search=("lab",), dns_options=("ndots:2", "timeout:1"))
    expected = "nameserver 127.0.0.11\nsearch lab\noptions ndots:2 timeout:1\n"
    assert box.sh("cat /etc/resolv.conf", network=said).out == expected


def test_hosts_that_were_asked_for(box: Any) -> None:
    asked = network(extra_hosts=(("db", "10.88.0.9"), ("six", "::2")))
    out = box.sh("cat /etc/hosts; hostname -f", network=asked, domainname="lab.test").out
    assert "10.88.0.9\tdb\n::2\tsix\n172.17.0." in out
    assert out.endswith("\tbox.lab.test box\nbox.lab.test\n")
    assert box.sh("dnsdomainname", network=asked, domainname="lab.test").out == "lab.test\n"


# ---- ports


def test_a_published_port(box: Any) -> None:
    directory = serving(box, network=network(ports=(WEB,)))
    (port,) = box.runtime.state(directory).ports
    assert (port.container_port, port.host_ip) == (80, "127.0.0.1")
    assert fetch(port.host_port) == b"plain\n"


def test_the_container_sees_its_gateway_as_the_client(box: Any) -> None:
    script = "nc -l -p 80 -e sh -c 'netstat -tn | grep ESTABLISHED | head -1'"
    directory = box.background("sh", "-c", script, init=True, network=network(lab(51), ports=(WEB,)))
    (port,) = box.runtime.state(directory).ports

    def seen() -> str:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port.host_port), timeout=5) as end:
            return end.recv(1000).decode()
        return ""

    lines: list[str] = []
    assert box.until(lambda: lines.append(seen()) or lines[-1])
    assert lines[-1].split()[4].rpartition(":")[0].endswith("10.51.0.1")


def test_a_port_at_an_address_of_ipv6(box: Any) -> None:
    directory = serving(box, network=network(ports=(WEB, replace(WEB, host_ip="::1"))))
    ports = box.runtime.state(directory).ports
    assert [one.host_ip for one in ports] == ["127.0.0.1", "::1"]
    assert fetch(ports[0].host_port) == fetch(ports[1].host_port, "::1") == b"plain\n"


ECHO = """
import socket
end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
end.bind(("", 53))
while True:
    content, sender = end.recvfrom(65535)
    end.sendto(content, sender)
"""


def test_a_port_for_datagrams(box: Any, python: dict[str, Any]) -> None:
    where = network(ports=(PublishedPort(container_port=53, protocol="udp"),))
    directory = box.background(*program(ECHO), init=True, network=where, **python)
    (port,) = box.runtime.state(directory).ports
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.settimeout(0.1)
        end.connect(("127.0.0.1", port.host_port))

        def answered() -> bool:
            with contextlib.suppress(OSError):
                end.send(b"ping")
                return end.recv(10) == b"ping"
            return False

        assert box.until(answered)


def test_many_requests_at_once(box: Any) -> None:
    directory = serving(box, network=network(ports=(WEB,)))
    (port,) = box.runtime.state(directory).ports
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(fetch(port.host_port))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [b"plain\n"] * 20


def test_a_large_answer_is_complete(box: Any) -> None:
    size = 20_000_000
    script = f"while :; do head -c {size} /dev/zero | nc -l -p 80; done"
    directory = box.background("sh", "-c", script, init=True, network=network(ports=(WEB,)))
    (port,) = box.runtime.state(directory).ports
    received = 0

    def receive() -> bool:
        nonlocal received
        end = socket.create_connection(("127.0.0.1", port.host_port), timeout=10)
        with end, contextlib.suppress(ConnectionResetError):
            while chunk := end.recv(1 << 20):
                received += len(chunk)
        return received > 0

    assert box.until(receive)
    assert received == size


def test_while_much_flows_the_shim_still_hears(box: Any) -> None:
    """Ports are passed on in the loop that also writes the log and takes commands."""
    script = "echo before; nc -l -p 80 < /dev/zero >/dev/null & while :; do sleep 0.05; echo line; done"
    directory = box.background("sh", "-c", script, init=True, network=network(ports=(WEB,)))
    (port,) = box.runtime.state(directory).ports
    ending = threading.Event()
    received = 0

    def drain() -> None:
        nonlocal received
        while not ending.is_set():
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", port.host_port), timeout=1) as end,
            ):
                while not ending.is_set() and (chunk := end.recv(1 << 20)):
                    received += len(chunk)

    reader = threading.Thread(target=drain)
    reader.start()
    assert box.until(lambda: received > 50_000_000, 20)
    before = (directory / "log.jsonl").read_text().count("line")
    assert box.exec(directory, "echo", "heard").out == "heard\n"
    assert box.until(lambda: (directory / "log.jsonl").read_text().count("line") > before + 3)
    ending.set()
    reader.join()


def test_a_further_program_has_the_limit_of_open_files_that_the_first_one_has(box: Any) -> None:
    directory = serving(box, network=network(ports=(WEB,)))
    assert box.exec(directory, "sh", "-c", "ulimit -n").out == box.exec(directory, "sh", "-c",
        "awk '/open files/ {print $4}' /proc/1/limits").out  # fmt: skip


def test_a_program_on_loopback_is_not_published(box: Any) -> None:
    words = ("httpd", "-f", "-p", "127.0.0.1:80")
    directory = box.background(*words, init=True, network=network(ports=(WEB,)))
    (port,) = box.runtime.state(directory).ports
    with contextlib.suppress(ConnectionResetError):
        assert fetch(port.host_port) == b""


def test_a_taken_port_is_said(box: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = replace(WEB, host_port=taken.getsockname()[1])
        with pytest.raises(ContainerError) as caught:
            box.sh("true", network=network(ports=(port,)))
    assert (caught.value.key, caught.value.exit_status) == ("network.port-taken", 125)


def test_a_port_is_closed_with_its_container(box: Any) -> None:
    directory = serving(box, network=network(ports=(WEB,)))
    (port,) = box.runtime.state(directory).ports
    box.runtime.kill(directory, 9)
    box.runtime.wait(directory)
    with pytest.raises(ConnectionRefusedError):
        fetch(port.host_port)


def test_an_internal_network_publishes_nothing_and_says_so(box: Any) -> None:
    noted: list[str] = []
    directory, spec = box.spec("true", network=network(lab(52, internal=True), ports=(WEB,)))
    with box.runtime.start(directory, spec, on_event=lambda event: noted.append(getattr(event, "text", ""))) as process:
        assert process.wait() == 0
    assert any("internal network" in one for one in noted)


def test_port_80_needs_no_power(box: Any) -> None:
    script = "timeout 0.1 nc -l -p 80; [ $? = 143 ] && echo bound"
    assert box.sh(script, network=BRIDGE, process={"capabilities": ()}).out == "bound\n"


# ---- networks come and go


def test_a_running_container_is_connected_and_disconnected(box: Any) -> None:
    server = serving(box, network=network(lab(61), name="web"))
    directory = sleeping(box, lab(62), name="client")
    look = ("sh", "-c", f"{get('http://web/plain')}; ls /sys/class/net; grep -c box /etc/hosts")
    assert box.exec(directory, *look).out.split() == ["no", "eth0", "lo", "1"]
    box.runtime.connect(directory, lab(61, aliases=("c2",)))
    assert box.exec(directory, *look).out.split() == ["plain", "eth0", "eth1", "lo", "2"]
    assert [one.name for one in box.runtime.state(directory).endpoints] == ["lab62", "lab61"]
    assert box.exec(server, "nslookup", "-type=a", "c2").status == 0
    box.runtime.disconnect(directory, lab(61).network)
    assert box.exec(directory, *look).out.split() == ["no", "eth0", "lo", "1"]
    assert box.exec(server, "nslookup", "-type=a", "c2").status != 0
    assert [one.name for one in box.runtime.state(directory).endpoints] == ["lab62"]


def test_from_the_default_bridge_to_a_network_with_names(box: Any) -> None:
    """Names work from then on, though the container was started without any."""
    serving(box, network=network(lab(63), name="web"))
    directory = sleeping(box)
    box.runtime.connect(directory, lab(63))
    assert box.exec(directory, "sh", "-c", f"cat /etc/resolv.conf; {get('http://web/plain')}").out.endswith("plain\n")
    assert "127.0.0.11" in box.exec(directory, "cat", "/etc/resolv.conf").out


def test_the_way_outside_moves_to_a_network_that_is_left(box: Any) -> None:
    directory = sleeping(box, lab(64), lab(65))
    routes = ("sh", "-c", "ip route | grep default")
    assert box.exec(directory, *routes).out == "default via 10.64.0.1 dev eth0 \n"
    box.runtime.disconnect(directory, lab(64).network)
    assert box.exec(directory, *routes).out == "default via 10.65.0.1 dev eth1 \n"
    box.runtime.connect(directory, lab(64, priority=5))
    assert box.exec(directory, *routes).out == "default via 10.64.0.1 dev eth0 \n"


def test_ports_follow_to_a_network_that_is_left_and_close_with_the_last(box: Any) -> None:
    directory = serving(box, network=network(lab(66), lab(67), ports=(WEB,)))
    (port,) = box.runtime.state(directory).ports
    assert fetch(port.host_port) == b"plain\n"
    box.runtime.disconnect(directory, lab(66).network)
    assert fetch(port.host_port) == b"plain\n"
    box.runtime.disconnect(directory, lab(67).network)
    assert box.runtime.state(directory).ports == ()
    with pytest.raises(ConnectionRefusedError):
        fetch(port.host_port)
    box.runtime.connect(directory, lab(66))
    (port,) = box.runtime.state(directory).ports
    assert fetch(port.host_port) == b"plain\n"


def test_what_a_program_wrote_into_hosts_stays(box: Any) -> None:
    directory = sleeping(box, lab(68))
    box.exec(directory, "sh", "-c", "echo '1.2.3.4 mine' >> /etc/hosts")
    box.runtime.connect(directory, lab(69))
    box.runtime.disconnect(directory, lab(69).network)
    assert box.exec(directory, "tail", "-n1", "/etc/hosts").out == "1.2.3.4 mine\n"


def test_a_new_name_is_found_at_once(box: Any) -> None:
    directory = sleeping(box, lab(70), name="old")
    box.runtime.rename(directory, "new")
    script = "for name in old new; do nslookup -type=a $name >/dev/null && echo $name; done"
    assert box.sh(script, network=network(lab(70))).out == "new\n"


def test_an_address_that_is_taken_changes_nothing(box: Any) -> None:
    sleeping(box, lab(71, address="10.71.0.9"))
    directory = sleeping(box)
    with pytest.raises(Conflict):
        box.runtime.connect(directory, lab(71, address="10.71.0.9"))
    assert box.exec(directory, "ls", "/sys/class/net").out.split() == ["eth0", "lo"]
    assert len(box.runtime.state(directory).endpoints) == 1


@pytest.mark.parametrize("mode", [NetworkMode.NONE, NetworkMode.HOST])
def test_what_cannot_be_connected(box: Any, mode: NetworkMode) -> None:
    directory = box.background("sleep", "60", network=Network(mode=mode))
    with pytest.raises(ContainerError) as caught:
        box.runtime.connect(directory, lab(72))
    assert caught.value.key == "network.not-connectable"
    with pytest.raises(NotFound) as missing:
        box.runtime.disconnect(directory, lab(72).network)
    assert missing.value.key == "network.not-connected"


def test_what_was_connected_is_there_again_when_its_policy_starts_it_again(box: Any) -> None:
    """Its shim does that, from what it knows; and what is said while it waits counts for the next life."""
    policy = Supervision(restart=RestartPolicy(kind=RestartKind.ALWAYS))
    wanted = network(lab(74), ports=(WEB,), name="again")
    directory, spec = box.spec("sh", "-c", "sleep 0.4", network=wanted)
    box.runtime.start(directory, spec, detach=True, supervision=policy).close()
    box.runtime.connect(directory, lab(75))
    box.runtime.disconnect(directory, lab(74).network)
    assert box.until(lambda: box.runtime.state(directory).restarts > 0)
    assert box.until(lambda: box.runtime.state(directory).status is Status.RUNNING)
    state = box.runtime.state(directory)
    assert ([one.name for one in state.endpoints], len(state.ports)) == (["lab75"], 1)
    assert box.until(lambda: box.runtime.state(directory).status is Status.RESTARTING)
    box.runtime.connect(directory, lab(74))
    assert box.until(lambda: len(box.runtime.state(directory).endpoints) == 2)
    box.runtime.stop(directory, 9, 0)


# ---- another container's network


def sharing(directory: Path) -> Network:
    return Network(mode=NetworkMode.CONTAINER, container=directory.name)


def test_the_network_of_another_container(box: Any) -> None:
    directory = serving(box, network=network(lab(81), name="web"), hostname="web")
    script = f"{get('http://127.0.0.1/plain')}; ls /sys/class/net; cat /etc/hosts /etc/resolv.conf"
    found = box.sh(script, network=sharing(directory)).out
    assert found == box.exec(directory, "sh", "-c", script).out
    assert found.startswith("plain\neth0\nlo\n")


def test_a_program_added_later_is_in_that_network_too(box: Any) -> None:
    directory = serving(box, network=network(lab(82)))
    other = box.background("sleep", "60", network=sharing(directory))
    assert box.exec(other, "sh", "-c", get("http://127.0.0.1/plain")).out == "plain\n"
    third = box.background("sleep", "60", network=sharing(directory))
    address = box.runtime.state(directory).address
    assert address in box.exec(third, "ip", "-4", "addr").out


def test_a_network_of_a_container_that_does_not_run(box: Any) -> None:
    directory = sleeping(box)
    box.runtime.kill(directory, 9)
    box.runtime.wait(directory)
    with pytest.raises(ContainerError) as caught:
        box.sh("true", network=sharing(directory))
    assert (caught.value.key, caught.value.exit_status) == ("runtime.share-not-running", 125)


def test_a_container_in_the_hosts_network_has_none_to_share(box: Any) -> None:
    directory = box.background("sleep", "60", network=Network(mode=NetworkMode.HOST))
    with pytest.raises(ContainerError) as caught:
        box.sh("true", network=sharing(directory))
    assert caught.value.key == "network.not-shareable"


def test_without_a_network_there_is_only_loopback(box: Any) -> None:
    assert box.sh("ls /sys/class/net; ip route; cat /etc/resolv.conf").out == "lo\n"


# ---- a zygote that was killed


def kill_zygote(box: Any) -> None:
    with contextlib.closing(box.runtime.sandbox._connect()) as connection:
        pid, _, _ = struct.unpack("3i", connection.socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    os.kill(pid, 9)
    # Asked too early, the engine would still knock at what is left of it.
    assert box.until(lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text())


def test_after_its_zygote_was_killed_a_container_is_in_the_same_network(box: Any) -> None:
    """Its successor takes up the ground and the hub: for new containers, for commands, and for the next successor."""
    directory = serving(box, network=network(lab(73), name="web", ports=(WEB,)))
    for _ in range(2):
        kill_zygote(box)
        found = box.sh(get("http://web/plain"), network=network(lab(73)))
        assert (found.out, found.err) == ("plain\n", "")
    newcomer = sleeping(box, lab(73), name="new")
    assert box.runtime.state(newcomer).address != box.runtime.state(directory).address
    assert box.exec(directory, "sh", "-c", f"{ping('new')} && echo there").out == "there\n"
    assert box.sh(get("http://127.0.0.1/plain"), network=sharing(directory)).out == "plain\n"
    assert fetch(box.runtime.state(directory).ports[0].host_port) == b"plain\n"


# ---- the outside


# In a network of its own, which plays the part of the whole world, with a device that everybody may use.
OUTSIDE = """
import socket, sys, threading
from pathlib import Path
sys.path[:0] = sys.argv[1].split(":")
from conftest import Box
from pydock_lab.runtime.base import Runtime
from pydock_lab.oci.runtime_spec import Endpoint, Network, NetworkMode
home = Path(sys.argv[2])
box = Box(Runtime(home), home, Path(sys.argv[3]))
server = socket.create_server(("192.0.2.1", 8000))
def serve():
    while True:
        end, _ = server.accept()
        end.recv(1000)
        end.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\nfrom the outside")
        end.close()
threading.Thread(target=serve, daemon=True).start()
def get(host):
    return f"timeout 2 wget -qO- http://{host}:8000/ || echo no way; echo;"
labs = [Endpoint(network=str(n) * 8, name=f"lab{n}", bridge=f"br-{n}", subnet=f"10.{n}.0.0/24") for n in (1, 2, 3)]
inside = Endpoint(network="9" * 8, name="inside", bridge="br-in", subnet="10.9.0.0/24", internal=True)
for endpoints in ((), (labs[0],), (labs[1],), (inside, labs[2])):
    found = Network(mode=NetworkMode.BRIDGE, endpoints=endpoints)
    print(*box.sh(get("192.0.2.1"), network=found).out.split("\\n"))
found = Network(mode=NetworkMode.BRIDGE, endpoints=(inside,))
print(*box.sh(get("192.0.2.1"), network=found).out.split("\\n"))
found = Network(mode=NetworkMode.BRIDGE, extra_hosts=(("host", "host-gateway"),))
print(*box.sh(get("host"), network=found).out.split("\\n"))
print(*box.sh("cat /etc/resolv.conf", network=found).out.split("\\n"))
"""


@pytest.mark.usefixtures("as_root")
def test_the_way_outside(box: Any, tmp_path: Path, need: Callable[[str], str]) -> None:
    need("slirp4netns")
    paths = f"{Path(__file__).parent}:{os.environ.get('PYTHONPATH', '')}"
    script = f"""
        ip addr add 192.0.2.1/32 dev lo && ip link set lo up && ip route add default dev lo src 192.0.2.1 &&
        {sys.executable} -c "$SCRIPT" {paths} {tmp_path} {box.layer}"""
    done = subprocess.run(
        ["unshare", "--net", "--mount", "sh", "-c", script],
        env=os.environ | {"SCRIPT": OUTSIDE},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    found = [line.strip() for line in done.stdout.splitlines()]
    assert found[:6] == [*["from the outside"] * 4, "no way", "from the outside"], done.stderr
    assert found[6].startswith("nameserver 198.18.0.3")


def test_where_nothing_leads_outside_a_host_gateway_is_missed_aloud(box: Any) -> None:
    noted: list[str] = []
    where = network(lab(99, internal=True), extra_hosts=(("host", "host-gateway"),))
    directory, spec = box.spec("grep", "host", "/etc/hosts", network=where)
    with box.runtime.start(directory, spec, on_event=lambda event: noted.append(getattr(event, "text", ""))) as process:
        process.wait()
    assert any("host-gateway" in one for one in noted)
