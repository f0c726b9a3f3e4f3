"""Run by test_sharing.py, in a mount namespace of its own in which $PYDOCK_TEST_PLACE is a mount, shared or private."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pydock_lab.errors import ContainerError
from pydock_lab.oci.runtime_spec import Mount, Propagation

PLACE = Path(os.environ["PYDOCK_TEST_PLACE"])


@pytest.mark.parametrize("mode", ["rprivate", "rslave", "rshared"])
def test_shared_mounts(box: Any, mode: str) -> None:
    mount = Mount(target="/place", source=str(PLACE), propagation=Propagation(mode))
    directory = box.background("sleep", "60", mounts=(mount,), process={"capabilities": ("CAP_SYS_ADMIN",)})
    with mounted(PLACE / "of-host"):
        seen = box.exec(directory, "ls", "/place/of-host").out
    assert (seen == "file\n") is (mode != "rprivate")
    script = "mount -t tmpfs x /place/of-container && touch /place/of-container/file"
    ran = box.exec(directory, "sh", "-c", script, capabilities=("CAP_SYS_ADMIN",))
    assert ran.status == 0, ran.err
    assert (PLACE / "of-container/file").exists() is (mode == "rshared")
    subprocess.run(["umount", PLACE / "of-container"], check=False, capture_output=True)


@contextlib.contextmanager
def mounted(path: Path) -> Iterator[None]:
    subprocess.run(["mount", "-t", "tmpfs", "x", path], check=True)
    (path / "file").touch()
    yield
    subprocess.run(["umount", path], check=True)


@pytest.mark.parametrize("mode", ["rslave", "rshared", "shared"])
def test_private_mounts(box: Any, mode: str) -> None:
    with pytest.raises(ContainerError) as caught:
        box.sh("true", mounts=(Mount(target="/place", source=str(PLACE), propagation=Propagation(mode)),))
    assert caught.value.key == "runtime.not-shared"
