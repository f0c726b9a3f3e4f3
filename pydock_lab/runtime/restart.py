"""Restart policies (`--restart`), as pure rules: whether a container that has ended is started again, and when.

    no               never
    on-failure[:n]   when the exit status is not 0, n times at most
    always           whatever the status; and when an engine comes by after a crash or reboot
    unless-stopped   as always, but not after it was stopped by hand

Who stops a container by hand (`docker stop`, `docker kill`) ends its policy until it is started again. The pause before
a start doubles each time, from 0.1 seconds to a minute; who has run for 10 seconds begins anew.
Source: Docker's documentation, "Start containers automatically"; moby, restartmanager.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from pydock_lab.errors import CommandError
from pydock_lab.oci.plain import Document

_FIRST_SECONDS, _LONGEST_SECONDS = 0.1, 60.0
_LONG_ENOUGH_SECONDS = 10.0


class RestartKind(StrEnum):
    """When a container is started again."""

    NO = "no"
    ON_FAILURE = "on-failure"
    ALWAYS = "always"
    UNLESS_STOPPED = "unless-stopped"


@dataclass(frozen=True, kw_only=True, slots=True)
class RestartPolicy(Document):
    """A policy; `maximum` counts for on-failure alone, 0 being no limit."""

    kind: RestartKind = RestartKind.NO
    maximum: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """`no`, `on-failure[:N]`, `always`, `unless-stopped`; raises CommandError."""
        name, colon, times = text.partition(":")
        is_number = times.isdecimal() and name == RestartKind.ON_FAILURE
        if (name or "no") not in set(RestartKind) or (colon and not is_number):
            raise CommandError("runtime.bad-restart", value=text)
        return cls(kind=RestartKind(name or "no"), maximum=int(times or 0))

    def __str__(self) -> str:
        return f"{self.kind}:{self.maximum}" if self.maximum else self.kind.value

    def wants_again(self, exit_code: int, count: int, *, by_hand: bool) -> bool:
        """Whether a container that has just ended is started again; `count` restarts there were already."""
        if by_hand or self.kind is RestartKind.NO:
            return False
        if self.kind is RestartKind.ON_FAILURE:
            return exit_code != 0 and (not self.maximum or count < self.maximum)
        return True

    def survives_engine(self, *, by_hand: bool) -> bool:
        """Whether one that an engine finds dead (its shim was killed, the machine went down) is started again."""
        if self.kind is RestartKind.UNLESS_STOPPED:
            return not by_hand
        return self.kind is RestartKind.ALWAYS


def pause(before: float, ran: float) -> float:
    """Seconds until the next start, after a pause of `before` (0: there was none) and a run of `ran` seconds."""
    if not before or ran >= _LONG_ENOUGH_SECONDS:
        return _FIRST_SECONDS
    return min(2 * before, _LONGEST_SECONDS)
