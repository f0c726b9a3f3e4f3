"""Options that say what a container may use: of `docker run` and `create`, and of `docker update`.

--memory 64m --memory-swap -1     --cpus 1.5     --pids-limit 100     --ulimit nofile=1024:2048
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from pydock_lab.cli import parse
from pydock_lab.cli.command import Function, flag, many, option
from pydock_lab.engine.run_options import LimitWishes
from pydock_lab.errors import CommandError

_LEAST_WEIGHT, _MOST_WEIGHT = 10, 1000

_Options = Sequence[Callable[[Function], Function]]

# What can be changed while a container runs (docker update), in the order of `docker run --help`.
CHANGEABLE: _Options = (
    option("--blkio-weight", type=click.IntRange(0, _MOST_WEIGHT), metavar="NUMBER"),
    option("--cpu-period", type=click.IntRange(min=0), metavar="MICROSECONDS"),
    option("--cpu-quota", type=int, metavar="MICROSECONDS"),
    option("-c", "--cpu-shares", type=click.IntRange(min=0), metavar="NUMBER"),
    option("--cpus", type=click.FloatRange(min=0), metavar="NUMBER"),
    option("--cpuset-cpus", default="", metavar="LIST"),
    option("--cpuset-mems", default="", metavar="LIST"),
    option("-m", "--memory", default="", metavar="SIZE"),
    option("--memory-reservation", default="", metavar="SIZE"),
    option("--memory-swap", default="", metavar="SIZE"),
    option("--pids-limit", type=int, metavar="NUMBER"),
)
OPTIONS: _Options = (
    *CHANGEABLE,
    option("--cgroup-parent", default="", metavar="PATH"),
    option("--memory-swappiness", type=click.IntRange(-1, 100), metavar="PERCENT"),
    flag("--oom-kill-disable"),
    option("--oom-score-adj", type=click.IntRange(-1000, 1000), metavar="NUMBER"),
    option("--shm-size", default="", metavar="SIZE"),
    many("--ulimit", metavar="NAME=SOFT[:HARD]"),
)


def run_values(said: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of RunOptions that limit, from what click found for `OPTIONS`; raises CommandError."""
    return {
        "limits": limits(said),
        "ulimits": said["ulimit"],
        "oom_score_adj": said["oom_score_adj"],
        "shm_size": parse.size(said["shm_size"], "--shm-size") if said["shm_size"] else 0,
        "cgroup_parent": said["cgroup_parent"],
    }


def limits(said: Mapping[str, Any]) -> LimitWishes:
    """The limits themselves; a zero is, as in Docker, nothing said. Raises CommandError."""
    swappiness = said.get("memory_swappiness")
    if 0 < (said["blkio_weight"] or 0) < _LEAST_WEIGHT:
        raise CommandError("cli.bad-weight", value=said["blkio_weight"], least=_LEAST_WEIGHT, most=_MOST_WEIGHT)
    return LimitWishes(
        memory=_size(said, "memory"),
        memory_swap=-1 if said["memory_swap"] == "-1" else _size(said, "memory_swap"),
        memory_reservation=_size(said, "memory_reservation"),
        memory_swappiness=None if swappiness == -1 else swappiness,
        oom_kill_disable=said.get("oom_kill_disable") or None,
        cpus=said["cpus"] or None,
        cpu_period=said["cpu_period"] or None,
        cpu_quota=said["cpu_quota"] or None,
        cpu_shares=said["cpu_shares"] or None,
        cpuset_cpus=said["cpuset_cpus"],
        cpuset_mems=said["cpuset_mems"],
        pids=said["pids_limit"] or None,
        blkio_weight=said["blkio_weight"] or None,
    )


def _size(said: Mapping[str, Any], name: str) -> int | None:
    text = said[name]
    return parse.size(text, f"--{name.replace('_', '-')}") or None if text else None
