"""Networks: bytes through a published port, and answers to questions for names.

Through a port go the same bytes by three ways, in turn: through ours to a program in a container, through socat to the
same program on the host, and straight to it over loopback. (Only ours has a cable and a bridge in its way.) A question
is asked from within a container, of our name server; and on the host, of dnsmasq over loopback.

The program, and who asks, are the host's own Python, which the container has bound into it.
"""

import itertools
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.peers import busybox_tree
from benchmarks.table import measure, ratio, show
from pydock_lab.linux import capabilities
from pydock_lab.oci.runtime_spec import (
    ContainerSpec,
    Endpoint,
    Mount,
    Network,
    NetworkMode,
    ProcessSpec,
    PublishedPort,
    Rootfs,
)
from pydock_lab.runtime.base import Runtime, Stdio

ROUNDS = 15
SIZE = 512 << 20  # bytes in one round
QUESTIONS = 2000
PORT = 80
PYTHON = "/usr/bin/python3"
LAB = Endpoint(network="ab" * 32, name="lab", bridge="br-bench", subnet="172.18.0.0/16")

SINK = f"""
import socket
end = socket.create_server(("", {PORT}))
room = memoryview(bytearray(1 << 20))
while True:
    client, _ = end.accept()
    while client.recv_into(room):
        pass
    client.sendall(b"!")
    client.close()
"""
# Asks the same question again and again, and says what each answer took, in milliseconds.
ASKER = f"""
import json, os, socket, struct, sys, time
name, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
end.settimeout(5)
end.connect((host, port))
labels = b"".join(bytes([len(one)]) + one.encode() for one in name.split("."))
question = struct.pack("!6H", 7, 0x100, 1, 0, 0, 0) + labels + struct.pack("!BHH", 0, 1, 1)
times = []
for _ in range({QUESTIONS}):
    began = time.perf_counter()
    end.send(question)
    answer = end.recv(512)
    times.append((time.perf_counter() - began) * 1000)
    assert struct.unpack_from("!6H", answer)[3] == 1, answer
print(json.dumps(times))
"""


def main() -> None:
    """Print both tables; the last line is `network ratio=R`: our time through a port by socat's, or by loopback's."""
    if not Path(PYTHON).exists():
        raise SystemExit(f"{PYTHON} is not there")
    with ExitStack() as stack:
        root = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="pydock-bench-", ignore_cleanup_errors=True))
        )
        bench = Bench(root)
        stack.callback(bench.end)
        times = _through_ports(bench, stack)
        show(times)
        for name, values in times.items():
            print(f"{name}: {SIZE / statistics.median(values) / 1e6:.2f} GB/s")
        _questions(bench, stack)
        theirs = "socat" if "socat" in times else "loopback"
        ratio("network", times["pydock, a published port"], times[theirs])


class Bench:
    """Containers of one store, with the host's Python in them."""

    def __init__(self, root: Path) -> None:
        self._runtime, self._root = Runtime(root / "home"), root
        self._layer, self._numbers = busybox_tree(root / "layer"), itertools.count()
        self._started: list[Path] = []

    def start(self, code: str, network: Network) -> Path:
        """A program in the background."""
        folder, spec = self._spec(code, (), network)
        self._runtime.start(folder, spec, detach=True).close()
        self._started.append(folder)
        return folder

    def run(self, code: str, words: tuple[str, ...], network: Network) -> str:
        """What a program writes."""
        folder, spec = self._spec(code, words, network)
        reader, writer = os.pipe()
        with self._runtime.start(folder, spec, Stdio(stdout=writer)) as process, open(reader) as output:
            os.close(writer)
            written = output.read()
            assert process.wait() == 0
        return written

    def port(self, folder: Path) -> int:
        """The host port of a container's first one."""
        return self._runtime.state(folder).ports[0].host_port

    def end(self) -> None:
        """End all that run."""
        for folder in self._started:
            self._runtime.kill(folder, 9)
            self._runtime.wait(folder)

    def _spec(self, code: str, words: tuple[str, ...], network: Network) -> tuple[Path, ContainerSpec]:
        folder = self._root / "home" / "containers" / f"bench{next(self._numbers)}"
        folder.mkdir(parents=True)
        places = [place for place in ("/usr", "/lib", "/lib64") if Path(place).exists()]
        process = ProcessSpec(
            args=(PYTHON, "-I", "-S", "-c", code, *words),
            capabilities=capabilities.names(capabilities.DEFAULT),
        )
        rootfs = Rootfs(
            layers=(str(self._layer),), mountpoint=f"{folder}/merged", upper=f"{folder}/upper", work=f"{folder}/work"
        )
        mounts = tuple(Mount(source=os.path.realpath(place), target=place, read_only=True) for place in places)
        return folder, ContainerSpec(id=folder.name, process=process, rootfs=rootfs, mounts=mounts, network=network)


