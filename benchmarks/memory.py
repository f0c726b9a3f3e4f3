"""How much memory a command takes: all its processes together, sampled while it runs."""

import contextlib
import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_EVERY_SECONDS = 0.02
_TITLE = re.compile(rb"pydock-|pydock_lab")


def peak(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """The most bytes that the command and its workers had at one time, shared pages counted once.

    The zygote and its workers are no children of the command: they are known by their titles, and by being younger.
    """
    most = 0
    with subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL) as process:
        began = _began(Path(f"/proc/{process.pid}"))
        while process.poll() is None:
            most = max(most, sum(map(share, _workers(process.pid, began))))
            time.sleep(_EVERY_SECONDS)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    return most


def _workers(pid: int, began: int) -> Iterator[Path]:
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            title = (folder / "cmdline").read_bytes()
            if folder.name == str(pid) or (_TITLE.search(title) and _began(folder) >= began):
                yield folder


def _began(folder: Path) -> int:
    """When a process was started, in ticks since the machine was."""
    return int((folder / "stat").read_text().rpartition(")")[2].split()[19])


def share(folder: Path) -> int:
    """Its proportional share (Pss): a page that three processes share counts a third for each."""
    with contextlib.suppress(OSError, StopIteration):
        lines = (folder / "smaps_rollup").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("Pss:")).split()[1]) << 10
    return 0
