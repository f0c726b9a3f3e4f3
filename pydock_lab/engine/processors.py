"""What may be asked of the machine's processors: Docker's own bounds, before a kernel refuses with a number alone.

--cpus 1.5       0.01 up to as many as there are          --cpu-period    1000 to 1000000 microseconds
--cpuset-cpus    0-2,4: of those that there are           --cpu-quota     1000 microseconds or more

Source: Docker Engine, `verifyPlatformContainerResources`; cpuset(7), "List format".
"""

import os
import re
from pathlib import Path

from pydock_lab.engine.run_options import LimitWishes
from pydock_lab.errors import ContainerError

_LEAST_CPUS = 0.01
_LEAST_MICROSECONDS, _MOST_MICROSECONDS = 1_000, 1_000_000
_SPAN = re.compile(r"([0-9]{1,6})(?:-([0-9]{1,6}))?")
_SYSTEM = Path("/sys/devices/system")


def check(wishes: LimitWishes) -> None:
    """Raises ContainerError for what this machine cannot give, or nobody can."""
    count = os.cpu_count() or 1
    # Written this way round it refuses "nan", too, which is neither less nor more than anything.
    if wishes.cpus is not None and not _LEAST_CPUS <= wishes.cpus <= count:
        raise ContainerError("engine.cpus", value=f"{wishes.cpus:g}", least=f"{_LEAST_CPUS:g}", most=count)
    if wishes.cpu_period is not None and not _LEAST_MICROSECONDS <= wishes.cpu_period <= _MOST_MICROSECONDS:
        raise ContainerError(
            "engine.cpu-period", value=wishes.cpu_period, least=_LEAST_MICROSECONDS, most=_MOST_MICROSECONDS
        )
    if wishes.cpu_quota is not None and 0 < wishes.cpu_quota < _LEAST_MICROSECONDS:
        raise ContainerError("engine.cpu-quota", value=wishes.cpu_quota, least=_LEAST_MICROSECONDS)
    _check_set("--cpuset-cpus", wishes.cpuset_cpus, _SYSTEM / "cpu" / "online")
    _check_set("--cpuset-mems", wishes.cpuset_mems, _SYSTEM / "node" / "online")


def _check_set(option: str, text: str, online: Path) -> None:
    if not text:
        return
    wanted = _numbers(text)
    if wanted is None:
        raise ContainerError("engine.cpuset", option=option, value=text)
    try:
        there = online.read_text(encoding="ascii").strip()
    except OSError:  # the kernel will say
        return
    if not wanted <= (_numbers(there) or wanted):
        raise ContainerError("engine.cpuset-unavailable", option=option, value=text, available=there)


def _numbers(text: str) -> set[int] | None:
    """The numbers of a list such as `0-2,4`; None for what is none."""
    found: set[int] = set()
    for word in text.split(","):
        span = _SPAN.fullmatch(word.strip())
        if span is None or int(span[2] or span[1]) < int(span[1]):
            return None
        found.update(range(int(span[1]), int(span[2] or span[1]) + 1))
    return found
