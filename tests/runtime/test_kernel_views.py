"""What containers see of the kernel, when they want it otherwise than most: it was made ahead of time for most."""

from typing import Any

import pytest

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
    mount = Mount(source="/proc", target="/proc")
    # Opened for writing, but never written to: it would be the host's.
    shown = box.sh("wc -c < /proc/keys; (: > /proc/sys/kernel/panic) 2>&1 | grep -o Read-only", mounts=(mount,)).out
    assert shown.split() == ["0", "Read-only"]


def test_the_host_is_not_covered_by_the_place_where_they_are_made(box: Any, tmp_path: Any) -> None:
    (tmp_path / "file").write_text("of /tmp\n")
    mount = Mount(source=str(tmp_path), target="/data")
    assert box.sh("cat /data/file; grep -c workshop /proc/mounts; true", mounts=(mount,)).out == "of /tmp\n0\n"


@pytest.mark.parametrize("wishes", [{}, {"network": _HOST}])
def test_sysfs_shows_the_network(box: Any, wishes: dict[str, Any]) -> None:
    links = box.sh("ls /sys/class/net", **wishes).out.split()
    names = [line.split(":")[0].strip() for line in box.sh("tail -n +3 /proc/net/dev", **wishes).out.splitlines()]
    assert sorted(links) == sorted(names)
