"""What others on this machine get of a store: nothing (CVE-2021-41103)."""

import contextlib
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from samples.users import ordinary_user

from pydock_lab.engine.face import Engine

BOX = "lab/busybox"
# What everybody may see: the lowest layer, which is the same everywhere, and has nothing in it.
_NOTHING_IN_IT = {"stub"}

pytestmark = pytest.mark.usefixtures("as_root", "containers")


@pytest.fixture
def by_hand() -> Iterator[Path]:
    """A store in a folder that everybody may enter (tmp_path is in none)."""
    root = Path(tempfile.mkdtemp(dir="/tmp"))
    root.chmod(0o755)
    yield root
    for container in Engine(root).containers():
        container.remove(force=True)
    shutil.rmtree(root)


@contextlib.contextmanager
def opened(root: Path, file: Path) -> Iterator[None]:
    """The folders on the way to a file as they would be without this defence: everybody may enter them."""
    folders = [folder for folder in file.parents if folder.is_relative_to(root)]
    modes = [folder.stat().st_mode for folder in folders]
    for folder in folders:
        folder.chmod(0o755)
    yield
    for folder, mode in zip(folders, modes, strict=True):
        folder.chmod(stat.S_IMODE(mode))


def test_another_user_gets_nothing(by_hand: Path) -> None:
    engine = Engine(by_hand)
    script = "mkdir /left && cp /bin/busybox /left && chmod 4755 /left/busybox && echo data > /data/file"
    script += "; mknod /left/null c 1 3; chmod 666 /left/null"
    made = engine.run(BOX, "sh", "-c", script, env={"PASSWORD": "secret"}, volumes={"data": "/data"}, name="box")
    assert made.exit_code == 0
    left = next(by_hand.glob("containers/*/upper/left/busybox"))
    assert left.stat().st_mode & stat.S_ISUID
    paths = [left, left.with_name("null"), next(by_hand.glob("containers/*/container.json"))]
    paths += [next(by_hand.glob("volumes/*/_data/file")), next(by_hand.glob("snapshots/*/bin/busybox"))]
    with ordinary_user() as user:
        become = ["runuser", "-u", user, "--"]
        assert subprocess.run([*become, "ls", str(by_hand)], capture_output=True, check=False).returncode == 0
        with opened(by_hand, paths[2]):
            done = subprocess.run([*become, "cat", str(paths[2])], capture_output=True, text=True, check=False)
            assert "PASSWORD=secret" in done.stdout
        for path in paths:
            done = subprocess.run([*become, "stat", str(path)], capture_output=True, text=True, check=False)
            assert "Permission denied" in done.stderr, path
        done = subprocess.run([*become, str(left), "id", "-u"], capture_output=True, text=True, check=False)
        assert (done.returncode != 0, done.stdout) == (True, "")


def test_every_folder_is_closed(by_hand: Path, tmp_path: Path) -> None:
    engine = Engine(by_hand)
    (tmp_path / "file").write_text("text")
    steps = "COPY file /\nRUN --mount=type=cache,target=/kept echo > /kept/one; echo > /two\n"
    engine.build(f"FROM {BOX}\n{steps}", tag="built", context=tmp_path)
    engine.run("built", "sh", "-c", "true", volumes={"data": "/data"}, name="box")
    open_to_others = {path.name for path in by_hand.iterdir() if path.is_dir() and path.stat().st_mode & 0o077}
    assert open_to_others <= _NOTHING_IN_IT
    assert not (by_hand / "events.jsonl").stat().st_mode & 0o077
