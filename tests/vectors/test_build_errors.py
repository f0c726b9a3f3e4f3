"""build_errors.json: Dockerfiles that cannot be planned, and the lines that the error speaks of."""

import pytest
from vectors.made_up_images import Images, options

from pydock_lab.build.plan import plan
from pydock_lab.dockerfile import checks
from pydock_lab.dockerfile.stages import parse
from pydock_lab.dockerfile.survey import BuildFacts
from pydock_lab.errors import PydockError


def build(given):
    plan(parse(given["dockerfile"]), options(given), Images(given.get("base_images", {})))
    # What the checks find is an error only where the Dockerfile asks for that.
    facts = BuildFacts(build_args=given.get("build_args", {}), target=given.get("target", ""))
    violation = checks.check(given["dockerfile"], facts).violation
    if violation is not None:
        raise violation


def check(case):
    given, expect = case.input, case.expect
    with pytest.raises(PydockError) as caught:
        build(given)
    error = caught.value
    if expect["error_strict"]:
        assert expect["error_contains"] in error.message("en")
    assert error.message("fr")
    if expect["error_strict"] and "error_lines" in expect:
        check_lines(error, expect["error_lines"])


def check_lines(error, expected):
    """The first of the lines counts: the reference gives a range as many, and circles with all their lines."""
    # It counts lines from 1, but those of directives from 0.
    counted_from = 0 if error.key.startswith("dockerfile.directive") else 1
    assert error.fields["line"] == expected[0][0] + 1 - counted_from
    assert error.fields["end_line"] in {last + 1 - counted_from for _, last in expected}


def test_build_errors(every_case):
    every_case("dockerfile/build_errors", check)
