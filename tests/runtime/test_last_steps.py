"""What a container's process does until it is its program: a name may lead to something else by then.

Each of its defences is shown twice, in a mount namespace of the test's own, on stand-ins: without it, what is outside
is reached.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("as_root")

Says = Callable[..., str]

_HEAD = """
import os, sys
from pathlib import Path
folder, defence = Path(sys.argv[1]), sys.argv[2]
sys.excepthook = lambda kind, error, _: print(getattr(error, "key", error))
"""


@pytest.fixture
def says(tmp_path: Path, need: Callable[[str], str]) -> Says:
    """What a script says, or the key of the error that it ends with; it knows `folder` and `defence`."""

    def do(script: str, defence: str) -> str:
        words = [need("unshare"), "--mount", "--propagation", "private", sys.executable, "-c", _HEAD + script]
        words += [str(tmp_path), defence]
        done = subprocess.run(words, capture_output=True, text=True, check=False, cwd="/", timeout=60)
        return done.stdout.strip() or done.stderr

    (tmp_path / "stand-in").write_text("of the host")
    return do


_CONSOLE = """
import stat
from pydock_lab.runtime import terminal
(folder / "console").symlink_to("stand-in")
terminal._CONSOLE = str(folder / "console")
if defence == "off":
    os.path.samestat = lambda one, other: True
terminal.be_console(terminal.open_terminal(24, 80)[1], by_link=False)
print("covered" if stat.S_ISCHR((folder / "stand-in").stat().st_mode) else "as it was")
"""


@pytest.mark.parametrize(("defence", "said"), [("off", "covered"), ("on", "runtime.no-console")])
def test_a_console_that_is_a_link(says: Says, defence: str, said: str) -> None:
    """CVE-2025-52565: the terminal would be mounted where it leads."""
    assert says(_CONSOLE, defence) == said


_SLAVE = """
from pydock_lab.linux import mount_calls
from pydock_lab.runtime import terminal
kept = os.open(folder, os.O_PATH)

def cover(*_):
    mount_calls.mount("none", "/dev/pts", "tmpfs")
    for number in range(64):
        os.symlink(f"/proc/self/fd/{kept}/stand-in", f"/dev/pts/{number}")

terminal.resize = cover
if defence == "off":
    terminal.fcntl.ioctl = lambda master, call, _: os.open("/dev/pts/0", os.O_RDWR) if call == 0x5441 else 0
slave = terminal.open_terminal(24, 80)[1]
print("a terminal" if os.isatty(slave) else os.read(slave, 100).decode())
"""


@pytest.mark.parametrize(("defence", "said"), [("off", "of the host"), ("on", "a terminal")])
def test_a_terminal_whose_name_is_another_files(says: Says, defence: str, said: str) -> None:
    assert says(_SLAVE, defence) == said


_DIRECTORY = """
from pydock_lab.linux import mount_calls
from pydock_lab.runtime import becoming
outside = os.open(folder, os.O_PATH)
(folder / "root/proc").mkdir(parents=True)
mount_calls.mount("proc", str(folder / "root/proc"), "proc")
os.chroot(folder / "root")
if defence == "off":
    os.getcwd = lambda: "/"
becoming._change_directory(f"/proc/self/fd/{outside}")
print(Path("stand-in").read_text())
"""


@pytest.mark.parametrize(("defence", "said"), [("off", "of the host"), ("on", "runtime.directory-outside")])
def test_a_working_directory_that_was_left_open(says: Says, defence: str, said: str) -> None:
    """CVE-2024-21626: a descriptor of the engine's is one that leads out of the container."""
    assert says(_DIRECTORY, defence) == said
