"""outline.json: what `--call=outline` and `--call=targets` say."""

from vectors.cases import Case, EveryCase

from pydock_lab.dockerfile.outline import outline, targets
from pydock_lab.dockerfile.stages import parse
from pydock_lab.dockerfile.survey import BuildFacts


def check_outline(case: Case) -> None:
    given = case.input
    facts = BuildFacts(build_args=given.get("build_args", {}), target=given.get("target", ""))
    if case.is_error:
        case.raises(lambda: outline(parse(given["dockerfile"]), facts))
        return
    assert outline(parse(given["dockerfile"]), facts).to_json() == case.expect


def check_targets(case: Case) -> None:
    if case.is_error:
        case.raises(lambda: targets(parse(case.input["dockerfile"])))
        return
    found = [target.to_json() for target in targets(parse(case.input["dockerfile"]))]
    assert {"targets": found} == case.expect


def test_outline(every_case: EveryCase) -> None:
    every_case("dockerfile/outline", check_outline, "outline")


def test_targets(every_case: EveryCase) -> None:
    every_case("dockerfile/outline", check_targets, "targets")
