"""linter.json: what the build checks find, in a build and in `docker build --check`."""

import re
from dataclasses import replace

from vectors.cases import Case, EveryCase

from pydock_lab.build.plan import PlanOptions, plan
from pydock_lab.dockerfile.checks import Finding, Report, check
from pydock_lab.dockerfile.ignore import IgnoreRules
from pydock_lab.dockerfile.platforms import LINUX_AMD64
from pydock_lab.dockerfile.stages import parse
from pydock_lab.dockerfile.survey import BuildFacts
from pydock_lab.errors import PydockError
from pydock_lab.oci import ContainerConfig, ImageConfig

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CONFIG = ImageConfig(platform=LINUX_AMD64, config=ContainerConfig(env=(PATH,)))


class Images:
    def config(self, _name, _platform):
        return CONFIG


def report(case: Case, *, all_stages: bool) -> Report:
    given = case.input
    ignore = None
    if "dockerignore" in given:
        ignore = IgnoreRules.parse(given["dockerignore"])
    elif "ignore_patterns" in given:
        ignore = IgnoreRules.of(given["ignore_patterns"])
    facts = BuildFacts(
        build_args=given.get("build_args", {}),
        target=given.get("target", ""),
        all_stages=all_stages,
        ignore=ignore,
        find_config=lambda _name, platform: replace(CONFIG, platform=platform),
    )
    return check(given["dockerfile"], facts)


def shown(findings: tuple[Finding, ...]) -> list[dict[str, object]]:
    return [{"line": each.lines.first, "rule": each.rule.value, "detail": each.detail} for each in findings]


def failure(case: Case) -> PydockError | None:
    """What ends the build: for what the checks leave to the plan, the plan says it."""
    found = report(case, all_stages=True)
    if found.error or found.violation:
        return found.error or found.violation
    try:
        plan(parse(case.input["dockerfile"]), PlanOptions(build_args=case.input.get("build_args", {})), Images())
    except PydockError as error:
        return error
    return None


def check_warnings(case: Case) -> None:
    lint = report(case, all_stages=True)
    assert shown(lint.findings) == case.expect["lint_warnings"]
    if "build_warnings" in case.expect:
        assert shown(report(case, all_stages=False).findings) == case.expect["build_warnings"]
    for finding in lint.findings:
        assert finding.message("fr")
        assert finding.advice("fr")


def check_error(case: Case) -> None:
    error = failure(case)
    if "error_contains" not in case.expect:
        assert error is None
        return
    assert error is not None
    text = error.message("en")
    assert not case.expect["error_strict"] or case.expect["error_contains"] in text
    if "error_regexp" in case.expect:
        assert re.search(case.expect["error_regexp"], text)
    if "error_line" in case.expect:
        assert error.fields["line"] == case.expect["error_line"]


def test_warnings(every_case: EveryCase) -> None:
    every_case("dockerfile/linter", check_warnings)


def test_errors(every_case: EveryCase) -> None:
    every_case("dockerfile/linter", check_error)
