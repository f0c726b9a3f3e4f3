"""What is asked of a group and what it tells, as values; and how Docker's numbers become the kernel's."""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass

PERIOD = 100_000  # microseconds in which `cpus` x period of processor time may be used
_ENDLESS = 2**62  # version 1 says "no limit" with a number near 2**63


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One limit as files to write to: the first file that there is takes its value.

    `limit` is a field of `oci.runtime_spec.Limits`. `is_open`: it asks for no limit, which is how it is where there is
    no such file.
    """

    limit: str
    controller: str
    files: tuple[tuple[str, str], ...]
    is_open: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Unmet:
    """A limit that is not in force: a field of `oci.runtime_spec.Limits`, and the errno that says why.

    ENOENT: this kernel has no such limit, or the controller was not handed over.
    """

    limit: str
    code: int

    @property
    def reason(self) -> str:
        """The kernel's word for it."""
        return os.strerror(self.code)


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """What a group uses, and may use. None: cannot be known here, or (limits) there is none.

    `memory` in bytes, without the `cache` that the kernel takes back first (as `docker stats` counts); `cpu_seconds`
    since its start, `cpu_limit` in processors; `block_read` and `block_written` in bytes. `is_whole` is False where
    nothing counts for a group, and this is only what can be seen of the processes that live.
    """

    memory: int | None = None
    memory_limit: int | None = None
    cpu_seconds: float | None = None
    pids: int | None = None
    cache: int | None = None
    cpu_limit: float | None = None
    pids_limit: int | None = None
    block_read: int | None = None
    block_written: int | None = None
    is_whole: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Pressure:
    """How long processes of a group waited for a resource, in percent of the last 10 seconds (PSI).

    `some`: at least one of them; `full`: all of them at once.
    """

    some: float
    full: float


def settings_of_cpu(limits_cpus: float | None, period: int | None, quota: int | None) -> tuple[int, int] | None:
    """(quota, period) in microseconds, a quota of -1 being endless; None where nothing is asked."""
    if limits_cpus is not None:
        return round(limits_cpus * PERIOD), PERIOD
    if period is None and quota is None:
        return None
    return quota or -1, period or PERIOD


def cpu_weight(shares: int) -> int:
    """Shares (2 to 262144, commonly 1024) as the weight of version 2 (1 to 10000, commonly 100).

    The curve that runc and crun use: it meets both ends and the middle.
    """
    power = math.log2(min(max(shares, 2), 262144))
    return math.ceil(round(10 ** ((power * power + 125 * power) / 612 - 7 / 34), 9))


def io_weight(weight: int) -> int:
    """A weight of block devices (10 to 1000) as that of version 2 (1 to 10000), as runc does it."""
    return 1 + (weight - 10) * 9999 // 990


def or_max(value: int) -> str:
    """As version 2 says it: `max` stands for endless."""
    return "max" if value < 0 else str(value)


def number(text: str | None) -> int | None:
    """A whole number; None where there is none."""
    return int(text) if text and text.strip().isdigit() else None


def bytes_limit(text: str | None) -> int | None:
    """A limit in bytes; None where there is none."""
    found = number(text)
    return None if found is None or found >= _ENDLESS else found


def pairs(text: str | None) -> dict[str, int]:
    """Lines of `name number`."""
    words = (line.split() for line in (text or "").splitlines())
    return {one[0]: int(one[1]) for one in words if len(one) == 2 and one[1].isdigit()}  # noqa: PLR2004 - a pair


def processes(text: str | None) -> tuple[int, ...]:
    """Process ids; 0 stands for those that this pid namespace does not show."""
    return tuple(int(word) for word in (text or "").split())


def quantities(text: str | None) -> Iterator[dict[str, str]]:
    """Lines of `name=value name=value`, without the first word of each."""
    for line in (text or "").splitlines():
        yield dict(word.split("=", 1) for word in line.split() if "=" in word)


def pressure(text: str | None) -> Pressure | None:
    """What a file such as `memory.pressure` says."""
    found = {
        line.split()[0]: line_values["avg10"]
        for line, line_values in zip((text or "").splitlines(), quantities(text), strict=True)
        if "avg10" in line_values
    }
    if "some" not in found:
        return None
    return Pressure(some=float(found["some"]), full=float(found.get("full", "0")))
