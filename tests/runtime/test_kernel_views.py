"""What containers see of the kernel, when they want it otherwise than most: it was made ahead of time for most."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pydock_lab.errors import ContainerError
from pydock_lab.oci.runtime_spec import Mount, Network, NetworkMode

_HOST = Network(mode=NetworkMode.HOST)
_MASKS = "grep -c ' /proc/keys ' /proc/mounts; true"
_SYS_WRITABLE = "grep ' /proc/sys ' /proc/mounts | grep -c ro,; true"


@pytest.mark.parametrize(
    ("wishes", "masks"), [({}, "1"), ({"network": _HOST}, "1"), ({"masked": False}, "0"), ({"shm_size": 4096}, "1")]
)
def test_masks(box: Any, wishes: dict[str, Any], masks: str) -> None:
    assert box.sh(_MASKS, **wishes).out.strip() == masks
    assert box.sh(_SYS_WRITABLE, **wishes).out.strip() == masks


def test_the_size_of_shared_memory(box: Any) -> None:
    sizes = [box.sh("df -k /dev/shm | tail -n 1", **wish).out.split()[1] for wish in ({}, {"shm_size": 8 << 20})]
    assert sizes == ["65536", "8192"]


def test_a_volume_does_not_take_the_masks_away(box: Any) -> None:
    mount = Mount(source="/sys", target="/sys")
    shown = box.sh("ls /sys/firmware | wc -l", mounts=(mount,)).out
    assert shown.split() == ["0"]


_HIDING = """
import sys
from pathlib import Path
from pydock_lab.runtime import kernel_views
folder, defence = Path(sys.argv[1]), sys.argv[2]
kernel_views._NULL = str(folder / "null")
if defence == "off":
    kernel_views._is_null = lambda path: True
kernel_views._hide(str(folder / "hidden"))
print((folder / "hidden").read_text())
"""


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize(("defence", "said"), [("off", "of the host"), ("on", "runtime.no-null")])
def test_a_link_in_the_place_of_dev_null(tmp_path: Path, need: Callable[[str], str], defence: str, said: str) -> None:
    (tmp_path / "stand-in").write_text("of the host")
    (tmp_path / "null").symlink_to("stand-in")
    (tmp_path / "hidden").touch()
    words = [need("unshare"), "--mount", sys.executable, "-c", _HIDING, str(tmp_path), defence]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert said in done.stdout + done.stderr
    assert (done.returncode == 0) is (defence == "off")


@pytest.mark.parametrize("is_link", [True, False])
def test_a_volume_on_dev_that_has_no_dev_null(box: Any, tmp_path: Path, *, is_link: bool) -> None:
    tmp_path.chmod(0o755)
    if is_link:
        (tmp_path / "null").symlink_to("/proc/sys/kernel/hostname")
    with pytest.raises(ContainerError) as caught:
        box.sh("cat /proc/keys", mounts=(Mount(source=str(tmp_path), target="/dev"),))
    assert caught.value.key == "runtime.no-null"


@pytest.mark.usefixtures("as_root")
def test_a_volume_on_dev_that_has_one(box: Any, tmp_path: Path) -> None:
    os.mknod(tmp_path / "null", 0o020666, os.makedev(1, 3))
    assert box.sh("cat /proc/keys; echo fine", mounts=(Mount(source=str(tmp_path), target="/dev"),)).out == "fine\n"


def test_the_host_is_not_covered_by_the_place_where_they_are_made(box: Any, tmp_path: Any) -> None:
    (tmp_path / "file").write_text("of /tmp\n")
    mount = Mount(source=str(tmp_path), target="/data")
    assert box.sh("cat /data/file; grep -c workshop /proc/mounts; true", mounts=(mount,)).out == "of /tmp\n0\n"


@pytest.mark.parametrize("wishes", [{}, {"network": _HOST}])
def test_sysfs_shows_the_network(box: Any, wishes: dict[str, Any]) -> None:
    links = box.sh("ls /sys/class/net", **wishes).out.split()
    names = [line.split(":")[0].strip() for line in box.sh("tail -n +3 /proc/net/dev", **wishes).out.splitlines()]
    assert sorted(links) == sorted(names)
