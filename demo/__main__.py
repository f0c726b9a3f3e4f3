"""`make demo`: every command is shown as a person would type it, and does what it says."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

APP = Path(__file__).parent / "app"
PYDOCK = [sys.executable, "-m", "pydock_lab"]
COLOUR = sys.stdout.isatty()
_TRIES = 100
_LAYERS = 6  # steps of the Dockerfile that change files


def say(text: str) -> None:
    """A heading."""
    print(f"\n\x1b[1m{text}\x1b[0m" if COLOUR else f"\n# {text}", flush=True)


def pydock(*words: str, shown: bool = True) -> str:
    """Do one command, shown as it is typed; its output, which is shown, too."""
    if shown:
        print(f"$ pydock {' '.join(words)}", flush=True)
    done = subprocess.run([*PYDOCK, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if shown or done.returncode:
        print(done.stdout, end="", flush=True)
    if done.returncode:
        raise SystemExit(f"that failed with exit status {done.returncode}")
    return done.stdout


def fetch(container: str) -> str:
    """The page of a container, through its published port."""
    address = pydock("port", container, "8000", shown=False).strip()
    print(f"$ curl http://{address}/", flush=True)
    for _ in range(_TRIES):
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://{address}/", timeout=5) as answer:
            page = str(answer.read().decode())
            print(page, end="", flush=True)
            return page
        time.sleep(0.05)
    raise SystemExit("the application does not answer")


@contextlib.contextmanager
def registry(home: Path) -> Iterator[str]:
    """The teaching registry, on a free port of loopback: its address."""
    words = ["registry", "serve", "--port", "0", "--directory", str(home / "registry")]
    with subprocess.Popen([*PYDOCK, *words], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        print(line, end="", flush=True)
        try:
            yield next(word.rstrip(";.") for word in line.split() if word.startswith("127.0.0.1:"))
        finally:
            process.terminate()


def main() -> None:
    """All of it, in a store of its own that is gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="pydock-demo-"))
    os.environ["PYDOCK_HOME"] = str(home)
    os.environ.setdefault("DOCKER_CONFIG", str(home / "docker"))
    try:
        with registry(home) as address:
            story(f"{address}/demo/visits:1")
    finally:
        for container in pydock("ps", "-aq", shown=False).split():
            pydock("rm", "-f", container, shown=False)
        for image in pydock("images", "-q", shown=False).split():
            pydock("rmi", "-f", image, shown=False)
        pydock("system", "prune", "--all", "--force", shown=False)
        shutil.rmtree(home, ignore_errors=True)


def story(image: str) -> None:
    """The steps; any that fails ends the demo."""
    say("Build a web application in two stages, on the Python of this machine")
    pydock("build", "-t", image, str(APP))
    say("Run it, with a published port, and visit it twice")
    pydock("run", "-d", "--name", "first", "-p", "8000", image)
    fetch("first")
    if "Visit 2," not in fetch("first"):
        raise SystemExit("the application did not count")
    pydock("logs", "first")
    pydock("diff", "first")
    say("Push it to a registry, and delete it here")
    pydock("push", image)
    digest = next(word for word in pydock("images", "--digests", "--no-trunc").split() if word.startswith("sha256:"))
    pydock("rm", "-f", "first")
    pydock("rmi", image)
    say("Pull it back by its digest, and run it again: the same image, a new container, a new count")
    by_digest = f"{image.rpartition(':')[0]}@{digest}"
    pydock("pull", by_digest)
    pydock("run", "-d", "--name", "second", "-p", "8000", by_digest)
    if "Visit 1," not in fetch("second"):
        raise SystemExit("a new container has a fresh writable layer, but this one has not")
    say("Build it again: every step is a cache hit")
    again = pydock("build", "--progress", "plain", "-t", image, str(APP))
    steps = [line for line in again.splitlines() if " DONE " in line or line.endswith("CACHED")]
    cached = sum(line.endswith("CACHED") for line in steps)
    print(f"{cached} steps came from the cache: all that make a layer")
    if cached != _LAYERS:
        raise SystemExit("but not all of them")
    if pydock("images", "-q", "--no-trunc", image, shown=False).split()[0] not in pydock(
        "inspect", by_digest, shown=False
    ):
        raise SystemExit("the same Dockerfile and files gave another image")
    say("That was it")


main()
