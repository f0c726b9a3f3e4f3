"""Overlays as the runtime mounts them, in mount namespaces that go away with their test."""

import os
from pathlib import Path

import pytest

from pydock_lab.errors import Conflict, IsolationError, PydockError
from pydock_lab.linux import mount_calls, syscalls
from pydock_lab.linux.mount_calls import MountFlag
from pydock_lab.linux.syscalls import Namespace
from pydock_lab.linux.tiers import attempt
from pydock_lab.oci.runtime_spec import Rootfs
from pydock_lab.snapshot import overlay


@pytest.fixture
def rootfs(tmp_path: Path) -> Rootfs:
    for name in ("top", "bottom"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).write_text(name)
        (tmp_path / name / "both").write_text(name)
    (tmp_path / "top").chmod(0o750)
    layers = (f"{tmp_path}/top", f"{tmp_path}/bottom")
    return Rootfs(
        layers=layers, mountpoint=f"{tmp_path}/mnt", upper=f"{tmp_path}/deep/upper", work=f"{tmp_path}/deep/work"
    )


def mounted(rootfs: Rootfs, look: str) -> OSError | None:
    """Mount it in a child and run a line of shell there."""

    def mount_and_look() -> None:
        syscalls.unshare(Namespace.MOUNT)
        mount_calls.mount(None, "/", None, MountFlag.REC | MountFlag.PRIVATE)
        try:
            overlay.mount_overlay(rootfs, in_user_namespace=False)
        except PydockError as error:
            raise OSError(1, error.key) from None
        os.chdir(rootfs.mountpoint)
        if os.system(look):
            raise OSError(2, f"failed: {look}")

    return attempt(mount_and_look)


def test_a_new_upper_looks_like_the_topmost_layer(rootfs: Rootfs) -> None:
    overlay.prepare_upper(rootfs)
    overlay.prepare_upper(rootfs)
    assert os.stat(rootfs.upper).st_mode & 0o7777 == 0o750
    assert os.stat(rootfs.upper).st_mtime_ns == os.stat(rootfs.layers[0]).st_mtime_ns


@pytest.mark.usefixtures("as_root")
def test_the_topmost_wins_and_changes_go_up(rootfs: Rootfs) -> None:
    overlay.prepare_upper(rootfs)
    script = "[ $(cat both) = top ] && [ $(cat bottom) = bottom ] && rm bottom && echo x > new"
    assert mounted(rootfs, script) is None
    assert Path(rootfs.upper, "new").read_text() == "x\n"
    assert Path(rootfs.upper, "bottom").is_char_device()
    assert Path(rootfs.layers[1], "bottom").exists()


@pytest.mark.usefixtures("as_root")
def test_odd_characters_in_paths(tmp_path: Path) -> None:
    odd = tmp_path / "a:b,c\\d e"
    (odd / "layer").mkdir(parents=True)
    (odd / "layer/file").write_text("found")
    rootfs = Rootfs(layers=(f"{odd}/layer",), mountpoint=f"{odd}/mnt", upper=f"{odd}/upper", work=f"{odd}/work")
    overlay.prepare_upper(rootfs)
    assert mounted(rootfs, "[ $(cat file) = found ] && touch new") is None
    assert (odd / "upper/new").exists()


@pytest.mark.usefixtures("as_root")
def test_more_layers_than_a_page_can_name(tmp_path: Path) -> None:
    layers = [tmp_path / f"{number:064x}" for number in range(127)]
    for number, layer in enumerate(layers):
        layer.mkdir()
        (layer / "who").write_text(str(number))
        (layer / f"file{number}").touch()
    rootfs = Rootfs(
        layers=tuple(map(str, layers)), mountpoint=f"{tmp_path}/mnt", upper=f"{tmp_path}/u", work=f"{tmp_path}/w"
    )
    overlay.prepare_upper(rootfs)
    assert mounted(rootfs, "[ $(cat who) = 0 ] && [ $(ls | wc -l) = 128 ] && touch new") is None
    assert (tmp_path / "u/new").exists()


@pytest.mark.usefixtures("as_root")
def test_a_file_system_that_cannot_do_it_is_named(rootfs: Rootfs) -> None:
    overlay.prepare_upper(rootfs)
    broken = Rootfs(layers=rootfs.layers, mountpoint=rootfs.mountpoint, upper="/proc", work="/proc")
    error = mounted(broken, "true")
    assert error is not None
    assert error.strerror == "snapshot.overlay-refused"
    assert "PYDOCK_HOME" in str(IsolationError("snapshot.overlay-refused", facet="storage", path="/x", reason="y"))


def test_an_upper_is_used_once_at_a_time(rootfs: Rootfs) -> None:
    overlay.prepare_upper(rootfs)
    first = overlay.lock_upper(rootfs.upper)
    with pytest.raises(Conflict):
        overlay.lock_upper(rootfs.upper)
    os.close(first)
    os.close(overlay.lock_upper(rootfs.upper))


def test_options_are_one_text() -> None:
    options = overlay.classic_options(["/a", "/b:c"], [("upperdir", "/u,v"), ("userxattr", "")])
    assert options == "lowerdir=/a:/b\\:c,upperdir=/u\\,v,userxattr"
