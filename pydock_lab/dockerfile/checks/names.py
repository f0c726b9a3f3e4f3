"""Checks of a whole Dockerfile: the names of its stages, the casing of its instructions."""

from collections import Counter
from collections.abc import Iterator, Sequence

from pydock_lab.dockerfile.characters import quote
from pydock_lab.dockerfile.checks import code
from pydock_lab.dockerfile.checks.finding import Finding
from pydock_lab.dockerfile.checks.rules import Rule
from pydock_lab.dockerfile.instructions import Instruction
from pydock_lab.dockerfile.stages import Stage

_RESERVED = ("context", "scratch")


def reserved_stage_name(stages: Sequence[Stage]) -> Iterator[Finding]:
    """`scratch` is no image, and `context` is what COPY reads: neither should be a stage."""
    for stage in stages:
        if stage.name in _RESERVED:
            instead = code.with_last_word(stage.start.code, f"{stage.name}-stage")
            fields = {"name": quote(stage.name)}
            yield Finding(rule=Rule.RESERVED_STAGE_NAME, lines=stage.lines, fields=fields, instead=instead)


def duplicate_stage_name(stages: Sequence[Stage]) -> Iterator[Finding]:
    """Of two stages with one name, only the last can be copied from."""
    seen = Counter[str]()
    for stage in stages:
        seen[stage.name] += 1
        if stage.name and seen[stage.name] > 1:
            instead = code.with_last_word(stage.start.code, f"{stage.name}-{seen[stage.name]}")
            fields = {"name": quote(stage.name)}
            yield Finding(rule=Rule.DUPLICATE_STAGE_NAME, lines=stage.lines, fields=fields, instead=instead)


def consistent_instruction_casing(stages: Sequence[Stage]) -> Iterator[Finding]:
    """All instructions in capitals, or all in small letters: as most of them are, capitals where it is even."""
    written = [each for stage in stages for each in (stage.start, *stage.commands)]
    keywords = [each.source.keyword for each in written]
    small = sum(keyword == keyword.lower() for keyword in keywords)
    capital = sum(keyword == keyword.upper() for keyword in keywords)
    for each in written:
        yield from _other_casing(each, is_small=small > capital)


def _other_casing(instruction: Instruction, *, is_small: bool) -> Iterator[Finding]:
    keyword = instruction.source.keyword
    wanted = keyword.lower() if is_small else keyword.upper()
    if keyword != wanted:
        yield Finding(
            rule=Rule.CONSISTENT_INSTRUCTION_CASING,
            lines=instruction.lines,
            fields={"command": keyword, "casing": "lowercase" if is_small else "uppercase"},
            instead=code.with_keyword(instruction.code, wanted),
        )
