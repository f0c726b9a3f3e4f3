"""build_errors.json: Dockerfiles that cannot be planned, and the lines that the error speaks of."""

import pytest
from vectors.made_up_images import Images, options

from pydock_lab.build.plan import plan
from pydock_lab.dockerfile.stages import parse
from pydock_lab.errors import PydockError


def check(case):
    given, expect = case.input, case.expect
    with pytest.raises(PydockError) as caught:
        plan(parse(given["dockerfile"]), options(given), Images(given.get("base_images", {})))
    error = caught.value
    if expect["error_strict"]:
        assert expect["error_contains"] in error.message("en")
    assert error.message("fr")
    if "error_lines" in expect:
        assert error.fields["line"] == expect["error_lines"][0][0]
        assert error.fields["end_line"] == expect["error_lines"][-1][1]


def test_build_errors(every_case):
    every_case("dockerfile/build_errors", check)
