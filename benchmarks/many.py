"""200 containers that run at once: how long they take to start, and how much memory each costs, its shim included."""

import contextlib
import itertools
import statistics
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.memory import share
from benchmarks.peers import busybox_tree
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
        numbers = itertools.count()
        times, sizes = [], []
        for _ in range(_ROUNDS):
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
        print(f"each costs {statistics.median(sizes) / 1e6:.2f} MB (PSS of its program and its shim)")
        print(f"many seconds={statistics.median(times):.2f}")


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
