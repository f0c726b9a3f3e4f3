"""200 containers that run at once: how long they take to start, and how much memory each costs, its shim included.

Beside it crun starts as many, also two at a time: without a shim, a log or a record, of a bundle that is there already.
"""

import contextlib
import itertools
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.memory import share
from benchmarks.peers import busybox_tree, crun, crun_bundle, hide_empty_hierarchy
from benchmarks.start import specification
from pydock_lab.errors import ContainerError
from pydock_lab.runtime.base import Runtime

COUNT = 200
_ROUNDS = 3
_AT_ONCE = 2
_SETTLE_SECONDS = 2.0


def main() -> None:
    """Print seconds for all, and bytes for each."""
    with tempfile.TemporaryDirectory(prefix="pydock-bench-", ignore_cleanup_errors=True) as name:
        root = Path(name)
        runtime = Runtime(root / "home")
        layer = busybox_tree(root / "layer")
        assert runtime.tier
        hide_empty_hierarchy()
        bundle = crun_bundle(root / "bundle", "/bin/sleep", "1000") if shutil.which("crun") else None
        numbers = itertools.count()
        times, sizes, theirs = [], [], []
        for _ in range(_ROUNDS):
            if bundle:
                theirs.append(_start_theirs(bundle))
            folders = [root / "containers" / str(next(numbers)) for _ in range(COUNT)]
            for folder in folders:
                folder.mkdir(parents=True)
            try:
                began = time.perf_counter()
                with ThreadPoolExecutor(_AT_ONCE) as pool:
                    list(pool.map(lambda folder: _start(runtime, folder, layer), folders))
                times.append(time.perf_counter() - began)
                time.sleep(_SETTLE_SECONDS)
                sizes.append(_memory(runtime, folders) / COUNT)
            finally:
                _end(runtime, folders)
        print(f"{COUNT} containers start in {statistics.median(times):.2f} s (median of {_ROUNDS})")
        if theirs:
            print(f"crun run --detach, as many: {statistics.median(theirs):.2f} s")
            print(f"many by crun ratio={statistics.median(times) / statistics.median(theirs):.3f}")
        print(f"each costs {statistics.median(sizes) / 1e6:.2f} MB (PSS of its program and its shim)")
        print(f"many seconds={statistics.median(times):.2f}")


def _start_theirs(bundle: Path) -> float:
    """Seconds that crun takes; its containers are removed then."""
    names = [f"many{number}" for number in range(COUNT)]

    def start(name: str) -> None:
        _quietly(crun("run", "--detach", "--bundle", str(bundle), name)).check_returncode()

    began = time.perf_counter()
    try:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(start, names))
        return time.perf_counter() - began
    finally:
        for name in names:
            _quietly(crun("delete", "--force", name))


def _quietly(command: list[str]) -> subprocess.CompletedProcess[bytes]:
    nothing = subprocess.DEVNULL
    return subprocess.run(command, stdin=nothing, stdout=nothing, stderr=nothing, check=False)


def _start(runtime: Runtime, folder: Path, layer: Path) -> None:
    runtime.start(folder, specification(folder, layer, "/bin/sleep", "1000"), detach=True).close()


def _memory(runtime: Runtime, folders: Iterable[Path]) -> int:
    """Bytes of all programs and shims, shared pages counted by share."""
    total = 0
    for folder in folders:
        state = runtime.state(folder)
        marks = [mark for mark in (state.process, state.shim) if mark is not None]
        total += sum(share(Path(f"/proc/{mark.pid}")) for mark in marks)
    return total


def _end(runtime: Runtime, folders: Iterable[Path]) -> None:
    for folder in folders:
        with contextlib.suppress(ContainerError):  # it did not start
            runtime.kill(folder, 9)
    for folder in folders:
        with contextlib.suppress(ContainerError):
            runtime.wait(folder)
