"""The options of `docker build`, one table for `pydock build`, `%docker build` and the line of `%%dockerfile`."""

from collections.abc import Callable, Mapping
from typing import Any

import click

from pydock_lab.cli import parse
from pydock_lab.cli.command import Function, flag, many, option
from pydock_lab.cli.isolation_option import ISOLATION
from pydock_lab.cli.path_types import FILE
from pydock_lab.cli.session import Session
from pydock_lab.errors import CommandError

_PROGRESS = ("auto", "none", "plain", "quiet", "rawjson", "tty")

OPTIONS: tuple[Callable[[Function], Function], ...] = (
    many("-t", "--tag", metavar="NAME:TAG"),
    option("-f", "--file", type=FILE, metavar="PATH"),
    many("--build-arg", metavar="NAME=VALUE"),
    many("--build-context", metavar="NAME=PLACE"),
    many("--label", metavar="NAME=VALUE"),
    many("--annotation", metavar="NAME=VALUE"),
    option("--target", metavar="STAGE", default=""),
    flag("--no-cache"),
    many("--no-cache-filter", metavar="STAGE"),
    many("--cache-from", metavar="PLACE"),
    many("--cache-to", metavar="PLACE"),
    flag("--pull"),
    option("--platform", metavar="OS/ARCH", default=""),
    many("--secret", metavar="id=ID,src=FILE"),
    many("--ssh", metavar="ID[=SOCKET|KEY]"),
    option("--network", type=click.Choice(["default", "host", "none"]), default="default"),
    many("--add-host", metavar="NAME:ADDRESS"),
    option("--shm-size", metavar="SIZE", default=""),
    many("--ulimit", metavar="NAME=SOFT[:HARD]"),
    option("--cgroup-parent", metavar="GROUP", default=""),
    ISOLATION,
    many("--allow", metavar="ENTITLEMENT"),
    many("-o", "--output", metavar="PLACE"),
    flag("--push"),
    flag("--load"),
    option("--iidfile", metavar="PATH"),
    option("--metadata-file", metavar="PATH"),
    option("--progress", type=click.Choice(_PROGRESS), default="auto", envvar="BUILDKIT_PROGRESS"),
    flag("-q", "--quiet"),
    option("--call", metavar="METHOD", default=""),
    flag("--check"),
    flag("--predict"),
    flag("--guess"),
    option("--provenance", metavar="false", default=""),
    option("--sbom", metavar="false", default=""),
    many("--attest", metavar="type=TYPE"),
    many("--policy", metavar="POLICY"),
    many("--resource", metavar="RESOURCE"),
    many("--device", metavar="DEVICE"),
    # Of the classic builder: BuildKit takes and ignores them, and old instructions say them.
    *(click.option(name, is_flag=True, hidden=True, expose_value=False) for name in ("--rm", "--force-rm")),
    click.option("--compress", is_flag=True, hidden=True, expose_value=False),
)
_OFF = ("", "false", "0")


def build_options(function: Function) -> Function:
    """Give a command all of them."""
    for decorate in reversed(OPTIONS):
        function = decorate(function)
    return function


def wishes(here: Session, said: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of BuildOptions that the options say, all but Dockerfile and context; raises CommandError."""
    from pydock_lab.cli import parse_build, parse_outputs  # noqa: PLC0415 - only for who builds

    _check_supported(said)
    tags = tuple(said["tag"])
    if said["push"] and not tags:
        raise CommandError("cli.push-needs-tag")
    return {
        "tags": tags,
        "build_args": parse.pairs(said["build_arg"], "--build-arg"),
        "build_contexts": parse_build.build_contexts(said["build_context"]),
        "labels": parse.pairs(said["label"], "--label"),
        "annotations": parse_build.annotations(said["annotation"]),
        "target": said["target"],
        "no_cache": said["no_cache"],
        "no_cache_filter": tuple(name for text in said["no_cache_filter"] for name in text.split(",") if name),
        "pull": said["pull"],
        "network": said["network"],
        "platform": _platform(said["platform"]),
        "secrets": tuple(map(parse_build.secret, said["secret"])),
        "agents": tuple(map(parse_build.agent, said["ssh"])),
        "add_hosts": tuple(map(parse_build.add_host, said["add_host"])),
        "shm_size": parse.size(said["shm_size"], "--shm-size") if said["shm_size"] else 0,
        "ulimits": tuple(map(parse_build.ulimit, said["ulimit"])),
        "cgroup_parent": said["cgroup_parent"],
        "isolation": said["isolation"],
        "allow": parse_build.allowed(said["allow"]),
        "outputs": tuple(parse_outputs.output(text, here.face.output) for text in said["output"]),
        "push": said["push"],
        "cache_from": tuple(map(parse_outputs.cache_from, said["cache_from"])),
        "cache_to": tuple(map(parse_outputs.cache_to, said["cache_to"])),
    }


def _check_supported(said: Mapping[str, Any]) -> None:
    """Raises CommandError for the first option that asks for what this engine has not."""
    for name in ("provenance", "sbom"):
        if said[name].lower() not in _OFF:
            raise CommandError("cli.not-supported", option=f"--{name}")
    for name in ("attest", "policy", "resource", "device"):
        if any("disabled=true" not in text.split(",") for text in said[name]):
            raise CommandError("cli.not-supported", option=f"--{name}")


def _platform(text: str) -> str:
    if "," in text:
        raise CommandError("cli.one-platform", value=text)
    return text
