"""Ids, texts, sizes and times as Docker's lists show them, in both languages: programs read them, too.

Source: Docker's packages go-units and stringid; Go, package time.
"""

import time
from collections.abc import Mapping

from pydock_lab.cli.tabs import columns, cut
from pydock_lab.engine.spoken_times import since

_DECIMAL = ("B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB")
_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB")


def short(digest: str) -> str:
    """The first twelve digits."""
    return digest.rpartition(":")[2][:12]


def shortened(text: str, width: int) -> str:
    """The text, cut with an ellipsis where it takes more than `width` columns."""
    return text if columns(text) <= width else f"{cut(text, width - 1)}…"


def size(count: float, digits: int = 4) -> str:
    """Bytes in decimal units with so many digits: `31.25MB`."""
    return _scaled(count, 1000, _DECIMAL, digits)


def memory(count: float) -> str:
    """Bytes in powers of 1024: `23.54GiB`."""
    return _scaled(count, 1024, _BINARY, 4)


def _scaled(count: float, base: int, units: tuple[str, ...], digits: int) -> str:
    number = 0
    while count >= base and number < len(units) - 1:
        count, number = count / base, number + 1
    return f"{count:.{digits}g}{units[number]}"


def ago(moment: float | None) -> str:
    """`3 minutes ago`, of seconds since 1970; empty where there is no time."""
    return "" if moment is None else f"{since(time.time() - moment)} ago"


def local_time(seconds: float) -> str:
    """`2026-01-31 12:00:00 +0100 CET`, whole seconds, in this machine's time zone."""
    return time.strftime("%Y-%m-%d %H:%M:%S %z %Z", time.localtime(seconds))


def rfc3339(seconds: float) -> str:
    """`2026-01-31T12:00:00+01:00`, in this machine's time zone."""
    text = time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(seconds))
    return f"{text[:-5]}Z" if text.endswith("+0000") else f"{text[:-2]}:{text[-2:]}"


def pairs(labels: Mapping[str, str]) -> str:
    """Labels in one cell: `a=1,b=2`."""
    return ",".join(f"{name}={value}" for name, value in sorted(labels.items()))


def quoted(text: str) -> str:
    """A text in double quotes, as Go quotes it."""
    from pydock_lab.cli.templates.verbs import quoted as in_go  # noqa: PLC0415 - most lists have plain texts only

    return f'"{text}"' if text.isprintable() and '"' not in text and "\\" not in text else in_go(text)
