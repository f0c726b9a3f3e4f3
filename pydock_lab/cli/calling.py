"""`docker build --call=...`: questions about a Dockerfile that need no build.

    --check, --call=check     what had better be written in another way; exit status 1 where there is something
    --call=outline            what the target can be given: arguments, secrets, SSH agents
    --call=targets            what can be built

With `,format=json` the answer is Docker's JSON.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from pydock_lab.cli.check_report import report_json, report_text
from pydock_lab.cli.session import Session
from pydock_lab.cli.table import columns
from pydock_lab.dockerfile.outline import Outline, OutlineMount, Target, outline, targets
from pydock_lab.dockerfile.stages import parse as parse_dockerfile
from pydock_lab.dockerfile.survey.facts import FindConfig
from pydock_lab.engine.checking import build_facts, check_build
from pydock_lab.engine.options import BuildOptions
from pydock_lab.errors import CommandError, PydockError
from pydock_lab.oci import ImageConfig, Platform


class Method(Enum):
    """What is asked."""

    BUILD = "build"
    CHECK = "check"
    OUTLINE = "outline"
    TARGETS = "targets"


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A question, and whether the answer is for a program."""

    method: Method
    is_json: bool = False


def parse_call(text: str, *, check: bool) -> Call:
    """Read `METHOD[,format=FORMAT]`; raises CommandError."""
    name, *options = (text or ("check" if check else "build")).split(",")
    forms = {"format=json": True, "format=text": False}
    known = ", ".join(method.value for method in Method)
    try:
        return Call(method=Method(name), is_json=[False, *(forms[option] for option in options)][-1])
    except (ValueError, KeyError):
        raise CommandError("cli.bad-call", call=text, known=known) from None


def answer(here: Session, options: BuildOptions, call: Call) -> int:
    """Answer a question; the exit status."""
    match call.method:
        case Method.CHECK:
            return _check(here, options, is_json=call.is_json)
        case Method.TARGETS:
            found = targets(parse_dockerfile(options.dockerfile))
            said: object = {"targets": [target.to_json() for target in found]}
            here.write(_json(said) if call.is_json else _targets(found))
        case _:
            asked = outline(parse_dockerfile(options.dockerfile), build_facts(options, images_here(here)))
            here.write_lines([_json(asked.to_json())] if call.is_json else _outline(asked))
    return 0


def images_here(here: Session) -> FindConfig:
    """The configs of images that need not be fetched."""

    def find(name: str, _platform: Platform) -> ImageConfig | None:
        try:
            return here.engine.image(name).details.config
        except PydockError:
            return None

    return find


def _check(here: Session, options: BuildOptions, *, is_json: bool) -> int:
    report = check_build(options, images_here(here), all_stages=True)
    if is_json:
        here.write(_json(report_json(report, options)))
    else:
        here.write_lines(report_text(report, options))
        if report.error is not None:
            raise report.error
    return 1 if report.findings or report.error else 0


def _targets(found: Sequence[Target]) -> str:
    return columns([("TARGET", "DESCRIPTION"), *((_title(target), target.description) for target in found)])


def _title(target: Target) -> str:
    return f"{target.name} (default)".strip() if target.is_default else target.name


def _outline(asked: Outline) -> Iterable[str]:
    """Docker's tables, one below the other; what there is none of has no table."""
    if asked.name or asked.description:
        yield f"{'TARGET:':<12} {asked.name}" if asked.description else f"TARGET: {asked.name}"
        if asked.description:
            yield f"DESCRIPTION: {asked.description}"
        yield ""
    if asked.arguments:
        rows = [(one.name, one.value, one.description) for one in asked.arguments]
        yield columns([("BUILD ARG", "VALUE", "DESCRIPTION"), *rows])
        yield ""
    yield from _mounts("SECRET", asked.secrets)
    yield from _mounts("SSH", asked.agents)


def _mounts(heading: str, mounts: Sequence[OutlineMount]) -> Iterable[str]:
    if mounts:
        yield columns([(heading, "REQUIRED"), *((one.name, "true" if one.is_required else "") for one in mounts)])
        yield ""


def _json(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)
