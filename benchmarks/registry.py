"""Our registry beside Debian's docker-registry, our push beside skopeo's, our pull beside podman's, in one run.

One plain program on http.client asks both in the same words, so that no client of either side is measured: a large blob
there and back, a thousand small ones, eight clients at once. Each server is a process of its own, on the same disk.

Before each measured transfer the machine is made ready: see `_ready`.
"""

import gzip
import hashlib
import http.client
import io
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from benchmarks.peers import Podman
from benchmarks.table import measure, ratio, show
from pydock_lab import Engine
from pydock_lab.engine.run_options import RunOptions
from pydock_lab.oci import ContainerConfig, Descriptor, Digest, ImageConfig, Manifest, MediaType, Platform, Reference
from pydock_lab.registry.client import RegistryClient
from pydock_lab.registry.transfer import push
from pydock_lab.store import Store

_MIB = 1 << 20
_LARGE, _SMALL, _SMALL_COUNT = 500 * _MIB, 2048, 1000
_CLIENTS, _BLOBS_EACH = 8, 25
_ROUNDS, _REST_SECONDS = 5, 0.5
_READY = 1200 * _MIB  # more than any transfer writes
_LAYERS = 5
_FILES, _FILE_LAYERS = 20_000, 20
_START_SECONDS = 20
OURS, THEIRS = "pydock", "docker-registry"


def main() -> None:
    """Print the tables; the last line is `registry ratio=R`: the push of 500 MiB, ours by docker-registry's."""
    for program in ("docker-registry", "skopeo", "podman"):
        if shutil.which(program) is None:
            raise SystemExit(f"{program} is not installed")
    with tempfile.TemporaryDirectory(prefix="pydock-bench-", ignore_cleanup_errors=True) as name:
        root = Path(name)
        with _ours(root / "ours") as (ours, pid), _theirs(root / "theirs") as (theirs, _):
            places = {OURS: ours, THEIRS: theirs}
            before = _peak(pid)
            pushes = _large(root, places)
            print(f"memory of ours: {before / 1e6:.1f} MB before, {_peak(pid) / 1e6:.1f} MB at most\n")
            _small(places)
            _at_once(places)
            _beside_skopeo(root, theirs)
            _beside_podman(theirs)
        ratio("registry", pushes[OURS], pushes[THEIRS])


# ---- the servers


@contextmanager
def _ours(folder: Path) -> Iterator[tuple[str, int]]:
    port = _free_port()
    words = ["registry", "serve", "--quiet", "--port", str(port), "--directory", str(folder)]
    with _served([sys.executable, "-m", "pydock_lab", *words], port) as pid:
        yield f"127.0.0.1:{port}", pid


@contextmanager
def _theirs(folder: Path) -> Iterator[tuple[str, int]]:
    port = _free_port()
    folder.mkdir()
    config = folder / "config.yml"
    config.write_text(
        "version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n"
        f"storage: {{filesystem: {{rootdirectory: {folder}/data}}, delete: {{enabled: true}}}}\n"
        f"http: {{addr: '127.0.0.1:{port}'}}\n"
    )
    with _served(["docker-registry", "serve", str(config)], port) as pid:
        yield f"127.0.0.1:{port}", pid


