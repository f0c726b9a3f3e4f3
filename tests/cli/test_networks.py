"""`docker network`, and the network options of `docker run`, on the real engine: as seen inside the container."""

import json
import socket
import time

import pytest

from pydock_lab.errors import PydockError

BOX = "lab/busybox"


# ---- networks as records: on every machine


def test_the_networks_of_a_new_store(docker):
    rows = [line.split() for line in docker("network", "ls").splitlines()]
    assert rows[0] == ["NETWORK", "ID", "NAME", "DRIVER", "SCOPE"]
    assert [" ".join(row[1:]) for row in rows[1:]] == ["bridge bridge local", "host host local", "none null local"]
    assert [len(row[0]) for row in rows[1:]] == [12] * 3
    assert {len(line) for line in docker("network", "ls", "-q", "--no-trunc").split()} == {64}


def test_create_inspect_remove(docker, fails):
    words = ["--subnet", "10.77.0.0/24", "--gateway", "10.77.0.254", "--ip-range", "10.77.0.128/25"]
    words += ["--aux-address", "printer=10.77.0.130", "--internal", "--label", "x=y"]
    words += ["-o", "com.docker.network.driver.mtu=1400"]
    made = docker("network", "create", *words, "n1").strip()
    assert len(made) == 64
    (found,) = json.loads(docker("network", "inspect", "n1"))
    assert found.pop("Created").endswith("Z")
    assert found == {
        "Name": "n1",
        "Id": made,
        "Scope": "local",
        "Driver": "bridge",
        "EnableIPv4": True,
        "EnableIPv6": False,
        "IPAM": {
            "Driver": "default",
            "Options": {},
            "Config": [
                {
                    "Subnet": "10.77.0.0/24",
                    "Gateway": "10.77.0.254",
                    "IPRange": "10.77.0.128/25",
                    "AuxiliaryAddresses": {"printer": "10.77.0.130"},
                }
            ],
        },
        "Internal": True,
        "Attachable": False,
        "Ingress": False,
        "ConfigFrom": {"Network": ""},
        "ConfigOnly": False,
        "Containers": {},
        "Options": {"com.docker.network.driver.mtu": "1400"},
        "Labels": {"x": "y"},
    }
    assert docker("network", "inspect", "-f", "{{.Name}} {{.Driver}}", made[:5]) == "n1 bridge\n"
    assert docker("network", "rm", "n1") == "n1\n"
    assert fails("network", "inspect", "n1") == "network.unknown"
    assert docker("network", "rm", "-f", "n1") == "n1\n"
    assert fails("network", "rm", "n1") == "network.unknown"


def test_each_new_network_has_a_subnet_of_its_own(docker):
    for name in ("a", "b", "c"):
        docker("network", "create", name)
    found = json.loads(docker("network", "inspect", "a", "b", "c", "bridge"))
    assert len({one["IPAM"]["Config"][0]["Subnet"] for one in found}) == 4


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["a"], "name-taken"),
        (["bridge"], "predefined-name"),
        (["a/b"], "bad-name"),
        (["-d", "overlay", "x"], "bad-driver"),
        (["--ipv6", "x"], "no-ipv6-network"),
        (["--subnet", "fd00::/64", "x"], "no-ipv6"),
        (["--subnet", "10.9.0.0/24", "--subnet", "10.8.0.0/24", "x"], "one-subnet"),
        (["--subnet", "10.77.0.0/16", "x"], "overlaps"),
        (["--gateway", "10.77.0.1", "x"], "needs-subnet"),
        (["--subnet", "10.9.0.0/24", "--gateway", "10.8.0.1", "x"], "not-in-subnet"),
        (["--subnet", "10.9.0.0/24", "--aux-address", "a=10.8.0.1", "x"], "not-in-subnet"),
        (["-o", "com.docker.network.bridge.name=br-a", "x"], "bridge-taken"),
        (["-o", "com.docker.network.bridge.name=a/b", "x"], "bad-bridge-name"),
        (["-o", "com.docker.network.bridge.name=outside", "x"], "bad-bridge-name"),
        (["-o", "com.docker.network.bridge.enable_icc=maybe", "x"], "bad-option-value"),
        (["-o", "com.docker.network.bridge.enable_ip_masquerade=false", "x"], "no-masquerade"),
        (["-o", "com.docker.network.driver.mtu=9", "x"], "bad-option-value"),
        (["-o", "color=red", "x"], "bad-option"),
    ],
)
def test_what_cannot_be_created(docker, fails, words, key):
    docker("network", "create", "--subnet", "10.77.0.0/24", "-o", "com.docker.network.bridge.name=br-a", "a")
    assert fails("network", "create", *words) == f"network.{key}"


