"""Pictures in JupyterLab, where they are largest: an image of 100 layers and 100,000 files, 50 containers that run.

extension      `%load_ext pydock_lab` in a kernel that is up
first layers   `%layers`, the first that a kernel is asked for, until the picture is painted in the browser
layers         the same in a kernel that has shown it before
selection      a click on a layer, until it is marked and the panel tells of it, painted
step           a click on the next step in `%trace` of a build of 100 steps
sent           all that the kernel sends to the page for `%layers`, before anything is opened
saved          what the saved notebook has of it
instances      what the kernel's process takes of a core for `%instances`, 5 times a second

Each kernel of `first layers` is a new one. Its clock and the page's are the machine's. All is the median of some
rounds, the first picture on the page not counted: it loads what all widgets need. What a click opens is not waited
for, but it has come before the next click.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.lab import Lab, Notebook, opened
from benchmarks.layered import NAME, TRACED, build_traced, containers, make_image
from pydock_lab import Engine

_ROUNDS, _CLICKS, _STEPS = 5, 7, 15
_WATCHED_ROUNDS, _WATCHED_SECONDS = 3, 4.0
_UPDATES = 5  # a second
_TICKS = os.sysconf("SC_CLK_TCK")
_SETUP = """
import time
began = []
get_ipython().events.register("pre_run_cell", lambda info: began.append(time.time()))
loading = time.perf_counter()
get_ipython().run_line_magic("load_ext", "pydock_lab")
loading = time.perf_counter() - loading
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Target:
    """What may be measured at most, in what unit."""

    allowed: float
    unit: str


_TARGETS: Mapping[str, _Target] = {
    "extension": _Target(allowed=200, unit="ms"),
    "first layers": _Target(allowed=500, unit="ms"),
    "layers": _Target(allowed=500, unit="ms"),
    "selection": _Target(allowed=50, unit="ms"),
    "step": _Target(allowed=50, unit="ms"),
    "sent": _Target(allowed=300, unit="kB"),
    "saved": _Target(allowed=200, unit="kB"),
    "instances": _Target(allowed=15, unit="%"),
}
_Found = dict[str, list[float]]


def main() -> None:
    """Print the table; the last line is `widgets ratio=R`: the worst of what was measured by what is allowed."""
    # Python may keep its compiled modules, as everywhere but here.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="pydock-bench-", ignore_cleanup_errors=True) as name:
        root = Path(name)
        os.environ["PYTHONPYCACHEPREFIX"] = str(root / "compiled")
        engine = Engine(root / "lab" / "pydock")
        make_image(engine)
        build_traced(engine)
        found: _Found = {name: [] for name in _TARGETS}
        with opened(root / "lab") as lab:
            for number in range(-1, _ROUNDS):
                _layers(lab, number, found if number >= 0 else {name: [] for name in _TARGETS})
            _trace(lab, found)
            with containers(engine):
                updates = _instances(lab, found)
        print(f"%instances comes {updates:.2f} times a second\n")
        print(f"widgets ratio={_shown(found):.3f}")


def _layers(lab: Lab, number: int, found: _Found) -> None:
    """A new kernel, and the picture in it, twice; in the last round clicks."""
    with lab.notebook(f"layers{number}", _SETUP, f"%layers {NAME}") as notebook:
        notebook.prepare(0)
        found["extension"].append(float(notebook.value("loading")) * 1000)
        before = lab.received
        found["first layers"].append(_shown_after(notebook))
        found["sent"].append((lab.received - before) / 1000)
        found["saved"].append(notebook.saved(1) / 1000)
        found["layers"].append(_shown_after(notebook))
        if number == _ROUNDS - 1:
            found["selection"] += _clicks(notebook)


def _shown_after(notebook: Notebook) -> float:
    """Milliseconds from when the kernel begins with the cell until its picture is painted."""
    painted = notebook.run(1)
    return (painted - float(notebook.value("began[-1]"))) * 1000


def _clicks(notebook: Notebook) -> list[float]:
    times = []
    for at in range(99, 99 - _CLICKS, -1):
        row = f"[data-pick='layer-{at}']"
        marked = f"document.querySelector(`{row}.selected`) && panel.innerText.startsWith('{at + 1}. ')"
        times.append(notebook.click(row, marked))
        notebook.settle()
    return times


def _trace(lab: Lab, found: _Found) -> None:
    with lab.notebook("trace", _SETUP, f"%trace {TRACED}") as notebook:
        notebook.prepare(0)
        notebook.run(1)
        for _ in range(_STEPS):
            place = notebook.page.locator(".pydock-place").inner_text()
            stepped = f"document.querySelector('.pydock-place').innerText !== '{place}' && panel.innerText !== before"
            found["step"].append(notebook.click(".pydock-steps button >> nth=2", stepped))
            notebook.page.wait_for_timeout(100)


def _instances(lab: Lab, found: _Found) -> float:
    """The share of a core, in percent; how often a second the kernel sent another picture."""
    seen = []
    with lab.notebook("instances", _SETUP, "%instances") as notebook:
        notebook.prepare(0)
        notebook.run(1)
        process = int(notebook.value("__import__('os').getpid()"))
        for _ in range(_WATCHED_ROUNDS):
            share, updates = _watched(lab, process)
            seen.append(updates)
            # Where it is too slow to come that often, what that would take.
            found["instances"].append(share * max(1.0, _UPDATES / max(updates, 0.1)))
    return statistics.median(seen)


def _watched(lab: Lab, process: int) -> tuple[float, float]:
    """Percent of a core that a process takes for some seconds, and how often a second it sends another picture."""
    count, before, began = lab.updates, _processor_seconds(process), time.monotonic()
    lab.page.wait_for_timeout(_WATCHED_SECONDS * 1000)
    took = time.monotonic() - began
    return (_processor_seconds(process) - before) / took * 100, (lab.updates - count) / took


def _processor_seconds(process: int) -> float:
    """Seconds of processors that a process has had (proc_pid_stat(5): utime and stime)."""
    words = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / _TICKS


def _shown(found: Mapping[str, Sequence[float]]) -> float:
    """Print what was measured beside what is allowed; the worst of one by the other."""
    worst = 0.0
    print(f"{'':14}{'measured':>10} {'allowed':>9}      {'ratio':>6} {'least':>9} {'most':>9} {'n':>4}")
    for name, target in _TARGETS.items():
        values = found[name]
        median = statistics.median(values)
        worst = max(worst, median / target.allowed)
        print(
            f"{name:14}{median:10.1f} {target.allowed:9.0f} {target.unit:4} {median / target.allowed:6.2f}"
            f" {min(values):9.1f} {max(values):9.1f} {len(values):4}"
        )
    return worst
