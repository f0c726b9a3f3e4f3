"""`docker ps -a` over 1,000 containers that have ended and 200 that run: as a process, and in an open engine.

pydock ps -a           the whole process, from its start to its end
pydock ps              the same, of those that run
inside                 the list in an engine that is open already, as in a notebook
pydock --help          what of the process is not the list
one by its name        how long a command looks for its container among all these
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.peers import busybox_tree, run
from benchmarks.table import measure, ratio, show
from pydock_lab import Engine

ENDED, RUNNING = 1000, 200
_ROUNDS = 40
_MAY_TAKE = 100.0  # milliseconds
_IMAGE = "bench/base:1"


def main() -> None:
    """Print the table; the last line is `ps ratio=R`: the list in an open engine by the 100 ms that it may take."""
    with tempfile.TemporaryDirectory(prefix="pydock-bench-", ignore_cleanup_errors=True) as name:
        root = Path(name)
        _take_image(root)
        with _containers(Engine(root / "home")) as engine:
            environment = {"PYDOCK_HOME": str(root / "home")}
            command = [sys.executable, "-m", "pydock_lab"]
            times = measure(
                {
                    "pydock ps -a": lambda: run([*command, "ps", "-a"], environment),
                    "pydock ps": lambda: run([*command, "ps"], environment),
                    "pydock --help": lambda: run([*command, "--help"], environment),
                    "inside": lambda: engine.full.containers(all_=True),
                    "one by its name": lambda: engine.full.inspect_container("ended500"),
                },
                _ROUNDS,
            )
        show(times)
        ratio("ps as a process", times["pydock ps -a"], [_MAY_TAKE])
        ratio("ps", times["inside"], [_MAY_TAKE])


def _take_image(root: Path) -> None:
    environment = {"PYDOCK_HOME": str(root / "home")}
    tree = busybox_tree(root / "tree")
    run(["tar", "-C", str(tree), "-cf", str(root / "tree.tar"), "."], {})
    run([sys.executable, "-m", "pydock_lab", "import", str(root / "tree.tar"), _IMAGE], environment)


@contextmanager
def _containers(engine: Engine) -> Iterator[Engine]:
    """The containers of the benchmark; those that run are ended afterwards."""
    try:
        for number in range(ENDED):
            engine.run(_IMAGE, "true", name=f"ended{number}")
        for number in range(RUNNING):
            engine.run(
                _IMAGE,
                "sh",
                "-c",
                "while read line; do :; done",
                name=f"running{number}",
                detach=True,
                interactive=True,
            )
        yield engine
    finally:
        for one in engine.full.containers():
            engine.full.remove(one.id, force=True)