@pytest.mark.parametrize("name", ["bridge", "host", "none"])
def test_what_every_engine_has_cannot_be_removed(fails, name):
    assert fails("network", "rm", name) == "network.predefined"


def test_attachable_is_taken_and_said_to_make_no_difference(docker):
    docker("network", "create", "--attachable", "a")
    assert "no difference" in docker.face.noted


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (["name=la"], ["lab", "slab"]),
        (["name=^lab$"], ["lab"]),
        (["name=lab", "name=host"], ["host", "lab", "slab"]),
        (["driver=bridge", "type=custom"], ["lab", "slab"]),
        (["type=builtin"], ["bridge", "host", "none"]),
        (["label=course"], ["lab", "slab"]),
        (["label=course=2"], ["slab"]),
        (["label=course", "label=late"], ["slab"]),
        (["driver=null"], ["none"]),
        (["scope=swarm"], []),
        (["dangling=true"], ["lab", "slab"]),
        (["dangling=false"], ["bridge", "host", "none"]),
    ],
)
def test_filters_of_ls(docker, filters, names):
    docker("network", "create", "--label", "course=1", "lab")
    docker("network", "create", "--label", "course=2", "--label", "late", "slab")
    words = [word for one in filters for word in ("--filter", one)]
    assert docker("network", "ls", "--format", "{{.Name}}", *words).split() == names


@pytest.mark.parametrize(
    ("text", "key"),
    [("color=red", "unknown"), ("name", "form"), ("type=odd", "value"), ("dangling=perhaps", "value")],
)
def test_a_filter_that_there_is_not(fails, text, key):
    assert fails("network", "ls", "-f", text) == f"engine.filter-{key}"


def test_prune_asks_and_filters(docker, fails):
    for words in (["old"], ["--label", "keep", "kept"], ["new"]):
        docker("network", "create", *words)
    assert docker("network", "prune", answers=["n"]) == ""
    assert docker("network", "prune", "-f", "--filter", "until=1h") == ""
    assert docker("network", "prune", "-f", "--filter", "label!=keep") == "Deleted Networks:\nnew\nold\n\n"
    assert docker("network", "prune", answers=["y"]) == "Deleted Networks:\nkept\n\n"
    assert fails("network", "prune", "-f", "--filter", "name=x") == "engine.filter-unknown"
    assert docker("network", "ls", "-q", "-f", "type=custom") == ""


def test_a_network_by_the_start_of_its_id(docker, fails):
    ids = [docker("network", "create", f"n{number}").strip() for number in range(3)]
    assert docker("network", "inspect", "-f", "{{.Name}}", ids[1][:20]) == "n1\n"
    assert fails("network", "inspect", "zz") == "network.unknown"


# ---- containers in them


