"""patternmatcher.json: patterns over paths."""

from vectors.cases import Case, EveryCase

from pydock_lab.dockerfile.ignore import IgnoreRules
from pydock_lab.dockerfile.path_pattern import PathPattern, expression


def check_match(case: Case) -> None:
    if case.is_error:
        case.raises(lambda: IgnoreRules.of(case.input["patterns"]))
        return
    rules = IgnoreRules.of(case.input["patterns"])
    assert [str(rule) for rule in rules.rules] == case.expect["cleaned"]
    assert rules.has_exceptions == case.expect["exclusions"]
    assert rules.ignores(case.input["path"]) == case.expect["match"]


def check_compile(case: Case) -> None:
    pattern = PathPattern.parse(case.input["pattern"])
    wanted = case.expect["regexp_unix"]
    # An empty expression says that comparing texts is enough.
    assert (pattern.regex is not None) == bool(wanted)
    assert not wanted or f"^{expression(pattern.text)}$" == wanted


def test_match(every_case: EveryCase) -> None:
    kinds = ("filepath-match", "grid", "table", "multi", "named")
    every_case("dockerfile/patternmatcher", check_match, *kinds)


def test_compile(every_case: EveryCase) -> None:
    every_case("dockerfile/patternmatcher", check_compile, "compile")
