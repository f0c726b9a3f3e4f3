"""parser.json: the text of a Dockerfile to nodes."""

from vectors.cases import Case, EveryCase

from pydock_lab.dockerfile.characters import quote
from pydock_lab.dockerfile.heredoc import Heredoc
from pydock_lab.dockerfile.nodes import Node, ParseWarning
from pydock_lab.dockerfile.parser import read_syntax


def text_of(case: Case) -> str:
    if (template := case.input.get("dockerfile_template")) is None:
        return case.input["dockerfile"]
    return template["prefix"] + template["repeat"] * template["count"] + template["suffix"]


def dump(node: Node) -> str:
    flags = "[" + " ".join(map(quote, node.flags)) + "]" if node.flags else None
    trigger = dump(node.trigger) if node.trigger else None
    words = [node.keyword.lower(), flags, trigger, *map(quote, node.arguments)]
    return f"({' '.join(word for word in words if word is not None)})"


def heredoc_document(each: Heredoc) -> dict[str, object]:
    return {
        "name": each.name,
        "fd": each.descriptor,
        "expand": each.expand,
        "chomp": each.chomp,
        "content": each.content,
    }


def document(node: Node, *, is_trigger: bool = False) -> dict[str, object]:
    lines = (0, 0) if is_trigger else (node.lines.first, node.lines.last)
    optional = {
        "flags": list(node.flags),
        "json": node.is_json,
        "sub": document(node.trigger, is_trigger=True) if node.trigger else None,
        "heredocs": [heredoc_document(each) for each in node.heredocs],
        "comments": list(node.comments),
    }
    always = {
        "value": node.keyword,
        "original": node.original,
        "args": list(node.arguments),
        "start": lines[0],
        "end": lines[1],
    }
    return always | {name: value for name, value in optional.items() if value}


def warning_document(warning: ParseWarning) -> dict[str, object]:
    return {"line": warning.line, "short": f"Empty continuation line found in: {warning.instruction}"}


def check(case: Case) -> None:
    if case.is_error:
        error = case.raises(lambda: read_syntax(text_of(case)))
        # The reference counts the lines of directives from 0.
        shift = 1 if error.key.startswith("dockerfile.directive") else 0
        assert (error.line or 0) - shift == case.expect["error_lines"][0][0]
        return
    syntax = read_syntax(text_of(case))
    assert syntax.escape == case.expect["escape"]
    assert [document(node) for node in syntax.nodes] == case.expect["nodes"]
    if "result" in case.expect:
        assert "".join(f"{dump(node)}\n" for node in syntax.nodes) == case.expect["result"]
    assert [warning_document(each) for each in syntax.warnings] == case.expect.get("warnings", [])


def test_parser(every_case: EveryCase) -> None:
    every_case("dockerfile/parser", check)
