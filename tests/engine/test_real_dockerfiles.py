"""Three projects with Dockerfiles as real ones have them, on Debian: built, built again, run and looked at.

flask     a Python application: apt, pip with a cache and the user's own pip.conf, gunicorn, a health check
cprogram  a C program: made in one stage, copied into another that has no compiler
site      a static site: two stages side by side, nginx, settings by envsubst

Only the base is not from a registry: mmdebstrap's tar has the names that the Dockerfiles say.
"""

import json
import os
import ssl
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from samples.distribution import debian_tar
from samples.users import ordinary_user, run_as

PROJECTS = Path(__file__).parents[1] / "samples" / "projects"
BUILD = r"""
import json, os, sys, time, urllib.request
from pathlib import Path
from pydock_lab.engine.face import Engine
from pydock_lab.engine.options import SecretSource
home, tar, context = map(Path, sys.argv[1:])
engine = Engine(home)
with tar.open("rb") as stream:
    engine.full.import_(stream, "debian:bookworm")
engine.tag("debian:bookworm", "debian:bookworm-slim")
more = {
    "build_args": {"VERSION": "2.1"},
    "secrets": (
        SecretSource(id="pipconf", env="PIP_CONFIGURATION"),
        SecretSource(id="certificates", path=Path(os.environ["CERTIFICATES"])),
    ),
}
def build():
    events = []
    engine.build((context / "Dockerfile").read_text(), "app:1", context=context, on_event=events.append, **more)
    return [event.to_json() for event in events]
def fetch(container, path):
    address = f"http://127.0.0.1:{container.summary.ports[0].host_port}{path}"
    for _ in range(100):
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return answer.read().decode(), dict(answer.headers)
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"no answer: {container.logs()}")
facts = {"builds": [build(), build()], "config": engine.image("app:1").details.config.config.to_json()}
facts["tier"] = engine.full.home.runtime.tier
"""
LOOK = {
    "flask": r"""
container = engine.run("app:1", detach=True, ports={8000: 0})
facts["page"] = fetch(container, "/")[0]
facts["health"] = engine.exec(container.id, "sh", "-c", facts["config"]["Healthcheck"]["Test"][1])
facts["user"] = engine.exec(container.id, "id", "-un")
facts["pip.conf"] = engine.exec(container.id, "sh", "-c", "cat /etc/pip.conf /run/secrets/* 2> /dev/null; true")
""",
    "cprogram": r"""
facts["version"] = engine.run("app:1", "--version").logs()
facts["compiler"] = engine.run("app:1", "-c", "command -v gcc make || echo none", entrypoint="sh").logs()
facts["owner"] = engine.run("app:1", "-c", "%U:%G %a", "/usr/local/bin/waiter", entrypoint="stat").logs()
container = engine.run("app:1", detach=True)
for _ in range(100):
    if "waits" in container.logs():
        break
    time.sleep(0.05)
container.stop()
facts["waited"] = container.logs()
facts["ended"] = container.exit_code
""",
    "site": r"""
container = engine.run("app:1", detach=True, ports={8080: 0}, env={"LISTEN": "8080", "SITE_NAME": "lab"})
facts["index"], facts["headers"] = fetch(container, "/")
facts["about"] = fetch(container, "/about")[0]
facts["style"] = fetch(container, "/site.css")[0]
facts["workers"] = engine.exec(container.id, "sh", "-c", "cat /proc/[0-9]*/status | grep ^Uid")
""",
}
END = r"""
for container in engine.containers():
    container.remove(force=True)
assert engine.full.check() == ()
print(json.dumps(facts))
"""
# What a user may have said to pip about where packages are, by option.
OF_PIP = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout")


@pytest.fixture(scope="module")
def debian(need):
    return debian_tar(need("mmdebstrap"))


