"""Checks of what is run and where: CMD, ENTRYPOINT, HEALTHCHECK, WORKDIR."""

import re
from collections.abc import Iterator

from pydock_lab.dockerfile.characters import quote
from pydock_lab.dockerfile.checks import code
from pydock_lab.dockerfile.checks.finding import Finding
from pydock_lab.dockerfile.checks.rules import Rule
from pydock_lab.dockerfile.instructions import Cmd, Entrypoint, Workdir
from pydock_lab.dockerfile.survey import InstructionSeen

_WINDOWS_ROOT = re.compile(r"[A-Za-z]:[\\/]|[\\/]")


def json_args_recommended(sight: InstructionSeen) -> Iterator[Finding]:
    """In shell form the shell is process 1, and keeps signals such as `docker stop`'s to itself."""
    instruction = sight.instruction
    if not isinstance(instruction, Cmd | Entrypoint) or not instruction.command.is_shell or sight.scope.has_shell:
        return
    keyword = instruction.source.keyword
    instead = code.exec_form(keyword, " ".join(instruction.command.arguments))
    fields = {"instruction": keyword}
    yield Finding(rule=Rule.JSON_ARGS_RECOMMENDED, lines=sight.lines, fields=fields, instead=instead)


def multiple_instructions_disallowed(sight: InstructionSeen) -> Iterator[Finding]:
    """Of several CMDs the last one counts, so it is the one before that is pointed at."""
    earlier = sight.scope.earlier.get(type(sight.instruction))
    if earlier is not None:
        fields = {"instruction": sight.instruction.source.keyword}
        yield Finding(rule=Rule.MULTIPLE_INSTRUCTIONS_DISALLOWED, lines=earlier, fields=fields)


def workdir_relative_path(sight: InstructionSeen) -> Iterator[Finding]:
    """The first WORKDIR of a Dockerfile is absolute: from where a relative one starts, the image below decides."""
    if not isinstance(sight.instruction, Workdir) or sight.scope.has_workdir:
        return
    path = sight.values[0]
    absolute = _WINDOWS_ROOT.match(path) if sight.scope.platform.os == "windows" else path.startswith("/")
    if not absolute:
        instead = code.short(f"{sight.instruction.source.keyword} /{path}") if path else ""
        fields = {"path": quote(path)}
        yield Finding(rule=Rule.WORKDIR_RELATIVE_PATH, lines=sight.lines, fields=fields, instead=instead)
