"""Values as Go's fmt prints them, for history entries that tools compare with Docker's own."""

from collections.abc import Iterable

from pydock_lab.dockerfile.characters import quote
from pydock_lab.oci import Healthcheck

_UNITS = ((3_600_000_000_000, "h"), (60_000_000_000, "m"))


def plain_list(items: Iterable[str]) -> str:
    """A list of texts by `%v`: `[a b]`."""
    return f"[{' '.join(items)}]"


def quoted_list(items: Iterable[str]) -> str:
    """A list of texts by `%q`: `["a" "b"]`."""
    return plain_list(quote(item) for item in items)


def duration(nanoseconds: int) -> str:
    """A duration as Go's time.Duration prints itself: `1m30s`, `1.5s`, `10ms`, `0s`."""
    if nanoseconds == 0:
        return "0s"
    for size, unit in ((1_000, "ns"), (1_000_000, "µs"), (1_000_000_000, "ms")):
        if nanoseconds < size:
            return f"{_short(nanoseconds * 1000 / size)}{unit}"
    out, rest = "", nanoseconds
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        out += f"{count}{unit}" if count or out else ""
    return f"{out}{_short(rest / 1_000_000_000)}s"


def _short(value: float) -> str:
    return f"{value:.9f}".rstrip("0").rstrip(".")


def healthcheck_text(health: Healthcheck) -> str:
    """A health check by `%+v`."""
    times = (
        ("Interval", health.interval),
        ("Timeout", health.timeout),
        ("StartPeriod", health.start_period),
        ("StartInterval", health.start_interval),
    )
    said = " ".join(f"{name}:{duration(value)}" for name, value in times)
    return f"{{Test:{plain_list(health.test)} {said} Retries:{health.retries}}}"
