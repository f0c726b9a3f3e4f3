"""A further program in a container that runs: through our engine, and with `crun exec`."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from benchmarks.peers import busybox_tree, crun, crun_bundle, hide_empty_hierarchy
from benchmarks.start import REST_SECONDS, ROUNDS, specification
from benchmarks.table import measure, ratio, show
from pydock_lab.linux import capabilities
from pydock_lab.oci.runtime_spec import ProcessSpec
from pydock_lab.runtime.base import Runtime, Stdio

_NAME = "bench-exec"


def main() -> None:
    """Print the table; the last line is `exec ratio=R`, ours by crun's."""
    if shutil.which("crun") is None:
        raise SystemExit("crun is not installed")
    with (
        tempfile.TemporaryDirectory(prefix="pydock-bench-", ignore_cleanup_errors=True) as name,
        open("/dev/null", "r+b") as null,
    ):
        root = Path(name)
        runtime = Runtime(root / "home")
        assert runtime.tier
        hide_empty_hierarchy()
        bundle = crun_bundle(root / "bundle", "/bin/sleep", "1000")
        folder = root / "container"
        folder.mkdir()
        streams = Stdio(stdin=null.fileno(), stdout=null.fileno(), stderr=null.fileno())
        program = ProcessSpec(
            args=("/bin/true",), env=("PATH=/bin",), capabilities=capabilities.names(capabilities.DEFAULT)
        )
        spec = specification(folder, busybox_tree(root / "layer"), "/bin/sleep", "1000")
        runtime.start(folder, spec, detach=True).close()
        subprocess.run(crun("run", "--detach", "--bundle", str(bundle), _NAME), check=True, stdin=null, stdout=null)
        try:
            times = measure(
                {
                    "pydock": lambda: runtime.exec(folder, program, streams).wait(),
                    "crun exec": lambda: subprocess.run(
                        crun("exec", _NAME, "/bin/true"), check=True, stdin=null, stdout=null
                    ),
                },
                ROUNDS,
                REST_SECONDS,
            )
        finally:
            runtime.kill(folder, 9)
            subprocess.run(crun("delete", "--force", _NAME), check=True)
        show(times)
        ratio("exec", times["pydock"], times["crun exec"])
