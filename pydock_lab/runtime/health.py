"""Health checks (HEALTHCHECK, `--health-*`), as pure rules: what one more result makes of a container's health.

              a success                     `retries` failures in a row
    starting ----------> healthy <-------------------------> unhealthy
        |                                                        ^
        '--- failures within the start period do not count ------'

Source: Docker's documentation, Dockerfile reference, HEALTHCHECK; moby, daemon/health.go.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from pydock_lab.oci.plain import Document

_KEPT = 5  # results, as Docker keeps them
_LONGEST_OUTPUT = 4096  # characters


class Health(StrEnum):
    """How a container is, as far as its check can tell."""

    STARTING = "starting"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthCheck(Document):
    """What is run, and how often; all times in seconds. `command` is the program with its arguments."""

    command: tuple[str, ...]
    interval: float = 30.0
    timeout: float = 30.0
    retries: int = 3
    start_period: float = 0.0
    start_interval: float = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthResult(Document):
    """One run of the check: seconds since 1970, exit status (0 healthy, -1 it took too long), what it wrote."""

    start: float
    end: float
    exit_code: int
    output: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthState(Document):
    """What is known, with the last results, the newest last."""

    status: Health = Health.STARTING
    failing_streak: int = 0
    log: tuple[HealthResult, ...] = ()

    def after(self, result: HealthResult, check: HealthCheck, *, in_start_period: bool) -> "HealthState":
        """The health after one more result."""
        result = replace(result, output=result.output[:_LONGEST_OUTPUT])
        log = (*self.log, result)[-_KEPT:]
        if result.exit_code == 0:
            return HealthState(status=Health.HEALTHY, log=log)
        if self.status is Health.STARTING and in_start_period:
            return replace(self, log=log)
        streak = self.failing_streak + 1
        status = Health.UNHEALTHY if streak >= check.retries else self.status
        return HealthState(status=status, failing_streak=streak, log=log)

    def next_in(self, check: HealthCheck, *, in_start_period: bool) -> float:
        """Seconds until the check is run again."""
        is_starting = self.status is Health.STARTING and in_start_period
        return check.start_interval if is_starting else check.interval