@contextmanager
def _served(command: list[str], port: int) -> Iterator[int]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _peak(pid: int) -> int:
    """Bytes of memory that a process had at most (proc_pid_status(5))."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


# ---- the client that both have


class _Client:
    """One connection to a registry."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(address, timeout=120, blocksize=_MIB)

    def ask(self, method: str, path: str, body: object = None, size: int = 0) -> http.client.HTTPResponse:
        """The answer, its body still to be read."""
        head = {"Content-Length": str(size), "Content-Type": "application/octet-stream"} if body is not None else {}
        self._connection.request(method, path, body, head)  # type: ignore[arg-type] # a file, too
        return self._connection.getresponse()

    def push(self, repository: str, digest: str, body: object, size: int) -> None:
        """A blob in two requests, as every client sends one."""
        begun = self.ask("POST", f"/v2/{repository}/blobs/uploads/", b"")
        begun.read()
        location = begun.headers["Location"]
        path = location.partition(self._connection.host)[2].partition("/")[2] if "://" in location else location[1:]
        joined = "&" if "?" in path else "?"
        answer = self.ask("PUT", f"/{path}{joined}digest={digest}", body, size)
        answer.read()
        assert answer.status == 201, (answer.status, path)

    def pull(self, repository: str, digest: str, size: int) -> None:
        """A blob, read into one buffer again and again."""
        answer, got, buffer = self.ask("GET", f"/v2/{repository}/blobs/{digest}"), 0, bytearray(_MIB)
        while count := answer.readinto(buffer):
            got += count
        assert (answer.status, got) == (200, size)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def _ready(folder: Path) -> None:
    """Let the disk come to rest, and bring in memory for what will be written below `folder`.

    A virtual machine gets memory from its host when it touches it first, page by page: 2.4 ms for each MiB were seen,
    where writing it takes 0.2. Whoever makes the page cache grow would pay for that, and who comes after him not.
    """
    os.sync()  # nobody waits for what another has not yet written to the disk
    time.sleep(_REST_SECONDS)
    path = folder / "memory"
    with path.open("wb", buffering=0) as file:
        for _ in range(_READY // _MIB):
            file.write(bytes(_MIB))
    path.unlink()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


# ---- what is measured


def _large(root: Path, places: dict[str, str]) -> dict[str, list[float]]:
    """500 MiB there and back. Another blob each time: a registry that has it already would not keep it again."""
    path = root / "blob"
    block = os.urandom(_MIB)
    known: dict[str, list[tuple[str, str]]] = {name: [] for name in places}

    def write() -> str:
        engine = hashlib.sha256()
        with path.open("wb") as file:
            for number in range(_LARGE // _MIB):
                piece = block if number else os.urandom(_MIB)
                file.write(piece)
                engine.update(piece)
        return f"sha256:{engine.hexdigest()}"

    pushes: dict[str, list[float]] = {name: [] for name in places}
    for _ in range(_ROUNDS):
        for name, address in places.items():
            digest, repository, client = write(), f"large/{uuid.uuid4().hex}", _Client(address)
            _ready(root)
            with path.open("rb") as file:
                began = time.perf_counter()
                client.push(repository, digest, file, _LARGE)
                pushes[name].append((time.perf_counter() - began) * 1000)
            client.close()
            known[name].append((repository, digest))
    print("push of 500 MiB")
    show(pushes)
    ratio("push", pushes[OURS], pushes[THEIRS])

    def puller(name: str) -> object:
        client = _Client(places[name])
        client.pull(*known[name][-1], _LARGE)
        client.close()
        return None

    pulls = measure({name: lambda name=name: puller(name) for name in places}, _ROUNDS, _REST_SECONDS)  # type: ignore[misc]
    print("\npull of 500 MiB")
    show(pulls)
    ratio("pull", pulls[OURS], pulls[THEIRS])
    path.unlink()
    return pushes


def _small(places: dict[str, str]) -> None:
    """A thousand blobs of two kilobytes, pushed and pulled by one client on one connection."""

    def there_and_back(address: str) -> None:
        client, repository = _Client(address), f"small/{uuid.uuid4().hex}"
        blobs = [os.urandom(_SMALL) for _ in range(_SMALL_COUNT)]
        for content in blobs:
            client.push(repository, _digest(content), content, _SMALL)
        for content in blobs:
            client.pull(repository, _digest(content), _SMALL)
        client.close()

    times = measure({name: lambda address=address: there_and_back(address) for name, address in places.items()}, 3, 0.5)  # type: ignore[misc]
    print(f"{_SMALL_COUNT} blobs of 2 kB, there and back")
    show(times)
    ratio("small", times[OURS], times[THEIRS])


def _at_once(places: dict[str, str]) -> None:
    """Eight clients at once, who push and pull; one error ends the benchmark."""

    def work(address: str) -> None:
        client, repository = _Client(address), f"many/{uuid.uuid4().hex}"
        for _ in range(_BLOBS_EACH):
            content = os.urandom(_MIB)
            client.push(repository, _digest(content), content, _MIB)
            client.pull(repository, _digest(content), _MIB)
        client.close()

    def all_of_them(address: str) -> None:
        with ThreadPoolExecutor(_CLIENTS) as pool:
            list(pool.map(work, [address] * _CLIENTS))

    times = measure({name: lambda address=address: all_of_them(address) for name, address in places.items()}, 3, 0.5)  # type: ignore[misc]
    print(f"\n{_CLIENTS} clients at once, {_BLOBS_EACH} blobs of 1 MiB each: no error")
    show(times)
    ratio("clients", times[OURS], times[THEIRS])


def _beside_skopeo(root: Path, address: str) -> None:
    """The push of an image of five layers of 100 MB to docker-registry: through our API, and by `skopeo copy`."""

    def ours(store: Store, descriptor: Descriptor) -> None:
        reference = Reference.parse(f"{address}/skopeo/{uuid.uuid4().hex}:1")
        push(store.blobs, descriptor, RegistryClient(address), reference)

    def theirs(store: Store, _descriptor: Descriptor) -> None:
        target = f"docker://{address}/skopeo/{uuid.uuid4().hex}:1"
        words = ["skopeo", "copy", "--quiet", "--dest-tls-verify=false", f"oci:{store.root}:app:1", target]
        subprocess.run(words, check=True)

    times: dict[str, list[float]] = {OURS: [], "skopeo copy": []}
    for number in range(_ROUNDS):
        for name, action in zip(times, (ours, theirs), strict=True):
            # Another image each time: one that the registry had would be mounted, and not travel.
            store = Store.open(root / f"{name}-{number}")
            descriptor = _image(store)
            store.layout.tag(Reference.parse("app:1"), descriptor)
            _ready(root)
            began = time.perf_counter()
            action(store, descriptor)
            times[name].append((time.perf_counter() - began) * 1000)
            shutil.rmtree(store.root)
    print("\npush of an image of 500 MB to docker-registry")
    show(times)
    ratio("skopeo", times[OURS], times["skopeo copy"])


def _beside_podman(address: str) -> None:
    """The pull of an image of 20,000 files, until they are there as files: by our engine, and by `podman pull`.

    In memory where there is a place for that: on a disk it is the file system that is measured, twice. ext4, say,
    passes over each inode that was deleted in the last minutes, and there are many after the rounds before.
    """
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="pydock-bench-", dir=memory, ignore_cleanup_errors=True) as name:
        _pulls(Path(name), address)


def _pulls(root: Path, address: str) -> None:
    # Python may keep its compiled modules, as in peers.run: the engine's helper process is not compiled anew each time.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    name = f"{address}/podman/files:1"
    store = Store.open(root / "files")
    push(store.blobs, _files_image(store), RegistryClient(address), Reference.parse(name))
    times: dict[str, list[float]] = {OURS: [], "podman pull": []}
    for number in range(_ROUNDS):
        podman, engine = Podman(root / f"podman-{number}"), Engine(root / f"home-{number}")

        def ours(engine: Engine = engine) -> None:
            # It pulls what is not there. Until somebody wants a container, our pull unpacks nothing.
            engine.full.create(RunOptions(image=name, command=("true",)))

        def theirs(podman: Podman = podman) -> None:
            podman("pull", "-q", "--tls-verify=false", name)

        for side, action in zip(times, (ours, theirs), strict=True):
            _ready(root)
            began = time.perf_counter()
            action()
            times[side].append((time.perf_counter() - began) * 1000)
    print(f"\npull of an image of {_FILES} files, unpacked")
    show(times)
    ratio("podman", times[OURS], times["podman pull"])


def _files_image(store: Store) -> Descriptor:
    """Twenty layers of a thousand small files each."""
    layers, diff_ids = [], []
    for layer in range(_FILE_LAYERS):
        plain = io.BytesIO()
        with tarfile.open(fileobj=plain, mode="w") as tar:
            for number in range(_FILES // _FILE_LAYERS):
                content = os.urandom(700) + b"the same " * 200
                entry = tarfile.TarInfo(f"srv/{layer}/{number % 50}/{number}")
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
        diff_ids.append(Digest.of(plain.getvalue()))
        packed = gzip.compress(plain.getvalue(), 6, mtime=0)
        store.blobs.put(packed)
        layers.append(Descriptor.of(packed, MediaType.LAYER_GZIP))
    return _written(store, layers, diff_ids)


def _image(store: Store) -> Descriptor:
    layers = []
    for _ in range(_LAYERS):
        content = os.urandom(100_000_000)
        store.blobs.put(content)
        layers.append(Descriptor.of(content, MediaType.LAYER_GZIP))
    return _written(store, layers, [layer.digest for layer in layers])


def _written(store: Store, layers: list[Descriptor], diff_ids: list[Digest]) -> Descriptor:
    platform = Platform(os="linux", architecture="amd64")
    config = ImageConfig(platform=platform, config=ContainerConfig(cmd=("true",)), diff_ids=tuple(diff_ids)).to_bytes()
    store.blobs.put(config)
    manifest = Manifest(config=Descriptor.of(config, MediaType.CONFIG), layers=tuple(layers)).to_bytes()
    store.blobs.put(manifest)
    return Descriptor.of(manifest, MediaType.MANIFEST)
