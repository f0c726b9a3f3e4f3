"""Checks of variables: used before they are set, set in an old form, set to what should be a secret."""

import re
from collections.abc import Iterator

from pydock_lab.dockerfile.characters import quote
from pydock_lab.dockerfile.checks import code
from pydock_lab.dockerfile.checks.finding import Finding
from pydock_lab.dockerfile.checks.rules import Rule
from pydock_lab.dockerfile.instructions import Arg, Env, Label
from pydock_lab.dockerfile.suggest import closest_name
from pydock_lab.dockerfile.survey import ArgumentSeen, InstructionSeen, WordSeen

_SECRET = re.compile(
    r"(?:_|^)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)", re.IGNORECASE | re.ASCII
)
_NO_SECRET = re.compile(r"(?:_|^)(?:public|file|version)(?:_|$)", re.IGNORECASE | re.ASCII)
_ABOUT_SCANS = ("BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE")  # read by BuildKit, never variables

_MOST = 200  # variables to compare a name with: every one more is looked at for every mistake


def undefined_var(sight: WordSeen) -> Iterator[Finding]:
    """A variable that neither ENV nor ARG has set above; unknown images may have set it, so there it is let be."""
    if not sight.scope.is_known:
        return
    for name in sorted(sight.expansion.unmatched - sight.scope.declared - {*_ABOUT_SCANS}):
        meant = closest_name(name, sight.scope.env) if len(sight.scope.env) <= _MOST else None
        yield Finding(
            rule=Rule.UNDEFINED_VAR,
            lines=sight.lines,
            fields={"name": name, "suggestion": meant or ""},
            variant="-like" if meant else "",
            instead=code.with_variable(sight.instruction.code, name, meant) if meant else f"ARG {name}=...",
        )


def legacy_key_value_format(sight: InstructionSeen) -> Iterator[Finding]:
    """`ENV name value`, in which one cannot see where a name ends."""
    instruction = sight.instruction
    if not isinstance(instruction, Env | Label):
        return
    keyword = instruction.source.keyword
    for pair in instruction.pairs:
        if pair.is_legacy:
            instead = code.pair(keyword, pair.key, pair.value)
            fields = {"instruction": keyword}
            yield Finding(rule=Rule.LEGACY_KEY_VALUE_FORMAT, lines=sight.lines, fields=fields, instead=instead)


def secrets_used_in_env(sight: InstructionSeen) -> Iterator[Finding]:
    """ENV stays in the image for everybody to read."""
    if isinstance(sight.instruction, Env):
        for name in sight.values[::2]:
            yield from _secret(sight, Env.name, name)


def secrets_used_in_arg(sight: ArgumentSeen) -> Iterator[Finding]:
    """ARG stays in the history of the image."""
    yield from _secret(sight, Arg.name, sight.variable.key)


def _secret(sight: InstructionSeen | ArgumentSeen, instruction: str, name: str) -> Iterator[Finding]:
    if _SECRET.search(name) and not _NO_SECRET.search(name):
        yield Finding(
            rule=Rule.SECRETS_USED_IN_ARG_OR_ENV,
            lines=sight.lines,
            fields={"instruction": instruction, "name": quote(name)},
            instead=code.short(f"RUN --mount=type=secret,id={name},env={name} ..."),
        )
