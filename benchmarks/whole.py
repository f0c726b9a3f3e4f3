"""`run --rm --network none IMAGE true`: as a whole process, through the Python API, and with podman."""

import sys
import tempfile
from pathlib import Path

from benchmarks.peers import Podman, busybox_tree, run
from benchmarks.start import REST_SECONDS, ROUNDS
from benchmarks.table import measure, ratio, show
from pydock_lab import Engine
from pydock_lab.engine.run_options import Attachment

_IMAGE = "localhost/bench/base:1"


def main() -> None:
    """Print the table; then a line each: the API and the whole process by podman's."""
    with tempfile.TemporaryDirectory(prefix="pydock-bench-", ignore_cleanup_errors=True) as name:
        root = Path(name)
        podman = Podman(root / "podman")
        tree = busybox_tree(root / "tree")
        run(["tar", "-C", str(tree), "-cf", str(root / "tree.tar"), "."], {})
        environment = {"PYDOCK_HOME": str(root / "home")}
        pydock = [str(Path(sys.executable).with_name("pydock"))]
        run([*pydock, "import", str(root / "tree.tar"), _IMAGE], environment)
        podman("import", str(root / "tree.tar"), _IMAGE)
        engine = Engine(root / "home")
        words = ["run", "--rm", "--network", "none", _IMAGE, "/bin/true"]
        alone = (Attachment(network="none"),)
        times = measure(
            {
                "pydock, the Python API": lambda: engine.run(_IMAGE, "/bin/true", auto_remove=True, networks=alone),
                "pydock run": lambda: run([*pydock, *words], environment),
                "podman run": lambda: podman(*words),
            },
            ROUNDS,
            REST_SECONDS,
        )
        show(times)
        ratio("API by podman", times["pydock, the Python API"], times["podman run"])
        ratio("process by podman", times["pydock run"], times["podman run"])
