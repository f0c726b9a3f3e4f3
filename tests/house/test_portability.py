"""macOS and Windows: what runs no containers works without the modules that only Linux has."""

import subprocess
import sys
from pathlib import Path

import pytest

BLOCKED = ("fcntl", "ctypes", "_ctypes", "pwd", "grp", "resource", "termios", "pty", "tty", "syslog", "posix_ipc")

BLOCK = f"""
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name in {BLOCKED!r}:
            raise ImportError(name + " is blocked")
for name in {BLOCKED!r}:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Refuse())
"""

PARSE_AND_PLAN = """
from pydock_lab.dockerfile.stages import parse
from pydock_lab.build.plan import plan, PlanOptions
found = plan(parse("FROM scratch AS a\\nENV A=1\\nFROM a\\nCMD x\\n"), PlanOptions(), None)
assert len(found.stages) == 2
"""

BUILD_WITHOUT_RUN = """
import pathlib, tempfile
from pydock_lab import Engine
root = pathlib.Path(tempfile.mkdtemp())
(root / "a.txt").write_text("a")
engine = Engine(root / "home")
image = engine.build("FROM scratch\\nCOPY a.txt /a\\nCMD x\\n", "app:1", context=root).image
assert engine.images() == ("app:1",)
assert [change.path for change in engine.layers("app:1").rows[0].changes] == ["/a"]
assert "a.txt" in repr(engine.layers("app:1")) or image.id
engine.tag("app:1", "app:2")
assert engine.remove_image("app:2") == ("Untagged: app:2",)
"""

DRAWINGS = """
from pydock_lab import drawing, Engine
import pathlib, tempfile
engine = Engine(pathlib.Path(tempfile.mkdtemp()))
stack = engine.build("FROM scratch\\nCOPY <<E /a\\nx\\nE\\n").stack
assert drawing.to_svg(stack).startswith("<svg")
assert drawing.to_text(stack) and drawing.to_dot(stack)
"""

REGISTRY = """
import pathlib, tempfile
from pydock_lab import Engine
from pydock_lab.registry.server import RegistryServer
root = pathlib.Path(tempfile.mkdtemp())
server = RegistryServer(root / "registry", port=0)
server.start()
engine = Engine(root / "home")
name = f"{server.address}/lab/app:1"
digest = engine.build("FROM scratch\\nCOPY <<E /a\\nx\\nE\\n", name).image.digest
assert engine.push(name) == digest
engine.remove_image(name)
assert engine.pull(name).digest == digest
assert engine.tag_tree(server.address).repositories[0].tags[0].name == "1"
server.stop()
"""

COMMAND_LINE = """
from pydock_lab.program import client, here, place
from pydock_lab.cli.app import make_app
assert "build" in make_app().whole().commands
"""


@pytest.mark.parametrize(
    "program",
    [PARSE_AND_PLAN, BUILD_WITHOUT_RUN, DRAWINGS, REGISTRY, COMMAND_LINE],
    ids=["parse", "build", "drawings", "registry", "cli"],
)
def test_without_the_modules_of_linux(program, tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-c", BLOCK + program], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
