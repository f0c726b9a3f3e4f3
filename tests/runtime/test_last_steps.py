"""What a container's process does until it is its program: a name may lead to something else by then.

Each of its defences is shown twice, in a mount namespace of the test's own, on stand-ins: without it, what is outside
is reached.
"""

import os
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
from pydock_lab.linux import syscalls
from pydock_lab.runtime import terminal
kept = os.open(folder, os.O_PATH)

def cover(*_):
    syscalls.mount("none", "/dev/pts", "tmpfs")
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
from pydock_lab.linux import syscalls
from pydock_lab.runtime import becoming
outside = os.open(folder, os.O_PATH)
(folder / "root/proc").mkdir(parents=True)
syscalls.mount("proc", str(folder / "root/proc"), "proc")
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


# A child that waits for its task, and is stopped so that nothing else changes; its husk just after it has been told.
_HUSK = """
import signal
from dataclasses import replace
from pydock_lab.linux.tiers import Tier
from pydock_lab.runtime import birth, init
if worker := os.fork():
    os.waitpid(worker, 0)
    while True:  # both are ours: the worker's siblings
        try:
            os.wait()
        except ChildProcessError:
            sys.exit()
child = birth.bear(Tier.ROOT, init.OWN_AND_NETWORK, is_hurried=False)
os.kill(child.pid, signal.SIGSTOP)
task = init.example(Tier.ROOT)
child.tell(replace(task, container=replace(task.container, init=defence == "on")), [0, 1, 2])
print("ends" if Path(f"/proc/{child.husk}/stat").read_text().rpartition(") ")[2][0] in "ZX" else "waits", flush=True)
child.end()
"""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="there is no husk on this machine")
@pytest.mark.parametrize(("defence", "said"), [("off", "waits"), ("on", "ends")])
def test_no_process_of_the_host_shares_the_memory_of_an_init(says: Says, defence: str, said: str) -> None:
    """Without --init execve parts them, and the husk naps a moment longer."""
    assert says(_HUSK, defence) == said


_KEPT = """
from pydock_lab.linux.descriptors import keep_only
outside = os.open(folder, os.O_PATH)
os.set_inheritable(outside, True)
if defence == "on":
    keep_only(1, 2)
place = f"/proc/self/fd/{outside}"
sees = f"import os; print(open('{place}/stand-in').read() if os.path.exists('{place}') else 'in')"
os.execv(sys.executable, [sys.executable, "-I", "-c", sees])
"""


@pytest.mark.parametrize(("defence", "said"), [("off", "of the host"), ("on", "in")])
def test_descriptors_that_a_start_has_open(says: Says, defence: str, said: str) -> None:
    assert says(_KEPT, defence) == said


# A tree of an image with a link in it, and a mount on that: where it has come to is told.
_TREE = """
from dataclasses import replace
from pydock_lab.linux import syscalls
from pydock_lab.linux.tiers import Tier
from pydock_lab.oci.runtime_spec import Mount, Rootfs
from pydock_lab.runtime import filesystem, init, kernel_views
from pydock_lab.runtime.kernel_views import Look
from pydock_lab.runtime.steplog import StepLog

def assemble(target):
    for name in ("layer/proc", "layer/sys", "layer/dev", "source", "outside", "mountpoint", "upper", "work"):
        (folder / name).mkdir(parents=True)
    (folder / "source/mark").touch()
    (folder / "layer/evil").symlink_to(f"/..{folder}/outside")
    (folder / "layer/kernel").symlink_to("/proc")
    places = {name: f"{folder}/{name}" for name in ("mountpoint", "upper", "work")}
    tree = Rootfs(layers=(f"{folder}/layer",), **places)
    mounts = (Mount(source=f"{folder}/source", target=target),)
    spec = replace(init.example(Tier.ROOT).container, rootfs=tree, mounts=mounts, masked=False)
    views = kernel_views.prepare(Look(in_user_namespace=False, masked=False))
    filesystem.assemble(spec, (), views, StepLog(), stub="")
"""
_OLD_ROOT = f"""{_TREE}
if defence == "off":  # as it was: the host's tree goes last
    umount = syscalls.umount
    syscalls.umount = lambda target: None if target == "." else umount(target)
assemble("/evil")
is_host = Path(f"/..{{folder}}/stand-in").exists()
print("of the host" if is_host and Path(f"/..{{folder}}/outside/mark").exists() else "in")
"""


@pytest.mark.parametrize(("defence", "said"), [("off", "of the host"), ("on", "in")])
def test_the_old_root_is_gone_before_anything_is_attached(says: Says, defence: str, said: str) -> None:
    """A link of the image leads through `/..` to the host while the host's tree is stacked on the container's."""
    assert says(_OLD_ROOT, defence) == said


_ON_PROC = f"""{_TREE}
if defence == "off":
    filesystem._check_place = lambda place, target: None
assemble("/kernel")
print(*os.listdir("/proc"))
"""


@pytest.mark.parametrize(("defence", "said"), [("off", "mark"), ("on", "runtime.mount-on-proc")])
def test_a_link_of_the_image_leads_no_mount_to_proc(says: Says, defence: str, said: str) -> None:
    """CVE-2025-52881: what is written there on the way to the program would go to the image's files."""
    assert says(_ON_PROC, defence) == said


_SWAPPED = f"""{_TREE}
def swap(target, is_directory):
    os.rmdir(target)
    os.symlink("/proc", target)

filesystem._make_place = swap  # another container does it, after the look at the place
if defence == "off":  # what is looked at afterwards is another file
    move, null = syscalls.move_mount, os.open("/dev/null", os.O_RDONLY)
    syscalls.move_mount = lambda tree, target: (move(tree, target), os.dup2(null, tree))
(folder / "layer/volume").mkdir(parents=True)
assemble("/volume")
print(*os.listdir("/proc"))
"""


@pytest.mark.parametrize(("defence", "said"), [("off", "mark"), ("on", "runtime.mount-on-proc")])
def test_a_place_that_becomes_a_link_to_proc(says: Says, defence: str, said: str) -> None:
    """CVE-2019-19921: between the look at it and the mount."""
    assert says(_SWAPPED, defence) == said


_SUBPATH = """
from pydock_lab.linux import syscalls
from pydock_lab.oci.runtime_spec import Mount
from pydock_lab.runtime import filesystem
(folder / "volume").mkdir()
(folder / "volume/part").symlink_to("..")
if defence == "off":
    syscalls.open_in_root = lambda root, path, follow_last: os.open(path, os.O_PATH, dir_fd=root)
tree = filesystem.hold(Mount(source=f"{folder}/volume", target="/m", subpath="part"), f"{folder}/volume")
print("of the host" if "stand-in" in os.listdir(os.open(".", os.O_RDONLY, dir_fd=tree)) else "in")
"""


@pytest.mark.parametrize(("defence", "said"), [("off", "of the host"), ("on", "in")])
def test_a_part_of_a_volume_is_looked_for_in_it_alone(says: Says, defence: str, said: str) -> None:
    """CVE-2021-30465; here `..` is above the volume, where an engine has what is its own."""
    assert says(_SUBPATH, defence) == said
