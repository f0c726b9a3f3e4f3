"""Checks of FROM: its arguments, its platform, its image."""

import re
from collections.abc import Iterator

from pydock_lab.dockerfile.characters import quote
from pydock_lab.dockerfile.checks import code
from pydock_lab.dockerfile.checks.finding import Finding
from pydock_lab.dockerfile.checks.rules import Rule
from pydock_lab.dockerfile.platforms import parse_platform
from pydock_lab.dockerfile.suggest import closest_name
from pydock_lab.dockerfile.survey import BaseSeen, DefaultBase, ImageSeen, PlatformSeen
from pydock_lab.errors import DockerfileError, InvalidReference
from pydock_lab.oci import Platform, Reference

_TARGET = "TARGETPLATFORM"
_TAG_VARIABLE = re.compile(r":\$\{?(\w+)")


def invalid_default_arg_in_from(sight: DefaultBase) -> Iterator[Finding]:
    """Without any --build-arg, FROM must still name an image that can exist."""
    try:
        Reference.parse(sight.name)
    except InvalidReference:
        base = sight.instruction.base
        instead = _default(base, sorted(sight.without_value))
        fields = {"base": base}
        yield Finding(rule=Rule.INVALID_DEFAULT_ARG_IN_FROM, lines=sight.lines, fields=fields, instead=instead)


def _default(base: str, names: list[str]) -> str:
    """An ARG line with a default that makes a name: `latest` where a tag is missing."""
    tag = _TAG_VARIABLE.search(base)
    if tag is not None and tag[1] in names:
        return f"ARG {tag[1]}=latest"
    whole = next((name for name in names if base in (f"${name}", f"${{{name}}}")), "")
    return f"ARG {whole}=alpine" if whole else ""


def undefined_arg_in_from(sight: BaseSeen) -> Iterator[Finding]:
    """FROM sees only the ARGs above the first FROM, and those of the platform."""
    known = {*sight.arguments, *sight.declared}
    for name in sorted(sight.expansion.unmatched - known):
        meant = closest_name(name, sorted(known))
        written = sight.instruction.code
        yield Finding(
            rule=Rule.UNDEFINED_ARG_IN_FROM,
            lines=sight.lines,
            fields={"name": name, "suggestion": meant or ""},
            variant="-like" if meant else "",
            instead=code.with_variable(written, name, meant) if meant else f"ARG {name}=...",
        )


def redundant_target_platform(sight: PlatformSeen) -> Iterator[Finding]:
    """The target's platform is what FROM takes anyway."""
    found, target = sight.expansion, sight.arguments.get(_TARGET, "")
    if found.matched == {_TARGET} and not found.unmatched and found.text == target:
        instead = code.without_platform(sight.instruction.code)
        fields = {"variable": sight.instruction.platform}
        yield Finding(rule=Rule.REDUNDANT_TARGET_PLATFORM, lines=sight.lines, fields=fields, instead=instead)


def from_platform_flag_const_disallowed(sight: PlatformSeen) -> Iterator[Finding]:
    """A platform that is written out builds for this one only, unless the stage's name says that it is meant so."""
    found, stage = sight.expansion, sight.instruction.stage
    if found.matched or found.unmatched:
        return
    try:
        platform = parse_platform(found.text)
    except DockerfileError:
        return
    if platform.os in stage or platform.architecture in stage:
        return
    instead = code.without_platform(sight.instruction.code)
    fields = {"platform": quote(found.text)}
    yield Finding(rule=Rule.FROM_PLATFORM_FLAG_CONST_DISALLOWED, lines=sight.lines, fields=fields, instead=instead)


def invalid_base_image_platform(sight: ImageSeen) -> Iterator[Finding]:
    """The image that was found is for other machines than the build."""
    if sight.config is None:
        return
    actual, wanted = sight.config.platform, sight.wanted
    if (actual.os, actual.architecture) != (wanted.os, wanted.architecture):
        fields = {"image": sight.name, "actual": _quoted(actual), "expected": _quoted(wanted)}
        yield Finding(rule=Rule.INVALID_BASE_IMAGE_PLATFORM, lines=sight.lines, fields=fields)


def _quoted(platform: Platform) -> str:
    return quote(str(platform))
