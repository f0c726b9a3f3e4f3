"""Containers on a bridge: addresses, names, each other, published ports, the outside."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pydock_lab.errors import Conflict, ContainerError
from pydock_lab.oci.runtime_spec import Network, NetworkMode, PublishedPort

BRIDGE = Network(mode=NetworkMode.BRIDGE, internal=True)


def network(**changes: Any) -> Network:
    return Network(**({"mode": NetworkMode.BRIDGE, "internal": True} | changes))


def serving(box: Any, *ports: PublishedPort, name: str = "web") -> Path:
    """A web server of /etc in the background, once it answers."""
    directory: Path = box.background(
        "httpd", "-f", "-p", "80", "-h", "/etc", init=True, network=network(ports=ports), hostname=name
    )
    ready = "wget -qO /dev/null http://127.0.0.1/plain"
    assert box.until(lambda: box.exec(directory, "sh", "-c", ready).status == 0)
    return directory


def fetch(port: int, path: str = "/plain") -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as end:
        end.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        content = b""
        while chunk := end.recv(65536):
            content += chunk
    return content.partition(b"\r\n\r\n")[2]


def test_containers_reach_each_other_by_address(box: Any) -> None:
    directory = serving(box)
    address = box.runtime.state(directory).address
    assert address.startswith("10.88.0.")
    ran = box.run("wget", "-qO-", f"http://{address}/plain", network=BRIDGE)
    assert (ran.status, ran.out) == (0, "plain\n")


def test_each_has_its_own_address_and_name(box: Any) -> None:
    first, second = (box.background("sleep", "60", network=BRIDGE) for _ in range(2))
    addresses = {box.runtime.state(one).address for one in (first, second)}
    assert len(addresses) == 2
    own = box.exec(first, "sh", "-c", "grep box /etc/hosts; ip -4 addr show eth0 | grep -o 'inet [0-9.]*/[0-9]*'").out
    address = box.runtime.state(first).address
    assert own.split() == [address, "box", "inet", f"{address}/16"]


def test_an_address_is_free_again_after_its_container(box: Any) -> None:
    def address() -> str:
        directory = box.background("sleep", "60", network=network(bridge="again", subnet="10.91.0.0/29"))
        found: str = box.runtime.state(directory).address
        box.runtime.kill(directory, 9)
        box.runtime.wait(directory)
        return found

    # The subnet has room for three containers; the kernel takes cables away a moment after their namespace.
    found: list[str] = []
    for _ in range(12):
        with contextlib.suppress(Conflict):
            found.append(address())
    assert len(found) > 3


def test_a_wanted_address(box: Any) -> None:
    wanted = network(bridge="fixed", subnet="10.92.0.0/24", address="10.92.0.77")
    directory = box.background("sleep", "60", network=wanted)
    assert box.runtime.state(directory).address == "10.92.0.77"
    with pytest.raises(Conflict) as caught:
        box.sh("true", network=wanted)
    assert caught.value.key == "network.address-taken"


def test_networks_are_apart(box: Any) -> None:
    directory = serving(box)
    address = box.runtime.state(directory).address
    other = network(bridge="other", subnet="10.93.0.0/24")
    assert box.sh(f"timeout 1 wget -qO- http://{address}/plain || echo apart", network=other).out == "apart\n"


def test_a_published_port(box: Any) -> None:
    directory = serving(box, PublishedPort(container_port=80))
    (port,) = box.runtime.state(directory).ports
    assert (port.container_port, port.host_ip) == (80, "127.0.0.1")
    assert fetch(port.host_port) == b"plain\n"


def test_many_requests_at_once(box: Any) -> None:
    directory = serving(box, PublishedPort(container_port=80))
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
    directory = box.background(
        "sh", "-c", script, init=True, network=network(ports=(PublishedPort(container_port=80),))
    )
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


def test_a_program_on_loopback_is_not_published(box: Any) -> None:
    directory = box.background(
        "httpd", "-f", "-p", "127.0.0.1:80", init=True, network=network(ports=(PublishedPort(container_port=80),))
    )
    (port,) = box.runtime.state(directory).ports
    with contextlib.suppress(ConnectionResetError):
        assert fetch(port.host_port) == b""


def test_a_taken_port_is_said(box: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = PublishedPort(container_port=80, host_port=taken.getsockname()[1])
        with pytest.raises(ContainerError) as caught:
            box.sh("true", network=network(ports=(port,)))
    assert (caught.value.key, caught.value.exit_status) == ("network.port-taken", 125)


def test_a_port_is_closed_with_its_container(box: Any) -> None:
    directory = serving(box, PublishedPort(container_port=80))
    (port,) = box.runtime.state(directory).ports
    box.runtime.kill(directory, 9)
    box.runtime.wait(directory)
    with pytest.raises(ConnectionRefusedError):
        fetch(port.host_port)


def test_names_and_servers_that_were_asked_for(box: Any) -> None:
    asked = network(extra_hosts=(("db", "10.88.0.9"), ("host", "host-gateway")), dns=("9.9.9.9",), dns_search=("lab",))
    out = box.sh("cat /etc/hosts /etc/resolv.conf", network=asked).out
    assert "10.88.0.9\tdb\n10.88.0.2\thost\n" in out
    assert out.endswith("search lab\nnameserver 9.9.9.9\n")


def test_port_80_needs_no_power(box: Any) -> None:
    script = "timeout 0.1 nc -l -p 80; [ $? = 143 ] && echo bound"
    assert box.sh(script, network=BRIDGE, process={"capabilities": ()}).out == "bound\n"


# In a network of its own, which plays the part of the whole world, with a device that everybody may use.
OUTSIDE = """
import socket, sys, threading
from pathlib import Path
sys.path[:0] = sys.argv[1].split(":")
from conftest import Box
from pydock_lab.runtime.base import Runtime
from pydock_lab.oci.runtime_spec import Network, NetworkMode
home = Path(sys.argv[2])
box = Box(Runtime(home), home, Path(sys.argv[3]))
server = socket.create_server(("192.0.2.1", 8000))
def serve():
    end, _ = server.accept()
    end.recv(1000)
    end.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\nfrom the outside")
    end.close()
threading.Thread(target=serve, daemon=True).start()
fetch = "timeout 2 wget -qO- http://192.0.2.1:8000/ || echo no way"
for internal, bridge in ((False, "pydock0"), (True, "inside")):
    network = Network(mode=NetworkMode.BRIDGE, bridge=bridge, internal=internal)
    print(box.sh(fetch, network=network).out)
"""


@pytest.mark.usefixtures("as_root")
def test_the_way_outside(box: Any, tmp_path: Path, need: Callable[[str], str]) -> None:
    need("slirp4netns")
    paths = f"{Path(__file__).parent}:{os.environ.get('PYTHONPATH', '')}"
    script = f"""
        ip addr add 192.0.2.1/32 dev lo && ip link set lo up &&
        {sys.executable} -c "$SCRIPT" {paths} {tmp_path} {box.layer}"""
    done = subprocess.run(
        ["unshare", "--net", "--mount", "sh", "-c", script],
        env=os.environ | {"SCRIPT": OUTSIDE},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.splitlines() == ["from the outside", "no way", ""], done.stderr
