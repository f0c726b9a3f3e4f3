r"""What a container wrote, kept as Docker's `json-file` driver keeps it: one JSON object a line.

    {"log":"hello\n","stream":"stdout","time":"2025-01-31T12:00:00.000000000Z"}

The shim writes, and anybody may read at the same time. A file that has grown too large is renamed to `.1`, in the
place of the one before.
"""

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydock_lab.oci.plain import Document
from pydock_lab.store.tail import Tail, older, rotated

LOG_FILE = "log.jsonl"
_LONGEST_LINE = 16 * 1024  # bytes; Docker cuts longer lines into parts, too
_POLL_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class LogLimits(Document):
    """`--log-opt`: a file of more than `max_size` bytes is put aside, and so many files are kept (Docker: no limit).

    `is_off`: nothing is kept (`--log-driver none`).
    """

    max_size: int = 16 * 1024 * 1024
    max_files: int = 2
    is_off: bool = False


_DEFAULT_LIMITS = LogLimits()


@dataclass(frozen=True, kw_only=True, slots=True)
class LogEntry:
    """A line (or the part of one that was there): its text with the line's end, seconds since 1970, and as written."""

    stream: str
    text: str
    time: float
    stamp: str = ""


class LogWriter:
    """Cuts what comes into lines and appends them; one writer a file, which is made with the first line."""

    def __init__(self, path: str, limits: LogLimits = _DEFAULT_LIMITS) -> None:
        self._path, self._limits = path, limits
        self._file = -1
        self._open_lines: dict[str, bytes] = {}

    def write(self, stream: str, content: bytes) -> None:
        """Append the lines that are complete now."""
        *lines, rest = (self._open_lines.get(stream, b"") + content).split(b"\n")
        entries = [line + b"\n" for line in lines]
        while len(rest) >= _LONGEST_LINE:
            entries.append(rest[:_LONGEST_LINE])
            rest = rest[_LONGEST_LINE:]
        self._open_lines[stream] = rest
        self._append(stream, entries)

    def flush(self) -> None:
        """Append what has no line's end yet: the program has ended."""
        for stream, rest in self._open_lines.items():
            self._append(stream, [rest] if rest else [])
        self._open_lines.clear()

    def _append(self, stream: str, entries: list[bytes]) -> None:
        if not entries or self._limits.is_off:
            return
        now = time.time_ns()
        stamp = f"{datetime.fromtimestamp(now // 10**9, UTC):%Y-%m-%dT%H:%M:%S}.{now % 10**9:09d}Z"
        if self._file < 0:
            self._open()
        size, ready = os.fstat(self._file).st_size, b""
        for one in entries:
            said = {"log": one.decode("utf-8", "replace"), "stream": stream, "time": stamp}
            line = json.dumps(said, ensure_ascii=False).encode() + b"\n"
            # An empty file takes any line: one that is longer than the limit would be put aside again and again.
            if size and size + len(line) > self._limits.max_size:
                self._write(ready)
                self._rotate()
                size, ready = 0, b""
            size += len(line)
            ready += line
        self._write(ready)

    def _write(self, content: bytes) -> None:
        if content:
            os.write(self._file, content)

    def _open(self) -> None:
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)

    def _rotate(self) -> None:
        os.close(self._file)
        for number in range(self._limits.max_files - 1, 0, -1):
            with contextlib.suppress(FileNotFoundError):
                os.replace(rotated(self._path, number - 1), rotated(self._path, number))
        if self._limits.max_files == 1:
            os.unlink(self._path)
        self._open()


def read(directory: Path, *, follow: Callable[[], bool] | None = None) -> Iterator[LogEntry]:
    """The entries of a container's log, oldest first.

    With `follow` further ones as they come, until it says that the container has ended. A line that is cut off by a
    crash is left out.
    """
    path = str(directory / LOG_FILE)
    for one in older(path):
        yield from _entries(Path(one).read_bytes())
    tail = Tail(path)
    ended = False
    while True:
        found = tail.read()
        yield from _entries(found)
        if follow is None or ended:
            return
        # Once more after the end: what was written in between must not be lost.
        ended = not follow()
        if not found and not ended:
            time.sleep(_POLL_SECONDS)


def _entries(content: bytes) -> Iterator[LogEntry]:
    for line in content.splitlines():
        try:
            document = json.loads(line)
            when = _seconds(document["time"])
        except (ValueError, KeyError):
            continue
        yield LogEntry(stream=document["stream"], text=document["log"], time=when, stamp=document["time"])


def _seconds(stamp: str) -> float:
    whole, _, fraction = stamp.rstrip("Z").partition(".")
    return datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp() + float(f"0.{fraction or 0}")
