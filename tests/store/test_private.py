"""Nobody but its user gets at what a store has."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from pydock_lab.store import Store
from pydock_lab.store.active import Active
from pydock_lab.store.starts import Starts

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes of folders are POSIX's")


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def by_hand(home: Path) -> Path:
    """A root that a person has made, and everybody may enter."""
    home.mkdir()
    home.chmod(0o755)
    return home


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.mark.usefixtures("open_umask")
def test_a_root_that_we_make_is_its_users_alone(home: Path) -> None:
    Store.open(home / "deep" / "store")
    assert mode(home / "deep" / "store") == 0o700


@pytest.mark.usefixtures("open_umask")
def test_what_we_make_below_a_root_of_somebodys_is(by_hand: Path) -> None:
    store = Store.open(by_hand)
    containers = store.collection("containers")
    containers.add("one", {})
    containers.add("two", {})
    containers.remove("two")
    with store.collection("volumes").lock(), store.leases.hold("test") as lease:
        lease.add(store.blobs.put(b"content"))
    Starts(by_hand).place("1f")
    assert Active(by_hand).take(containers.path("one"))
    found = {path.name: mode(path) for path in by_hand.iterdir() if path.is_dir()}
    assert set(found) == {"active", "blobs", "containers", "ingest", "leases", "starts", "trash", "volumes"}
    assert set(found.values()) == {0o700}
    assert mode(by_hand) == 0o755, "it is the person's"


def test_what_an_earlier_version_made_is_closed(by_hand: Path, tmp_path: Path) -> None:
    for name in ("containers", "snapshots", "volumes", "mine"):
        (by_hand / name).mkdir()
        (by_hand / name).chmod(0o755)
    (tmp_path / "elsewhere").mkdir(mode=0o755)
    (by_hand / "builds").symlink_to(tmp_path / "elsewhere")
    (by_hand / "cache").write_text("no folder")
    Store.open(by_hand)
    assert [mode(by_hand / name) for name in ("containers", "snapshots", "volumes")] == [0o700] * 3
    assert (mode(by_hand / "mine"), mode(tmp_path / "elsewhere")) == (0o755, 0o755), "they are none of ours"


@pytest.mark.usefixtures("as_root")
def test_what_another_user_made_stays_as_it_is(by_hand: Path) -> None:
    (by_hand / "containers").mkdir()
    (by_hand / "containers").chmod(0o755)
    os.chown(by_hand / "containers", 65534, 65534)
    Store.open(by_hand)
    assert mode(by_hand / "containers") == 0o755
