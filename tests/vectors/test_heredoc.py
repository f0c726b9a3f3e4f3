"""heredoc.json: here-documents, from one word to a whole file."""

from vectors.cases import Case, EveryCase

from pydock_lab.dockerfile.heredoc import Heredoc, announced, chomp, heredoc
from pydock_lab.dockerfile.parser import read_syntax


def document(each: Heredoc | None) -> dict[str, object] | None:
    if each is None:
        return None
    return {
        "name": each.name,
        "fd": each.descriptor,
        "expand": each.expand,
        "chomp": each.chomp,
        "content": each.content,
    }


def check_word(case: Case) -> None:
    if case.is_error:
        case.raises(lambda: heredoc(case.input["word"]))
    else:
        assert document(heredoc(case.input["word"])) == case.expect["heredoc"]


def check_line(case: Case) -> None:
    assert [document(each) for each in announced(case.input["line"])] == case.expect["heredocs"]


def check_chomp(case: Case) -> None:
    assert chomp(case.input["text"]) == case.expect["result"]


def check_extract(case: Case) -> None:
    for node, wanted in zip(read_syntax(case.input["dockerfile"]).nodes, case.expect["nodes"], strict=True):
        assert [document(each) for each in node.heredocs] == wanted.get("heredocs", [])
        assert (node.lines.first, node.lines.last) == (wanted["start"], wanted["end"])
        assert list(node.arguments) == wanted["args"]


def check_file(case: Case) -> None:
    nodes = [node for node in read_syntax(case.input["dockerfile"]).nodes if node.heredocs]
    assert case.expect["heredocs"] == [
        {
            "line": node.lines.first,
            "end": node.lines.last,
            "heredocs": [document(each) for each in node.heredocs],
        }
        for node in nodes
    ]


def test_words(every_case: EveryCase) -> None:
    every_case("dockerfile/heredoc", check_word, "word")


def test_lines(every_case: EveryCase) -> None:
    every_case("dockerfile/heredoc", check_line, "line")


def test_chomp(every_case: EveryCase) -> None:
    every_case("dockerfile/heredoc", check_chomp, "chomp")


def test_nodes(every_case: EveryCase) -> None:
    every_case("dockerfile/heredoc", check_extract, "extract")


def test_files(every_case: EveryCase) -> None:
    every_case("dockerfile/heredoc", check_file, "file")