@pytest.mark.usefixtures("containers")
def test_containers_find_each_other_in_a_network_of_ones_own(docker, run):
    docker("network", "create", "lab")
    docker("run", "-d", "--name", "web", "--network", "lab", "--network-alias", "www", BOX, "httpd", "-f", "-h", "/etc")
    script = "for name in web www; do wget -qO- http://$name/group | head -n1; done"
    assert run("--network", "lab", BOX, "sh", "-c", script) == "root:x:0:\nroot:x:0:\n"
    (found,) = json.loads(docker("inspect", "web"))
    place = found["NetworkSettings"]["Networks"]["lab"]
    (shown,) = json.loads(docker("network", "inspect", "lab"))
    (member,) = shown["Containers"].values()
    assert member["Name"] == "web"
    assert member["IPv4Address"] == f"{place['IPAddress']}/{place['IPPrefixLen']}"
    assert (member["EndpointID"], member["MacAddress"]) == (place["EndpointID"], place["MacAddress"])
    assert place["Aliases"] == ["www"]
    assert place["DNSNames"] == ["web", "www", found["Id"][:12]]
    assert found["HostConfig"]["NetworkMode"] == "lab"


@pytest.mark.usefixtures("containers")
def test_a_network_in_use_stays_until_it_is_left(docker, fails):
    docker("network", "create", "lab")
    docker("run", "-d", "--name", "one", "--network", "lab", BOX, "sleep", "60")
    assert fails("network", "rm", "lab") == "network.in-use"
    assert docker("network", "prune", "-f") == ""
    assert docker("network", "ls", "-q", "-f", "dangling=true") == ""
    docker("network", "disconnect", "lab", "one")
    assert docker("network", "rm", "lab") == "lab\n"


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize(
    ("words", "script", "expected"),
    [
        (["--network", "own", "--ip", "10.78.0.9"], "hostname -i", "10.78.0.9\n"),
        (["--network", "name=own,ip=10.78.0.8"], "hostname -i", "10.78.0.8\n"),
        (["--network", "own", "--mac-address", "02:42:00:00:00:09"], "cat /sys/class/net/eth0/address",
         "02:42:00:00:00:09\n"),
        (["--network", "own", "--network", "bridge"], "ls /sys/class/net", "eth0\neth1\nlo\n"),
        (["--network", "name=own,gw-priority=-1", "--network", "bridge"], "ip route | grep -c 'default .*eth1'", "1\n"),
        (["--network", "own", "--network-alias", "me"], "nslookup -type=a me | grep -c 'Address: 10.78'", "1\n"),
        (["--network", "none"], "ls /sys/class/net", "lo\n"),
        (["--dns", "192.0.2.53", "--dns-search", "lab.test", "--dns-option", "ndots:2"], "cat /etc/resolv.conf",
         "nameserver 192.0.2.53\nsearch lab.test\noptions ndots:2\n"),
        (["--add-host", "db:10.9.9.9", "--add-host", "six=[::9]"], "grep -wE 'db|six' /etc/hosts",
         "10.9.9.9\tdb\n::9\tsix\n"),
        (["--hostname", "box", "--domainname", "lab.test"], "hostname; hostname -f", "box\nbox.lab.test\n"),
    ],
)  # fmt: skip
def test_what_the_options_of_run_do_inside(docker, run, words, script, expected):
    docker("network", "create", "--subnet", "10.78.0.0/24", "own")
    assert run(*words, BOX, "sh", "-c", script) == expected


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["--network", "mars"], "unknown"),
        (["--network", "host", "--network", "own"], "alone"),
        (["--network", "own", "--network", "own"], "twice"),
        (["--network-alias", "me"], "alias-on-default"),
        (["--ip", "172.17.0.9"], "address-on-default"),
        (["--network", "auto", "--ip", "172.18.0.9"], "address-not-configured"),
        (["--network", "own", "--ip", "10.9.0.9"], "not-in-subnet"),
        (["--network", "none", "-p", "80"], "contradiction"),
        (["--network", "host", "--mac-address", "02:42:00:00:00:09"], "contradiction"),
        (["--network", "container:one", "-p", "80"], "contradiction"),
        (["--network", "container:one", "--hostname", "me"], "contradiction"),
        (["--network", "container:one", "--add-host", "a:1.2.3.4"], "contradiction"),
        (["--network", "container:stopped"], "not-running"),
        (["--ip6", "fd00::1"], "no-ipv6-option"),
        (["--link", "one"], "no-link"),
        (["-p", "80/sctp"], "no-sctp"),
    ],
)
def test_what_run_refuses_and_why(docker, fails, words, key):
    docker("network", "create", "--subnet", "10.78.0.0/24", "own")
    docker("network", "create", "auto")
    docker("create", "--name", "one", BOX, "sleep", "60")
    docker("create", "--name", "stopped", BOX, "sleep", "60")
    assert fails("run", "--rm", *words, BOX, "true") == f"network.{key}"
    assert docker("ps", "-aq", "--filter", "status=running") == ""


