"""Debian's root file system by mmdebstrap, made once for all tests of a run that build on a real distribution."""

import atexit
import functools
import os
import subprocess
from pathlib import Path

SOURCES = (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list"))


@functools.cache
def debian_tar(mmdebstrap: str) -> Path:
    """The tar of bookworm's root file system, which everybody may read; it is removed when Python ends."""
    sources = next((path for path in SOURCES if path.exists()), None)
    tar = Path(f"/var/tmp/pydock-test-debian-{os.getpid()}.tar")
    atexit.register(tar.unlink, missing_ok=True)
    words = [mmdebstrap, "--quiet", "--variant=minbase", "bookworm", str(tar)]
    subprocess.run([*words, *([str(sources)] if sources else [])], check=True)
    tar.chmod(0o644)
    return tar
