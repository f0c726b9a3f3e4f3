"""Start to exit as root and as somebody else, in turn: the same container through the same engine.

Somebody else is a process with the id of `nobody`, in a home of its own; it says what each start took.
"""

import json
import os
import pwd
import site
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.peers import busybox_tree
from benchmarks.start import REST_SECONDS, ROUNDS, specification
from benchmarks.table import ratio, show
from pydock_lab.runtime.base import Runtime, Stdio

_USER = "nobody"


def main() -> None:
    """Print the table; the last line is `rootless ratio=R`, as nobody by as root."""
    if os.geteuid() != 0:
        raise SystemExit("only root can be both")
    with tempfile.TemporaryDirectory(prefix="pydock-bench-", ignore_cleanup_errors=True) as name:
        root = Path(name)
        root.chmod(0o755)
        layer = busybox_tree(root / "layer")
        with _runner(root / "root", layer, None) as ours, _runner(root / "user", layer, _USER) as theirs:
            times: dict[str, list[float]] = {"as root": [], f"as {_USER}": []}
            for _ in range(ROUNDS):
                for found, process in zip(times.values(), (ours, theirs), strict=True):
                    found.append(_once(process))
        show(times)
        ratio("rootless", times[f"as {_USER}"], times["as root"])


@contextmanager
def _runner(home: Path, layer: Path, user: str | None) -> "Iterator[subprocess.Popen[str]]":
    """This module as a program, as somebody; ready when it says so."""
    home.mkdir()
    python = sys.executable
    if user is not None:
        found = pwd.getpwnam(user)
        os.chown(home, found.pw_uid, found.pw_gid)
        python = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"  # root's own may be closed to them
    places = [str(Path(__file__).parents[1]), *site.getsitepackages()]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(places), "HOME": str(home)}
    process = subprocess.Popen(
        [python, "-m", "benchmarks.rootless", str(home), str(layer)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        user=user,
        cwd="/",
    )
    try:
        _once(process)
        yield process
    finally:
        process.communicate()


def _once(process: "subprocess.Popen[str]") -> float:
    """What one start took there, in milliseconds."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    if not answer:
        raise SystemExit(f"{process.args} has ended")
    return float(json.loads(answer))


def serve(home: Path, layer: Path) -> None:
    """Run a container for each line that is read, and say what it took."""
    runtime = Runtime(home / "home")
    with open("/dev/null", "r+b") as null:
        streams = Stdio(stdin=null.fileno(), stdout=null.fileno(), stderr=null.fileno())
        for number, _ in enumerate(sys.stdin):
            folder = home / "containers" / str(number)
            folder.mkdir(parents=True)
            time.sleep(REST_SECONDS)
            began = time.perf_counter()
            assert runtime.run(folder, specification(folder, layer), streams, record=True) == 0
            print(json.dumps((time.perf_counter() - began) * 1000), flush=True)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), Path(sys.argv[2]))