@pytest.mark.usefixtures("containers")
def test_the_hosts_network_discards_ports_aloud(docker, run):
    with socket.create_server(("127.0.0.1", 0)) as here:
        port = here.getsockname()[1]
        script = f"netstat -tln | grep -c 127.0.0.1:{port}"
        assert run("--network", "host", "-p", "80", BOX, "sh", "-c", script) == "1\n"
    assert "discarded" in docker.face.noted


@pytest.mark.usefixtures("containers")
def test_a_container_in_the_network_of_another_one(docker, run):
    docker("network", "create", "lab")
    words = ["--name", "web", "--hostname", "web-host", "--network", "lab"]
    docker("run", "-d", *words, BOX, "httpd", "-f", "-p", "127.0.0.1:80", "-h", "/etc")
    script = "wget -qO- http://127.0.0.1/group | head -n1; hostname; tail -n1 /etc/hosts | cut -f2"
    assert run("--network", "container:web", BOX, "sh", "-c", script) == "root:x:0:\nweb-host\nweb-host\n"
    docker("run", "-d", "--name", "second", "--network", "container:web", BOX, "sleep", "60")
    # Who shares the network of one that shares another's, shares that.
    assert run("--network", "container:second", BOX, "hostname") == "web-host\n"
    mode = docker("inspect", "-f", "{{.HostConfig.NetworkMode}}", "second").strip()
    assert mode.startswith("container:")


@pytest.mark.usefixtures("containers")
def test_ports_published_exposed_and_shown(docker):
    docker("network", "create", "lab")
    words = ["--name", "web", "--network", "lab", "-P", "--expose", "81", "-p", "20000-50000:80"]
    docker("run", "-d", *words, BOX, "httpd", "-f", "-h", "/etc")
    lines = dict(line.split(" -> ") for line in docker("port", "web").splitlines())
    assert set(lines) == {"80/tcp", "81/tcp"}
    host, _, port = lines["80/tcp"].rpartition(":")
    assert host == "127.0.0.1"
    assert 20000 <= int(port) <= 50000
    with socket.create_connection((host, int(port)), timeout=5) as end:
        end.sendall(b"GET /group HTTP/1.0\r\n\r\n")
        assert end.recv(100).startswith(b"HTTP/1.")


@pytest.mark.usefixtures("containers")
def test_a_taken_port_names_the_container_that_has_it(docker):
    docker("run", "-d", "--name", "first", "-p", "80", BOX, "sleep", "60")
    port = docker("port", "first").strip().rpartition(":")[2]
    with pytest.raises(PydockError) as caught:
        docker("run", "--rm", "-p", f"{port}:80", BOX, "true")
    assert caught.value.key == "network.port-taken-by"
    assert "docker stop first" in str(caught.value.hint("en"))
    assert docker("ps", "-aq").count("\n") == 1


# ---- connecting and disconnecting


