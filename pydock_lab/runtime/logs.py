r"""What a container wrote, kept as Docker's `json-file` driver keeps it: one JSON object a line.

    {"log":"hello\n","stream":"stdout","time":"2025-01-31T12:00:00.000000000Z"}

The shim writes, and anybody may read at the same time. A file that has grown too large is renamed to `.1`, in the
place of the one before.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

LOG_FILE = "log.jsonl"
_ROTATE_AT = 16 * 1024 * 1024  # bytes
_LONGEST_LINE = 16 * 1024  # bytes; Docker cuts longer lines into parts, too
_POLL_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class LogEntry:
    """A line (or the part of one that was there): its text with the line's end, and seconds since 1970."""

    stream: str
    text: str
    time: float


class LogWriter:
    """Cuts what comes into lines and appends them; one writer a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
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

    def close(self) -> None:
        """Append what has no line's end yet, and close."""
        for stream, rest in self._open_lines.items():
            self._append(stream, [rest] if rest else [])
        os.close(self._file)

    def _append(self, stream: str, entries: list[bytes]) -> None:
        if not entries:
            return
        now = time.time_ns()
        stamp = f"{datetime.fromtimestamp(now // 10**9, UTC):%Y-%m-%dT%H:%M:%S}.{now % 10**9:09d}Z"
        lines = [
            json.dumps({"log": one.decode("utf-8", "replace"), "stream": stream, "time": stamp}, ensure_ascii=False)
            for one in entries
        ]
        os.write(self._file, ("\n".join(lines) + "\n").encode())
        if os.fstat(self._file).st_size > _ROTATE_AT:
            self._rotate()

    def _rotate(self) -> None:
        self._path.replace(self._path.with_name(f"{self._path.name}.1"))
        os.close(self._file)
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)


def read(directory: Path, *, follow: Callable[[], bool] | None = None) -> Iterator[LogEntry]:
    """The entries of a container's log, oldest first.

    With `follow` further ones as they come, until it says that the container has ended. A line that is cut off by a
    crash is left out.
    """
    path = directory / LOG_FILE
    older = path.with_name(f"{path.name}.1")
    if older.exists():
        yield from _entries(older.read_bytes())
    position, ended = 0, False
    while True:
        content = _from(path, position)
        complete = content[: content.rfind(b"\n") + 1]
        position += len(complete)
        yield from _entries(complete)
        if follow is None or ended:
            return
        # Once more after the end: what was written in between must not be lost.
        ended = not follow()
        if not complete and not ended:
            time.sleep(_POLL_SECONDS)


def _from(path: Path, position: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(position)
            return file.read()
    except FileNotFoundError:
        return b""


def _entries(content: bytes) -> Iterator[LogEntry]:
    for line in content.splitlines():
        try:
            document = json.loads(line)
            when = _seconds(document["time"])
        except (ValueError, KeyError):
            continue
        yield LogEntry(stream=document["stream"], text=document["log"], time=when)


def _seconds(stamp: str) -> float:
    whole, _, fraction = stamp.rstrip("Z").partition(".")
    return datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp() + float(f"0.{fraction or 0}")