def pip_settings():
    """This machine's settings of pip as a pip.conf for another, and its certificates, as variables of a build."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    said = {line.partition("=")[0].rpartition(".")[2]: line.partition("=")[2].strip("'\"") for line in listed}
    lines = [f"{option} = {said[option]}" for option in OF_PIP if option in said]
    text = "\n".join(["[global]", "cert = /run/secrets/certificates", *lines, ""])
    return {
        "PIP_CONFIGURATION": text,
        "CERTIFICATES": said.get("cert") or ssl.get_default_verify_paths().cafile,
    }


def outcome(name, debian, home, user=None):
    """What is told of a project's two builds and of its containers."""
    words = ["-c", BUILD + LOOK[name] + END, home, str(debian), str(PROJECTS / name)]
    if user:
        done = run_as(user, *words, **pip_settings())
    else:
        environment = os.environ | pip_settings()
        command = [sys.executable, *words]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def steps(events, kind, **wanted):
    """The events of one kind whose fields have the wanted values."""
    found = [event for event in events if event["event"] == kind]
    return [event for event in found if wanted.items() <= event.items()]


def assert_second_build_did_nothing(facts):
    first, second = facts["builds"]
    assert steps(first, "CacheMissed")
    assert not steps(first, "CacheHit")
    assert not steps(second, "CacheMissed")
    assert len(steps(second, "CacheHit")) == len(steps(first, "CacheMissed"))
    ids = [steps(events, "BuildFinished")[0]["image_id"] for events in (first, second)]
    assert ids[0] == ids[1]


def assert_flask(facts):
    assert "<li>first!</li>" in facts["page"]
    assert facts["health"] == [0, '{"status":"ok"}\n']
    assert facts["user"] == [0, "app\n"]
    assert facts["pip.conf"] == [0, ""]
    config = facts["config"]
    assert config["User"] == "app"
    assert config["ExposedPorts"] == {"8000/tcp": {}}
    check = "curl --fail --silent --show-error http://localhost:8000/healthz || exit 1"
    seconds = 10**9
    assert config["Healthcheck"] == {
        "Test": ["CMD-SHELL", check],
        "Interval": 30 * seconds,
        "Timeout": 5 * seconds,
        "StartPeriod": 10 * seconds,
        "Retries": 3,
    }


def assert_cprogram(facts):
    assert facts["version"] == "waiter 2.1\n"
    assert facts["compiler"] == "none\n"
    assert facts["owner"] == "waiter:waiter 755\n"
    assert facts["waited"] == "user 10001 waits\nended by signal 2\n"
    assert facts["ended"] == 0
    assert facts["config"]["StopSignal"] == "SIGINT"
    assert facts["config"]["Labels"] == {
        "org.opencontainers.image.title": "waiter",
        "org.opencontainers.image.version": "2.1",
        "org.opencontainers.image.licenses": "MIT",
    }


def assert_site(facts):
    assert "<h1>Welcome</h1>" in facts["index"]
    assert facts["headers"]["X-Site"] == "lab"
    assert "<h1>About</h1>" in facts["about"]
    assert facts["style"].strip() == "body{background:#fffdf8;color:#234}body h1{border-bottom:1px solid #234}"
    assert "\t33\t" in facts["workers"][1]


def assert_stages_side_by_side(facts):
    """Each stage's packages are being installed before another's are."""
    first = facts["builds"][0]
    installs = [event["step"] for event in steps(first, "StepStarted") if event["text"].startswith("RUN apt-get")]
    assert len(installs) == 3
    begun = [first.index(*steps(first, "StepStarted", step=step)) for step in installs]
    ended = [first.index(*steps(first, "StepFinished", step=step)) for step in installs]
    assert max(begun) < min(ended)


ASSERT = {"flask": assert_flask, "cprogram": assert_cprogram, "site": assert_site}


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("name", sorted(ASSERT))
def test_a_project_as_root(debian, tmp_path, name):
    facts = outcome(name, debian, str(tmp_path / "home"))
    assert facts["tier"] == "root"
    ASSERT[name](facts)
    assert_second_build_did_nothing(facts)
    if name == "site":
        assert_stages_side_by_side(facts)


@pytest.mark.usefixtures("as_root")
def test_the_projects_as_an_ordinary_user_all_at_once(debian, need):
    need("newuidmap")
    with ordinary_user() as user, ThreadPoolExecutor() as pool:
        told = {name: pool.submit(outcome, name, debian, f"/home/{user}/store-{name}", user) for name in ASSERT}
        found = {name: future.result() for name, future in told.items()}
    for name, facts in found.items():
        assert facts["tier"] == "rootless"
        ASSERT[name](facts)
        assert_second_build_did_nothing(facts)
