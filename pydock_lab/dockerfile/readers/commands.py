"""RUN, CMD, ENTRYPOINT, SHELL, HEALTHCHECK and STOPSIGNAL: what is run, and how it is asked to end."""

import re

from pydock_lab.dockerfile.characters import quote
from pydock_lab.dockerfile.flags import FlagKind, Flags
from pydock_lab.dockerfile.instructions import (
    Cmd,
    CommandLine,
    Entrypoint,
    Healthcheck,
    Network,
    Run,
    Security,
    Shell,
    StopSignal,
)
from pydock_lab.dockerfile.mounts import check_mount, parse_device
from pydock_lab.dockerfile.nodes import Node
from pydock_lab.dockerfile.readers.node_checks import at_least_one, exactly_one, flags_of, source_of
from pydock_lab.dockerfile.scalars import duration
from pydock_lab.errors import DockerfileError
from pydock_lab.oci import Healthcheck as HealthcheckValue

_SHORTEST = 10**6  # nanoseconds: health checks cannot come more often than once a millisecond
_RETRIES = re.compile(r"[+-]?[0-9]{1,10}")
_MOST_RETRIES = 2**31
RUN_FLAGS = {
    "mount": FlagKind.TEXTS,
    "network": FlagKind.TEXT,
    "security": FlagKind.TEXT,
    "device": FlagKind.TEXTS,
}
HEALTHCHECK_FLAGS = dict.fromkeys(("interval", "timeout", "start-period", "start-interval", "retries"), FlagKind.TEXT)


def read_run(node: Node) -> Run:
    """`RUN command`; raises DockerfileError."""
    flags = flags_of(node, RUN_FLAGS)
    for mount in flags.texts("mount"):
        check_mount(mount)
    return Run(
        source=source_of(node),
        command=_command_line(node, node.arguments),
        mounts=flags.texts("mount"),
        devices=tuple(parse_device(device) for device in flags.texts("device")),
        network=_network(flags),
        security=_security(flags),
    )


def _network(flags: Flags) -> Network:
    if "network" not in flags.values:
        return Network.DEFAULT
    value = flags.text("network")
    try:
        return Network(value)
    except ValueError:
        raise DockerfileError("dockerfile.network", network=quote(value)) from None


def _security(flags: Flags) -> Security:
    if "security" not in flags.values:
        return Security.SANDBOX
    value = flags.text("security")
    try:
        return Security(value)
    except ValueError:
        raise DockerfileError("dockerfile.security", security=quote(value)) from None


def read_cmd(node: Node) -> Cmd:
    """`CMD command`; raises DockerfileError."""
    flags_of(node)
    return Cmd(source=source_of(node), command=_command_line(node, node.arguments))


def read_entrypoint(node: Node) -> Entrypoint:
    """`ENTRYPOINT command`; raises DockerfileError."""
    flags_of(node)
    return Entrypoint(source=source_of(node), command=_command_line(node, node.arguments))


def _command_line(node: Node, words: tuple[str, ...]) -> CommandLine:
    arguments = words if node.is_json or not words else (" ".join(words),)
    return CommandLine(arguments=arguments, is_shell=not node.is_json, heredocs=node.heredocs)


def read_shell(node: Node) -> Shell:
    """`SHELL ["program", "argument"]`; raises DockerfileError."""
    flags_of(node)
    at_least_one(node)
    if not node.is_json:
        raise DockerfileError("dockerfile.json-wanted", instruction=node.name)
    return Shell(source=source_of(node), arguments=node.arguments)


def read_stop_signal(node: Node) -> StopSignal:
    """`STOPSIGNAL signal`; raises DockerfileError."""
    # Alone with ARG, it lets flags pass.
    return StopSignal(source=source_of(node), signal=exactly_one(node))


def read_healthcheck(node: Node) -> Healthcheck:
    """`HEALTHCHECK CMD command, or NONE`; raises DockerfileError."""
    at_least_one(node)
    kind, words = node.arguments[0].upper(), node.arguments[1:]
    if kind == "NONE":
        if words:
            raise DockerfileError("dockerfile.healthcheck-none")
        return Healthcheck(source=source_of(node), health=HealthcheckValue(test=(kind,)))
    # Not before: BuildKit reads no flags beside NONE, so wrong ones pass there.
    flags = flags_of(node, HEALTHCHECK_FLAGS)
    if kind != "CMD":
        raise DockerfileError("dockerfile.healthcheck-kind", kind=quote(kind))
    if not words:
        raise DockerfileError("dockerfile.healthcheck-command")
    health = HealthcheckValue(
        test=("CMD" if node.is_json else "CMD-SHELL", *words),
        interval=_interval(flags, "interval"),
        timeout=_interval(flags, "timeout"),
        start_period=_interval(flags, "start-period"),
        start_interval=_interval(flags, "start-interval"),
        retries=_retries(flags),
    )
    return Healthcheck(source=source_of(node), health=health)


def _interval(flags: Flags, name: str) -> int:
    """A duration in nanoseconds; 0 leaves it to the image below."""
    text = flags.text(name)
    value = duration(text) if text else 0
    if value and value < _SHORTEST:
        raise DockerfileError("dockerfile.interval", flag=quote(name))
    return value


def _retries(flags: Flags) -> int:
    text = flags.text("retries")
    if not text:
        return 0
    if not _RETRIES.fullmatch(text) or abs(int(text)) >= _MOST_RETRIES:
        raise DockerfileError("dockerfile.retries-number", retries=quote(text))
    if int(text) < 0:
        raise DockerfileError("dockerfile.retries-negative", retries=int(text))
    return int(text)
