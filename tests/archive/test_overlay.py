"""Against the kernel itself: what a container changes on an overlay comes back from its layer, as root and without."""

import io
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pydock_lab.archive.apply import Policy, Whiteouts, apply
from pydock_lab.archive.diff import diff
from pydock_lab.archive.whiteout import OpaqueAttribute

pytestmark = pytest.mark.usefixtures("as_root")

BASE = "mkdir -p d/sub e; echo 1 > d/a; echo 2 > d/sub/b; echo 3 > e/c; echo 4 > f; ln -s d way"
CHANGE = "rm d/a; rm -r e; mkdir e; echo new > e/n; rm f; mkdir f; mv d/sub/b g; rm way; echo x > way; chmod 700 d"
LIST = "find . -printf '%p %m %y %l\\n' | sort; cat g e/n way"
NAMESPACES = {
    OpaqueAttribute.TRUSTED: (["--mount"], ""),
    OpaqueAttribute.USER: (["--mount", "--user", "--map-root-user"], "userxattr,"),
}


@pytest.fixture(params=list(OpaqueAttribute))
def overlay(request: pytest.FixtureRequest, need: Callable[[str], str], tmp_path: Path) -> Callable[..., str]:
    """`overlay(lowers, upper, script)`: run a script in an overlay of these, in a mount namespace of its own."""
    flags, options = NAMESPACES[request.param]
    unshare, names = need("unshare"), ("merged", "work")

    def run(lowers: list[Path], upper: Path, script: str) -> str:
        for path in (upper, *(tmp_path / name for name in names)):
            path.mkdir(exist_ok=True)
        layers = f"lowerdir={':'.join(map(str, lowers))},upperdir={upper},workdir={tmp_path / 'work'}"
        mount = f"mount -t overlay overlay -o {options}{layers} {tmp_path / 'merged'}"
        command = [unshare, *flags, "sh", "-ec", f"{mount}; cd {tmp_path / 'merged'}; {script}"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    run.attribute = request.param  # type: ignore[attr-defined]
    return run


def packed(directory: Path) -> bytes:
    sink, fd = io.BytesIO(), os.open(directory, os.O_RDONLY)
    diff(fd, sink)
    os.close(fd)
    return sink.getvalue()


def unpacked(layer: bytes, directory: Path, policy: Policy) -> None:
    directory.mkdir(exist_ok=True)
    fd = os.open(directory, os.O_RDONLY)
    apply(io.BytesIO(layer), fd, policy=policy)
    os.close(fd)


def test_a_layer_is_what_the_overlay_showed(overlay: Callable[..., str], tmp_path: Path) -> None:
    base, upper, again = tmp_path / "base", tmp_path / "upper", tmp_path / "again"
    base.mkdir()
    subprocess.run(["sh", "-ec", BASE], cwd=base, check=True)
    shown = overlay([base], upper, f"{CHANGE}; {LIST}")
    layer = packed(upper)
    # As a lower directory of another overlay ...
    attribute: OpaqueAttribute = overlay.attribute  # type: ignore[attr-defined]
    unpacked(layer, again, Policy(whiteouts=Whiteouts.OVERLAY, opaque=attribute))
    assert overlay([again, base], tmp_path / "empty", LIST) == shown
    # ... and unpacked on top of the base, where there is no overlay at all.
    unpacked(layer, base, Policy(whiteouts=Whiteouts.REMOVE))
    assert subprocess.run(["sh", "-ec", LIST], cwd=base, check=True, capture_output=True, text=True).stdout == shown