# ---- ports


def _through_ports(bench: Bench, stack: ExitStack) -> dict[str, list[float]]:
    published = Network(mode=NetworkMode.BRIDGE, ports=(PublishedPort(container_port=PORT),))
    port = bench.port(bench.start(SINK, published))
    straight = _free_port()
    stack.enter_context(_program([sys.executable, "-c", SINK.replace(f'("", {PORT})', f'("127.0.0.1", {straight})')]))
    ways = {"pydock, a published port": port, "loopback": straight}
    if shutil.which("socat"):
        ways["socat"] = _free_port()
        listen = f"TCP-LISTEN:{ways['socat']},bind=127.0.0.1,fork,reuseaddr"
        stack.enter_context(_program(["socat", "-b", str(1 << 20), listen, f"TCP:127.0.0.1:{straight}"]))
    for one in ways.values():
        _until(lambda one=one: _send(one, 1))
    return measure({name: lambda one=one: _send(one, SIZE) for name, one in ways.items()}, ROUNDS)


def _send(port: int, size: int) -> None:
    """Send so many bytes, and wait until they have arrived."""
    content = memoryview(bytes(min(size, 1 << 20)))
    with socket.create_connection(("127.0.0.1", port), timeout=60) as end:
        for _ in range(max(1, size // len(content))):
            end.sendall(content)
        end.shutdown(socket.SHUT_WR)
        if end.recv(1) != b"!":
            raise ConnectionError("the bytes did not arrive")


# ---- names


def _questions(bench: Bench, stack: ExitStack) -> None:
    web = Network(mode=NetworkMode.BRIDGE, endpoints=(LAB,), name="web")
    bench.start("import time; time.sleep(3600)", web)
    asker = Network(mode=NetworkMode.BRIDGE, endpoints=(LAB,), name="asker")
    times = {"pydock, in a container": json.loads(bench.run(ASKER, ("web", "127.0.0.11", "53"), asker))}
    if shutil.which("dnsmasq", path=f"{os.environ['PATH']}:/usr/sbin"):
        port = _free_port()
        words = ["--no-daemon", "--no-resolv", "--no-hosts", f"--port={port}", "--listen-address=127.0.0.1"]
        words += ["--bind-interfaces", "--address=/web/172.18.0.2", "--user=root", "--conf-file=/dev/null"]
        stack.enter_context(_program([shutil.which("dnsmasq", path=f"{os.environ['PATH']}:/usr/sbin") or "", *words]))
        time.sleep(0.3)
        command = [PYTHON, "-I", "-S", "-c", ASKER, "web", "127.0.0.1", str(port)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        times["dnsmasq, over loopback"] = json.loads(done.stdout)
    _show_answers(times)


def _show_answers(times: Mapping[str, list[float]]) -> None:
    width = max(map(len, times))
    print(f"{'':{width}}  {'median':>9} {'p99':>9}   ms for an answer, n={QUESTIONS}")
    for name, values in times.items():
        print(f"{name:{width}}  {statistics.median(values):9.3f} {sorted(values)[len(values) * 99 // 100]:9.3f}")


# ---- both


@contextmanager
def _program(command: list[str]) -> Iterator[None]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.kill()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as end:
        return int(end.getsockname()[1])


def _until(action: Callable[[], object]) -> None:
    for _ in range(200):
        try:
            action()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("nobody listens")
