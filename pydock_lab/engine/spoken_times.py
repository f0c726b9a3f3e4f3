"""Durations as Docker words them (`3 minutes`, `About an hour`), and times as it reads them (`10m`, RFC 3339).

Source: Docker's packages go-units, HumanDuration, and api/types/time, GetTimestamp.
"""

import re
from contextlib import suppress
from datetime import datetime

from pydock_lab.dockerfile import scalars
from pydock_lab.errors import DockerfileError

_UNIX = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]+)?")
_FRACTION = re.compile(r"(?<=:[0-9]{2})\.[0-9]{1,9}")
_NANO = 1_000_000_000
_MINUTE, _HOUR = 60, 3600


def since(seconds: float) -> str:
    """A duration, roughly."""
    minutes, hours = int(seconds / _MINUTE), int(seconds / _HOUR + 0.5)
    if seconds < _MINUTE:
        return "Less than a second" if seconds < 1 else _counted(int(seconds), "second")
    if minutes < 60:  # noqa: PLR2004 - minutes in an hour
        return "About a minute" if minutes == 1 else _counted(minutes, "minute")
    if hours == 1:
        return "About an hour"
    # Two of a unit are the first to be told by it: a week and a half is `10 days`.
    for hours_each, unit in ((24 * 365, "year"), (24 * 30, "month"), (24 * 7, "week"), (24, "day")):
        if hours >= 2 * hours_each:
            return _counted(hours // hours_each, unit)
    return _counted(hours, "hour")


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}{'' if count == 1 else 's'}"


def moment(text: str, now: float) -> float | None:
    """Seconds since 1970 of RFC 3339, a date, such seconds, or how long ago (`1h30m`); None for anything else."""
    if _UNIX.fullmatch(text):
        return float(text)
    with suppress(DockerfileError):
        return now - scalars.duration(text) / _NANO
    with suppress(ValueError, OverflowError):
        # A datetime knows microseconds only, and logs are stamped with nanoseconds.
        fraction = "".join(_FRACTION.findall(text))
        return datetime.fromisoformat(_FRACTION.sub("", text)).timestamp() + float(f"0{fraction}")
    return None
