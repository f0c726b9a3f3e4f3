"""The boundary of our container beside that of podman's, in one run: every difference is known, and has a reason.

Compared: /proc/self/status (capabilities, no_new_privs, seccomp), mounts, what is hidden, limits, descriptors, and for
each system call whether it is refused.
"""

import fnmatch
import json
import os
import shutil
import subprocess
import tempfile
import tomllib
from pathlib import Path

import pytest

from pydock_lab.engine.network_options import Attachment

HERE = Path(__file__).parent
PROBE = HERE / "inside_boundary.py"
DIFFERENCES = tomllib.loads((HERE / "boundary_differences.toml").read_text(encoding="utf-8"))["difference"]
IMAGE = "localhost/lab/python:1"
# What root may not have everywhere is not asked for; runc, because crun refuses hybrid hierarchies of control groups.
CONFIGURATION = """
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "none"
"""


@pytest.fixture
def podman(need):
    """Podman on a storage of its own, at a short path: `podman("run", ...)` is what it writes."""
    folder = Path(tempfile.mkdtemp(prefix="pod-"))
    (folder / "tmp").mkdir()
    (folder / "containers.conf").write_text(CONFIGURATION)
    environment = os.environ | {"CONTAINERS_CONF": str(folder / "containers.conf"), "TMPDIR": str(folder / "tmp")}

    def run(*words):
        places = ["--root", str(folder / "root"), "--runroot", str(folder / "run")]
        command = [need("podman"), *places, *words]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    yield run
    run("rmi", "--all", "--force")
    shutil.rmtree(folder, ignore_errors=True)


def entries(seen):
    """Each fact by its part and key; "" is what is not there."""
    for part, facts in seen.items():
        if isinstance(facts, dict):
            yield from (((part, key), value) for key, value in facts.items())
        else:
            yield (part, ""), facts


def explains(rule, place, ours, theirs):
    part, key = place
    fits = fnmatch.fnmatchcase(part, rule["part"])
    fits = fits and any(fnmatch.fnmatchcase(key, pattern) for pattern in rule.get("keys", ["*"]))
    return fits and ours in rule.get("ours", [ours]) and theirs in rule.get("theirs", [theirs])


@pytest.mark.peers
@pytest.mark.usefixtures("containers", "as_root")
def test_every_difference_has_a_reason(engine, podman, tmp_path, need):
    need("runc")
    mounted = {str(PROBE): "/probe.py"}
    ours = engine.run("lab/python", "python3", "/probe.py", volumes=mounted, networks=(Attachment(network="none"),))
    assert ours.ended_with == 0, ours.logs()
    with (tmp_path / "tree.tar").open("wb") as file:
        engine.full.export(ours.id, file)
    podman("import", str(tmp_path / "tree.tar"), IMAGE)
    theirs = podman(
        *("run", "--rm", "--network", "none", "-v", f"{PROBE}:/probe.py", "-e", "LANG=C.UTF-8", IMAGE),
        *("python3", "/probe.py"),
    )
    seen, other = dict(entries(json.loads(ours.logs()))), dict(entries(json.loads(theirs)))
    assert seen["status", "CapEff"] == "00000000a80425fb", "Docker's 14"
    differences = {
        place: (seen.get(place, ""), other.get(place, ""))
        for place in seen.keys() | other.keys()
        if seen.get(place, "") != other.get(place, "")
    }
    unexplained = {
        place: both
        for place, both in differences.items()
        if not any(explains(rule, place, *both) for rule in DIFFERENCES)
    }
    assert unexplained == {}
    idle = [
        rule["why"] for rule in DIFFERENCES if not any(explains(rule, one, *both) for one, both in differences.items())
    ]
    assert idle == [], "a reason for a difference that there is not"
