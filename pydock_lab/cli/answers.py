"""The answers to `docker build --call=...`: tables as Docker has them, or its JSON."""

import json
from collections.abc import Iterable, Sequence

from pydock_lab.cli.check_report import report_json, report_text
from pydock_lab.cli.session import Session
from pydock_lab.cli.table import columns
from pydock_lab.dockerfile import outline as outlines
from pydock_lab.dockerfile.outline import Outline, OutlineMount, Target
from pydock_lab.dockerfile.stages import parse
from pydock_lab.dockerfile.survey.facts import FindConfig
from pydock_lab.engine.checking import build_facts, check_build
from pydock_lab.engine.options import BuildOptions
from pydock_lab.errors import PydockError
from pydock_lab.oci import ImageConfig, Platform


def check(here: Session, options: BuildOptions, *, is_json: bool) -> int:
    """The build checks; 1 where there is something. Raises the error that a build would end with."""
    report = check_build(options, _images(here), all_stages=True)
    if is_json:
        here.write(_json(report_json(report, options)))
    else:
        here.write_lines(report_text(report, options))
        if report.error is not None:
            raise report.error
    return 1 if report.findings or report.error else 0


def targets(here: Session, options: BuildOptions, *, is_json: bool) -> None:
    """What can be built; raises DockerfileError."""
    found = outlines.targets(parse(options.dockerfile))
    here.write(_json({"targets": [target.to_json() for target in found]}) if is_json else _targets(found))


def outline(here: Session, options: BuildOptions, *, is_json: bool) -> None:
    """What the target can be given; raises DockerfileError."""
    found = outlines.outline(parse(options.dockerfile), build_facts(options, _images(here)))
    here.write_lines([_json(found.to_json())] if is_json else _outline(found))


def _images(here: Session) -> FindConfig:
    """The configs of images that need not be fetched."""

    def find(name: str, _platform: Platform) -> ImageConfig | None:
        try:
            return here.engine.image(name).details.config
        except PydockError:
            return None

    return find


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
