"""CVE-2021-30465: a place for a volume that becomes a link between the look at it and the mount on it.

Two containers share a volume; the first swaps a directory in it with a link to the host as fast as it can, while the
second is started with another volume on that directory. An engine that looks the path up by name while the host's tree
is still there mounts on the host in some of the tries.
"""

import contextlib
import ctypes
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pydock_lab.errors import ContainerError

BOX = "lab/busybox"
TRIES = 60
HERE, EXCHANGE = -100, 2  # AT_FDCWD, RENAME_EXCHANGE

# What such an engine does: follow the path, see that it is inside, mount. In a mount namespace of its own.
NAIVE = """
import ctypes, os, stat, sys, time
volume, source, host = map(os.fsencode, sys.argv[1:])
libc, place, bind, out = ctypes.CDLL(None), os.path.join(volume, b"place"), 4096, False
until = time.monotonic() + 80
while not out and time.monotonic() < until:
    if stat.S_ISDIR(os.lstat(place).st_mode):
        time.sleep(0)  # an engine does more than that in between
        if libc.mount(source, place, None, bind, None) == 0:
            out = os.path.exists(os.path.join(host, b"mark"))
            for name in (place, os.path.join(volume, b"link")):  # wherever it is by now
                libc.umount2(name, 10)
print("out" if out else "in")
"""


@contextlib.contextmanager
def swapping(one: Path, other: Path) -> Iterator[None]:
    """Have two names of files change places all the time."""
    swap = ctypes.CDLL(None, use_errno=True).renameat2
    names, is_over = (os.fsencode(one), os.fsencode(other)), threading.Event()

    def work() -> None:
        while not is_over.is_set():
            assert swap(HERE, names[0], HERE, names[1], EXCHANGE) == 0

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A directory of the host to which a container's link leads."""
    folder = tmp_path / "host"
    folder.mkdir()
    return folder


@pytest.fixture
def trap(tmp_path: Path, host: Path) -> Path:
    """A volume with a directory, and with a link to the host."""
    volume = tmp_path / "volume"
    (volume / "place").mkdir(parents=True)
    (volume / "link").symlink_to(host)
    return volume


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "mark").touch()
    return folder


@pytest.mark.usefixtures("as_root")
def test_a_mount_by_name_gets_out(trap: Path, source: Path, host: Path) -> None:
    words = ["unshare", "--mount", "--propagation", "private", sys.executable, "-c", NAIVE]
    with swapping(trap / "place", trap / "link"):
        done = subprocess.run([*words, trap, source, host], capture_output=True, text=True, timeout=100, check=True)
    assert done.stdout == "out\n"


@pytest.mark.usefixtures("containers", "as_root")
def test_a_mount_in_a_container_stays_in_it(docker, trap: Path, source: Path, host: Path) -> None:
    # The host's directory is a volume as well, mounted last: what was mounted on it by then would be seen in it.
    words = ["--rm", "-v", f"{trap}:/v", "-v", f"{source}:/v/place", "-v", f"{host}:/v/seen"]
    (trap / "seen").mkdir()
    script = f"ls /v/seen; test -e {host}/mark && echo linked"
    seen: list[str] = []
    with swapping(trap / "place", trap / "link"):
        for _ in range(TRIES):
            with contextlib.suppress(ContainerError):  # refused: the place was gone when it was to be mounted on
                docker("run", *words, BOX, "sh", "-c", script, status=None)
                seen += docker.face.written.split()
    assert list(host.iterdir()) == []
    # The link was followed, to a place of that name in the container.
    assert set(seen) == {"linked"}
