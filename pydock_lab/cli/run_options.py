"""All options of `docker run` and `docker create`, group by group, and the value that they make together."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import click

from pydock_lab.cli import boundary_options, life_options, limit_options, mounts, network_options, parse
from pydock_lab.cli.command import Function, flag, many, option
from pydock_lab.engine.run_options import RunOptions, VolumeMount

_GROUPS = (boundary_options, limit_options, life_options, network_options)
_OWN = (
    many("--annotation", metavar="NAME=VALUE"),
    option("--cidfile", metavar="PATH"),
    option("--entrypoint", metavar="PROGRAM"),
    many("-e", "--env", metavar="NAME=VALUE"),
    many("--env-file", metavar="PATH"),
    flag("-i", "--interactive"),
    many("-l", "--label", metavar="NAME=VALUE"),
    many("--label-file", metavar="PATH"),
    many("--mount", metavar="type=...,target=..."),
    option("--name", default="", metavar="NAME"),
    option("--platform", default="", metavar="OS/ARCHITECTURE"),
    option("--pull", type=click.Choice(["always", "missing", "never"]), default="missing"),
    flag("-q", "--quiet"),
    flag("--rm"),
    many("--tmpfs", metavar="PATH[:OPTIONS]"),
    flag("-t", "--tty"),
    option("-u", "--user", default="", metavar="USER[:GROUP]"),
    many("-v", "--volume", metavar="[SOURCE:]TARGET[:MODE]"),
    option("--volume-driver", default="", metavar="NAME"),
    many("--volumes-from", metavar="CONTAINER[:ro]"),
    option("-w", "--workdir", default="", metavar="PATH"),
)
_ALL = (*_OWN, *(one for group in _GROUPS for one in group.OPTIONS))


def container_options(function: Function) -> Function:
    """The options and arguments that `docker run` and `docker create` share, group by group."""
    image = click.argument("image")
    words = click.argument("words", metavar="[COMMAND] [ARG...]", nargs=-1, type=click.UNPROCESSED)
    for decorate in reversed([*_ALL, image, words]):
        function = decorate(function)
    return function


def run_options(image: str, words: tuple[str, ...], said: Mapping[str, Any]) -> RunOptions:
    """What was asked for; raises CommandError for what cannot be read."""
    mounted = [mounts.mount(text) for text in said["mount"]]
    volumes = [mounts.volume(text) for text in said["volume"]]
    if said["volume_driver"]:
        volumes = [replace(one, driver=said["volume_driver"]) for one in volumes]
    more = {name: value for group in _GROUPS for name, value in group.run_values(said).items()}
    return RunOptions(
        image=image,
        command=words,
        annotations=parse.pairs(said["annotation"], "--annotation"),
        entrypoint=said["entrypoint"],
        env=parse.environment(said["env"], said["env_file"]),
        interactive=said["interactive"],
        labels=parse.labels(said["label"], said["label_file"]),
        name=said["name"],
        platform=said["platform"],
        pull=said["pull"],
        auto_remove=said["rm"],
        tmpfs=(*said["tmpfs"], *(one for one in mounted if isinstance(one, str))),
        terminal=said["tty"],
        user=said["user"],
        volumes=(*volumes, *(one for one in mounted if isinstance(one, VolumeMount))),
        volumes_from=said["volumes_from"],
        working_dir=said["workdir"],
        **more,
    )