@pytest.mark.usefixtures("containers")
def test_a_running_container_and_a_stopped_one(docker, fails):
    docker("network", "create", "--subnet", "10.79.0.0/24", "lab")
    docker("run", "-d", "--name", "runs", BOX, "sleep", "60")
    docker("create", "--name", "waits", BOX, "sleep", "60")
    for name, address in (("runs", "10.79.0.7"), ("waits", "10.79.0.8")):
        docker("network", "connect", "--ip", address, "--alias", f"{name}-alias", "lab", name)
    assert fails("network", "connect", "lab", "runs") == "network.already-connected"
    docker("start", "waits")
    for name, address, other in (("runs", "10.79.0.7", "waits"), ("waits", "10.79.0.8", "runs")):
        assert address in docker("exec", name, "ip", "-4", "addr", "show", "eth1")
        assert docker("exec", name, "sh", "-c", f"ping -c1 -W2 {other}-alias | grep -c ' 0% packet loss'") == "1\n"
    docker("network", "disconnect", "lab", "runs")
    assert docker("exec", "runs", "ls", "/sys/class/net").split() == ["eth0", "lo"]
    assert fails("network", "disconnect", "lab", "runs") == "network.not-connected"
    # What was decided while it ran holds when it is started again.
    docker("network", "disconnect", "bridge", "runs")
    docker("restart", "-t", "0", "runs", "waits")
    assert docker("exec", "runs", "ls", "/sys/class/net").split() == ["lo"]
    assert "10.79.0.8" in docker("exec", "waits", "ip", "-4", "addr", "show", "eth1")
    docker("network", "connect", "lab", "runs")
    assert docker("exec", "runs", "ls", "/sys/class/net").split() == ["eth0", "lo"]


@pytest.mark.usefixtures("containers")
def test_a_new_name_is_a_name_in_its_networks(docker, run):
    docker("network", "create", "lab")
    docker("run", "-d", "--name", "old", "--network", "lab", BOX, "sleep", "60")
    docker("rename", "old", "new")
    script = "for name in old new; do nslookup -type=a $name >/dev/null 2>&1 && echo $name; done"
    assert run("--network", "lab", BOX, "sh", "-c", script) == "new\n"
    docker("restart", "-t", "0", "new")
    assert run("--network", "lab", BOX, "sh", "-c", script) == "new\n"


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize(("mode", "key"), [("none", "not-connectable"), ("host", "not-connectable")])
def test_what_cannot_be_connected_later(docker, fails, mode, key):
    docker("network", "create", "lab")
    docker("create", "--name", "one", "--network", mode, BOX, "true")
    assert fails("network", "connect", "lab", "one") == f"network.{key}"
    docker("create", "--name", "two", BOX, "true")
    assert fails("network", "connect", mode, "two") == "network.not-to-connect"


@pytest.mark.usefixtures("containers")
def test_a_container_whose_network_was_removed_says_what_to_do(docker, fails):
    docker("network", "create", "lab")
    docker("create", "--name", "one", "--network", "lab", BOX, "sleep", "60")
    docker("network", "rm", "lab")
    assert fails("start", "one") == "network.gone"
    docker("network", "create", "lab")
    assert fails("start", "one") == "network.gone"  # another network of that name
    docker("network", "disconnect", "-f", "lab", "one")
    docker("network", "connect", "lab", "one")
    docker("start", "one")
    assert docker("inspect", "-f", "{{.State.Running}}", "one") == "true\n"


@pytest.mark.usefixtures("containers")
def test_two_lives_of_a_network_of_the_same_name_and_addresses(docker, run):
    """The bridge of the first one is still there: it is made anew for the second."""
    for gateway in ("10.80.0.1", "10.80.0.254"):
        name = "com.docker.network.bridge.name=br-twice"
        docker("network", "create", "--subnet", "10.80.0.0/24", "--gateway", gateway, "-o", name, "lab")
        assert run("--network", "lab", BOX, "sh", "-c", f"ping -c1 -W2 {gateway} | grep -c ' 0% packet loss'") == "1\n"
        until = time.monotonic() + 5
        while docker("network", "ls", "-q", "-f", "dangling=true") == "" and time.monotonic() < until:
            time.sleep(0.02)
        docker("network", "rm", "lab")
