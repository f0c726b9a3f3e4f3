"""Options that say how a container lives on: restarts, health, logs, its end.

--restart on-failure:3     --health-cmd 'curl -f localhost' --health-interval 5s     --log-opt max-size=10m
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from pydock_lab.cli import parse
from pydock_lab.cli.command import Function, flag, many, option
from pydock_lab.engine.run_options import HealthWish
from pydock_lab.errors import CommandError
from pydock_lab.runtime.restart import RestartPolicy

_LEAST_SECONDS = 0.001  # Docker's: a check that is to run more often is a mistake
_TIMES = ("interval", "timeout", "start_period", "start_interval")
POLICIES = "no|on-failure[:N]|always|unless-stopped"

OPTIONS: Sequence[Callable[[Function], Function]] = (
    option("--restart", default="no", metavar=POLICIES),
    option("--health-cmd", metavar="COMMAND"),
    option("--health-interval", default="", metavar="DURATION"),
    option("--health-retries", type=click.IntRange(min=0), metavar="NUMBER"),
    option("--health-start-interval", default="", metavar="DURATION"),
    option("--health-start-period", default="", metavar="DURATION"),
    option("--health-timeout", default="", metavar="DURATION"),
    flag("--no-healthcheck"),
    option("--log-driver", default="", metavar="NAME"),
    many("--log-opt", metavar="NAME=VALUE"),
    option("--stop-signal", default="", metavar="SIGNAL"),
    option("--stop-timeout", type=int, metavar="SECONDS"),
)


def run_values(said: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of RunOptions that speak of its life, from what click found for `OPTIONS`; raises CommandError."""
    return {
        "restart": RestartPolicy.parse(said["restart"]),
        "health": health(said),
        "log_driver": said["log_driver"],
        "log_options": parse.pairs(said["log_opt"], "--log-opt"),
        "stop_signal": said["stop_signal"],
        "stop_timeout": said["stop_timeout"],
    }


def health(said: Mapping[str, Any]) -> HealthWish:
    """`--health-*` and `--no-healthcheck`; raises CommandError."""
    times = {name: _seconds(said[f"health_{name}"], name) for name in _TIMES}
    is_asked = said["health_cmd"] is not None or said["health_retries"] or any(times.values())
    if said["no_healthcheck"] and is_asked:
        raise CommandError("cli.health-off-and-on")
    return HealthWish(
        command=said["health_cmd"], retries=said["health_retries"] or None, is_off=said["no_healthcheck"], **times
    )


def _seconds(text: str, name: str) -> float | None:
    option_name = f"--health-{name.replace('_', '-')}"
    seconds = parse.duration(text, option_name) if text else 0.0
    if seconds and seconds < _LEAST_SECONDS:
        raise CommandError("cli.duration-too-short", option=option_name, value=text)
    return seconds or None
