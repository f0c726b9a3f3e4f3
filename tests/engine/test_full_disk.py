"""A store on a small file system that runs full, anywhere in a build: a clear error, nothing lost, and it goes on."""

import json
import os
import subprocess
import sys

import pytest
from samples.base_images import busybox_tar

ROUNDS = 40 if os.environ.get("PYDOCK_SOAK") else 10
MEGABYTES = 64
DOCKERFILE = """
FROM it/base AS one
COPY big /big
RUN --mount=type=cache,target=/cache head -c 2000000 /dev/urandom > /cache/x && cp /cache/x /x
FROM it/base AS two
RUN head -c 3000000 /dev/urandom > /y && for i in $(seq 200); do echo $i > /file$i; done
WORKDIR /made/here
FROM it/base
COPY --from=one /big /x /parts/
COPY --from=two /y /parts/
RUN rm /parts/big && chmod 600 /parts/y && echo done > /done
CMD ["sh", "-c", "cat /done; wc -c < /parts/y"]
"""
PROGRAM = r"""
import json, os, random, sys
from pathlib import Path
from pydock_lab.engine.face import Engine
from pydock_lab.errors import PydockError

root, rounds, text = Path(sys.argv[1]), int(sys.argv[2]), sys.stdin.read()
engine, chance, found = Engine(root / "home"), random.Random(20260401), []
home = engine.full.home
context = Path(sys.argv[3])
with open(sys.argv[4], "rb") as tar:
    engine.full.import_(tar, "it/base")
engine.build("FROM it/base\nRUN echo kept > /kept\n", "kept:1")

def free():
    status = os.statvfs(root)
    return status.f_bavail * status.f_bsize

def fill(left):
    with open(root / "ballast", "wb") as ballast:
        while free() > left:
            ballast.write(bytes(min(1 << 20, free() - left)))
            ballast.flush()

def build():
    try:
        engine.build(text, "full:1", context=context)
    except PydockError as error:
        return [error.key, error.message("en"), error.hint("en")]
    except BaseException as error:
        return [type(error).__name__, repr(error), ""]
    return ["", "", ""]

def run(*words):
    container = engine.run(*words)
    try:
        return container.logs()
    finally:
        container.remove(force=True)

def swept():
    home.sweep()
    return [str(path) for name in ("active", "ingest", "leases") for path in (home.root / name).glob("[!.]*")]

first = build()
assert first[0] == "", first
engine.full.remove_image("full:1")
for number in range(rounds):
    engine.full.prune(["builder"], all_=True)
    engine.full.prune(["image"])
    left = 0 if number == 0 else int(chance.uniform(0, 46e6))
    fill(left)
    one = {"left": left, "error": build(), "free": free()}
    one["damaged"] = engine.full.check()
    one["kept"] = engine.image("kept:1").digest
    (root / "ballast").unlink()
    one["swept"] = swept()
    one["ran"] = run("kept:1", "cat", "/kept")
    one["again"] = build()
    one["says"] = run("full:1") if not one["again"][0] else ""
    one["mounts"] = Path("/proc/self/mounts").read_text().count(str(root))
    engine.full.remove_image("full:1")
    found.append(one)
print(json.dumps(found))
"""


def assert_is_well(one, first) -> None:
    """One round: the error says that there was no space, and everything else is as it was."""
    key, message, hint = one["error"]
    assert key in {"", "store.no-space", "build.run-failed", "runtime.start-failed"}, one
    # What a program says that cannot write is its own business: busybox calls it an I/O error.
    assert "" in (key, message) or key == "build.run-failed" or "space" in message + hint, one
    assert one["damaged"] == [], one
    assert one["swept"] == [], one
    assert (one["kept"], one["ran"]) == (first["kept"], "kept\n"), one
    assert (one["again"][0], one["says"]) == ("", "done\n3000000\n"), one
    assert one["mounts"] == 1, one


@pytest.mark.soak
@pytest.mark.usefixtures("as_root", "containers")
def test_a_store_that_runs_full(tmp_path):
    root, context = tmp_path / "small", tmp_path / "context"
    root.mkdir()
    context.mkdir()
    (tmp_path / "base.tar").write_bytes(busybox_tar())
    (context / "big").write_bytes(os.urandom(4_000_000))
    script = f'mount -t tmpfs -o size={MEGABYTES}m tmpfs $0 && exec "$@"'
    words = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, str(root)]
    words += [sys.executable, "-c", PROGRAM, str(root), str(ROUNDS), str(context), str(tmp_path / "base.tar")]
    done = subprocess.run(words, input=DOCKERFILE, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    rounds = json.loads(done.stdout)
    for one in rounds:
        assert_is_well(one, rounds[0])
    assert len([one for one in rounds if one["error"][0]]) > ROUNDS / 2
