"""A real distribution in each tier: Debian by mmdebstrap, nginx by apt on top of it, and a page of it fetched."""

import subprocess
import sys

import pytest
from samples.distribution import debian_tar
from samples.users import ordinary_user, python_for, run_as

from pydock_lab.linux.tiers import Tier

PROGRAM = r"""
import socket, sys, time, urllib.request
from pathlib import Path
from pydock_lab.engine.face import Engine
engine = Engine(Path(sys.argv[1]))
with open(sys.argv[2], "rb") as tar:
    engine.full.import_(tar, "debian:bookworm")
# Not 80: where a container has no network of its own, an ordinary user may not listen there.
with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
engine.build(
    "FROM debian:bookworm\n"
    "RUN apt-get update && apt-get install -y --no-install-recommends nginx-light && rm -rf /var/lib/apt/lists/*\n"
    "RUN echo served by nginx > /var/www/html/index.html && "
    f"sed -i -E 's/listen (.*)80 default/listen \\1{port} default/' /etc/nginx/sites-available/default\n"
    'CMD ["nginx", "-g", "daemon off;"]\n',
    "web:1",
)
container = engine.run("web:1", detach=True, ports={port: 0})
try:
    port = container.summary.ports[0].host_port
    for _ in range(100):
        try:
            page = urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).read().decode()
            break
        except OSError:
            time.sleep(0.1)
    print(engine.full.home.runtime.tier, page.strip(), sep=": ")
finally:
    container.remove(force=True)
assert engine.full.check() == ()
"""


@pytest.fixture(scope="module")
def debian(need):
    """The root file system of Debian bookworm, as a tar that everybody may read."""
    return debian_tar(need("mmdebstrap"))


@pytest.mark.usefixtures("as_root")
def test_nginx_as_root(debian, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "home"), str(debian)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "root: served by nginx\n", done.stderr


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("tier", [Tier.ROOTLESS, Tier.ROOTLESS_SINGLE, Tier.TRACED])
def test_nginx_as_an_ordinary_user(debian, need, tier):
    need("newuidmap")
    with ordinary_user() as user:
        assert python_for(user)
        done = run_as(user, "-c", PROGRAM, f"/home/{user}/store-{tier}", str(debian), tier=tier)
    assert done.stdout == f"{tier}: served by nginx\n", done.stderr
