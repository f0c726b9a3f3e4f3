"""The build checks as the engine makes them: with the images that are here, and the ignore file of the context."""

from collections.abc import Iterator, Sequence

from pydock_lab import locale
from pydock_lab.dockerfile.checks import Finding, Report, check
from pydock_lab.dockerfile.ignore import IgnoreRules
from pydock_lab.dockerfile.platforms import parse_platform
from pydock_lab.dockerfile.survey import BuildFacts
from pydock_lab.dockerfile.survey.facts import FindConfig
from pydock_lab.engine.context_folder import ignore_text
from pydock_lab.engine.options import BuildOptions
from pydock_lab.engine.this_machine import PLATFORM
from pydock_lab.events import Noted


def build_facts(options: BuildOptions, find_config: FindConfig, *, all_stages: bool = False) -> BuildFacts:
    """What the checks have to know of a build; raises DockerfileError for an ignore file that means nothing."""
    ignored = ignore_text(options)
    return BuildFacts(
        build_args=options.build_args,
        target=options.target,
        platform=parse_platform(options.platform, PLATFORM) if options.platform else PLATFORM,
        host=PLATFORM,
        all_stages=all_stages,
        ignore=IgnoreRules.parse(ignored) if ignored else None,
        find_config=find_config,
        contexts=frozenset(options.build_contexts),
    )


def check_build(options: BuildOptions, find_config: FindConfig, *, all_stages: bool = False) -> Report:
    """Check the Dockerfile of a build; raises DockerfileError for an ignore file that means nothing."""
    return check(options.dockerfile, build_facts(options, find_config, all_stages=all_stages))


def notes(findings: Sequence[Finding]) -> Iterator[Noted]:
    """The findings as notes, for whoever watches the build; nothing where there are none."""
    if findings:
        yield Noted(text=locale.text("checks.found-one") if len(findings) == 1 else _several(findings))
    for finding in findings:
        yield Noted(text=f" - {finding.summary()}\n   {_remedy(finding)}", line=finding.lines.first)


def _several(findings: Sequence[Finding]) -> str:
    return locale.text("checks.found-many", count=len(findings))


def _remedy(finding: Finding) -> str:
    return locale.text("checks.instead", code=finding.instead) if finding.instead else finding.advice()
