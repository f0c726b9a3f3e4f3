"""Building: ours against `buildah build --layers`, whole process against whole process, on the same base and context.

    cold       a fresh store that has the base image only: 19 RUN, one COPY of 10,000 files (100 MB)
    no-op      the same again, nothing changed: every step is a cache hit
    inside     the no-op in an engine that is open already, as in a notebook
    copy       one COPY of 20,000 files (245 MB), committed and ready to push
    slope      the no-op rebuild's time against the size of its context: 1,000, 10,000, 100,000 files
    memory     the most memory that a build of one layer of 1 GB takes, all its processes together

Each pair is measured in one run. buildah keeps its layers uncompressed, and compresses them when it pushes; ours are
compressed when they are committed.

No-op rebuilds take turns. Builds that make files do not, ours come first, and nothing is deleted before the end: an
ext4 without a journal does not use a deleted file's inode again for a minute or more, and looks at every one of them
whenever a file is made. buildah deletes what it copied, 10,000 files a build, and whoever came next would pay three
seconds for that. Before each build the disk has written what it was given.
"""

import functools
import itertools
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.context import make_context
from benchmarks.memory import peak
from benchmarks.peers import Buildah, busybox_tree, run
from benchmarks.table import measure, ratio, show
from pydock_lab import Engine

_COLD_ROUNDS, _NOOP_ROUNDS, _SLOPE_ROUNDS = 5, 15, 7
_SIZES = (1_000, 10_000, 100_000)
_RUNS = [f"RUN echo {number} > /step-{number}" for number in range(19)]
_TWENTY_STEPS = "\n".join(["FROM bench/base:1", *_RUNS[:10], "COPY . /app", *_RUNS[10:], ""])
_ONE_COPY = "FROM bench/base:1\nCOPY . /app\n"
_BIG_LAYER = "FROM bench/base:1\nRUN head -c 1073741824 /dev/urandom > /big\n"


class Ours:
    """`pydock` as a process of its own, on a store of its own below `root`."""

    def __init__(self, root: Path) -> None:
        self.environment = {"PYDOCK_HOME": str(root / "home")}

    def take(self, base: Path) -> None:
        """Have the base image."""
        run(self.command("load", "-q", "-i", str(base)), self.environment)

    def build(self, context: Path) -> None:
        """Build the Dockerfile of a folder."""
        run(self.command("build", "-q", "-t", "bench/app:1", str(context)), self.environment)

    def command(self, *words: str) -> list[str]:
        """The words that start it."""
        return [sys.executable, "-m", "pydock_lab", *words]


def main() -> None:
    """Print the tables; the last line is `build ratio=R`: the no-op rebuild, ours by buildah's, whole processes."""
    with tempfile.TemporaryDirectory(prefix="pydock-bench-", ignore_cleanup_errors=True) as name:
        root = Path(name)
        base = _base(root)
        context = make_context(root / "context", _TWENTY_STEPS, 10_000, 100 << 20)
        cold = _cold(root / "cold", base, context, _COLD_ROUNDS)
        _copy(root, base)
        _memory(root / "memory", base)
        _slope(root / "slope", base)
        noop = _noop(root / "noop", base, context)
        ratio("cold build", cold["pydock build, cold"], cold["buildah build, cold"])
        ratio("no-op inside an open engine", noop["pydock build, no-op, inside"], noop["buildah build, no-op"])
        ratio("build", noop["pydock build, no-op"], noop["buildah build, no-op"])


def _base(root: Path) -> Path:
    """A base image of busybox, as `docker save` writes it."""
    environment = {"PYDOCK_HOME": str(root / "base-home")}
    tree, archive = busybox_tree(root / "tree"), root / "base.tar"
    run(["tar", "-C", str(tree), "-cf", str(root / "tree.tar"), "."], {})
    run([sys.executable, "-m", "pydock_lab", "import", str(root / "tree.tar"), "bench/base:1"], environment)
    run([sys.executable, "-m", "pydock_lab", "save", "-o", str(archive), "bench/base:1"], environment)
    return archive


def _cold(root: Path, base: Path, context: Path, rounds: int, name: str = "cold") -> dict[str, list[float]]:
    """Builds in stores that have nothing but the base; making the stores is not measured."""
    makers: dict[str, Callable[[Path], Ours | Buildah]] = {"pydock": Ours, "buildah": Buildah}
    times: dict[str, list[float]] = {}
    for program, maker in makers.items():
        times[label := f"{program} build, {name}"] = []
        for number in range(rounds):
            engine = maker(root / f"{program}{number}")
            engine.take(base)
            os.sync()
            times[label].append(_milliseconds(functools.partial(engine.build, context)))
    show(times)
    return times


def _milliseconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return (time.perf_counter() - began) * 1000


def _noop(root: Path, base: Path, context: Path) -> dict[str, list[float]]:
    ours, theirs = Ours(root / "ours"), Buildah(root / "theirs")
    for engine in (ours, theirs):
        engine.take(base)
        engine.build(context)
    inside = Engine(Path(ours.environment["PYDOCK_HOME"]))
    text = (context / "Dockerfile").read_text()
    times = measure(
        {
            "pydock build, no-op": lambda: ours.build(context),
            "pydock build, no-op, inside": lambda: inside.build(text, context=context, tag="bench/app:1"),
            "buildah build, no-op": lambda: theirs.build(context),
        },
        _NOOP_ROUNDS,
    )
    show(times)
    return times


def _copy(root: Path, base: Path) -> None:
    context = make_context(root / "copy-context", _ONE_COPY, 20_000, 245 << 20)
    times = _cold(root / "copy", base, context, _COLD_ROUNDS, "a COPY of 20,000 files")
    ratio("copy", *times.values())


def _memory(root: Path, base: Path) -> None:
    ours = Ours(root)
    ours.take(base)
    context = make_context(root / "context", _BIG_LAYER, 1, 100)
    most = peak(ours.command("build", "-q", str(context)), ours.environment)
    print(f"memory of a build with one layer of 1 GiB: {most / 1e6:.0f} MB at most, all processes together")


def _slope(root: Path, base: Path) -> None:
    """No-op rebuilds of growing contexts; the slope is that of a line through the logarithms: 1 is linear."""
    points = []
    for count in _SIZES:
        ours = Ours(root / f"ours{count}")
        ours.take(base)
        context = make_context(root / f"context{count}", _ONE_COPY, count, count * 1000)
        ours.build(context)
        middle = statistics.median(_milliseconds(lambda: ours.build(context)) for _ in range(_SLOPE_ROUNDS))  # noqa: B023
        points.append((count, middle))
        print(f"no-op rebuild with {count:7,} files in its context: {middle:8.1f} ms")
    slopes = [
        math.log(later[1] / earlier[1]) / math.log(later[0] / earlier[0])
        for earlier, later in itertools.pairwise(points)
    ]
    print(f"slope (1 is linear): {', '.join(f'{slope:.2f}' for slope in slopes)}")
