"""directives.json: syntax, escape and check at the top of a file."""

from dataclasses import asdict

from vectors.cases import Case, EveryCase

from pydock_lab.dockerfile.characters import quote
from pydock_lab.dockerfile.directives import CheckOptions, detect, directives
from pydock_lab.dockerfile.parser import read_syntax


def detected(name: str, text: str) -> dict[str, object]:
    if (found := detect(name, text)) is None:
        return {"cmdline": "", "ok": False, "value": ""}
    return {"cmdline": found.value, "ok": True, "value": found.head, "line": found.line}


def check_detect(case: Case) -> None:
    text = case.input["dockerfile"]
    found = [asdict(each) for each in directives(text.split("\n"))]
    assert found == case.expect["all"]
    assert detected("syntax", text) == case.expect["syntax"]
    assert detected("check", text) == case.expect["check"]


def check_escape(case: Case) -> None:
    text = case.input["dockerfile"]
    if case.is_error:
        # The reference counts these lines from 0.
        assert case.raises(lambda: read_syntax(text)).line == case.expect["error_lines"][0][0] + 1
        return
    syntax = read_syntax(text)
    assert syntax.escape == case.expect["escape"]
    lines = (" ".join([node.name.lower(), *map(quote, node.arguments)]) for node in syntax.nodes)
    assert "".join(f"({line})\n" for line in lines) == case.expect["result"]


def check_options(case: Case) -> None:
    if case.is_error:
        case.raises(lambda: CheckOptions.parse(case.input["text"]))
        return
    options = CheckOptions.parse(case.input["text"])
    assert case.expect == {
        "skip": list(options.skip),
        "skip_all": options.skip_all,
        "experimental": list(options.experimental),
        "experimental_all": options.experimental_all,
        "return_as_error": options.is_error,
    }


def test_detect(every_case: EveryCase) -> None:
    every_case("dockerfile/directives", check_detect, "detect")


def test_escape(every_case: EveryCase) -> None:
    every_case("dockerfile/directives", check_escape, "escape")


def test_options(every_case: EveryCase) -> None:
    every_case("dockerfile/directives", check_options, "check-options")
