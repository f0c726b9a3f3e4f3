"""How much memory a command takes: all its processes together, sampled while it runs."""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_EVERY_SECONDS = 0.02


def peak(command: Sequence[str], environment: Mapping[str, str], mark: str) -> int:
    """The most bytes that all processes with `mark` in their environment had at one time, shared pages counted once.

    The mark finds the workers too, which are no children of the command.
    """
    most = 0
    with subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            most = max(most, sum(map(_share, _marked(mark.encode()))))
            time.sleep(_EVERY_SECONDS)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    return most


def _marked(mark: bytes) -> Iterator[Path]:
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (folder / "environ").read_bytes():
                yield folder


def _share(folder: Path) -> int:
    """Its proportional share (Pss): a page that three processes share counts a third for each."""
    with contextlib.suppress(OSError, StopIteration):
        lines = (folder / "smaps_rollup").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("Pss:")).split()[1]) << 10
    return 0
