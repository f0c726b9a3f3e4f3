"""json_form.json: which texts are the exec form."""

from vectors.cases import Case, EveryCase

from pydock_lab.dockerfile.arguments import json_strings


def check(case: Case) -> None:
    text = case.input["text"]
    if case.kind == "not-string-array":
        case.raises(lambda: json_strings(text))
    elif case.kind == "not-json":
        assert json_strings(text) is None
    else:
        assert json_strings(text) == tuple(case.expect["items"])


def test_json_form(every_case: EveryCase) -> None:
    every_case("dockerfile/json_form", check)
