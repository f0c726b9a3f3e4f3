"""Who is heard at a container's socket."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pydock_lab.linux.tiers import Tier
from pydock_lab.runtime import control
from pydock_lab.runtime.control import SOCKET_FILE, Control
from pydock_lab.runtime.loop import Loop

_NOBODY = 65534


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter, under a umask that leaves what is made to all (tmp_path is in none)."""
    before = os.umask(0)
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    os.umask(before)
    shutil.rmtree(folder)


def test_the_socket_is_its_users_alone(open_folder: Path) -> None:
    os.close(control.listen(open_folder))
    assert stat.S_IMODE((open_folder / SOCKET_FILE).stat().st_mode) == 0o600


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize(
    ("tier", "user", "is_heard"),
    [
        (Tier.ROOT, 0, True),
        (Tier.ROOT, 1000, False),
        (Tier.ROOT, _NOBODY, False),
        (Tier.TRACED, _NOBODY, False),
        (Tier.ROOTLESS, 1000, False),
        # The host's root has this number in a user namespace; it is the socket's mode that keeps others out.
        (Tier.ROOTLESS, _NOBODY, True),
    ],
)
def test_who_is_heard(open_folder: Path, tier: Tier, user: int, *, is_heard: bool) -> None:
    loop, asked = Loop(), []
    listener = control.listen(open_folder)
    commands = {"kill": lambda *_: asked.append("kill"), "gone": lambda *_: None}
    here = Control(loop, listener, str(open_folder), commands, tier)
    (open_folder / SOCKET_FILE).chmod(0o666)
    os.seteuid(user)
    try:
        caller = control.dial(open_folder)
    finally:
        os.seteuid(0)
    caller.send({"do": "kill"})
    loop.turn()
    if is_heard:
        loop.turn()
    assert (asked == ["kill"], caller.receive() is not None) == (is_heard, is_heard)
    caller.close()
    if is_heard:
        loop.turn()
    here.close()


@pytest.mark.usefixtures("as_root")
def test_without_a_look_at_who_calls_anybody_is_heard(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "heard_users", lambda _tier: frozenset(range(65536)))
    test_who_is_heard(open_folder, Tier.ROOT, 1000, is_heard=True)
