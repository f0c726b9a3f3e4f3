import pytest

from pydock_lab.dockerfile.nodes import WarningKind
from pydock_lab.dockerfile.parser import LONGEST_LINE, read_syntax
from pydock_lab.errors import DockerfileError


def lines_of(text: str) -> list[tuple[str, int, int]]:
    return [(node.original, node.lines.first, node.lines.last) for node in read_syntax(text).nodes]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FROM a\n\nRUN b \\\n # c\n  d\n", [("FROM a", 1, 1), ("RUN b   d", 3, 5)]),
        ("\ufeffFROM a\r\nRUN b\r\n", [("FROM a", 1, 1), ("RUN b", 2, 2)]),
        ("RUN <<A <<B\n# no comment\nA\nB\nB\nRUN c", [("RUN <<A <<B", 1, 4), ("B", 5, 5), ("RUN c", 6, 6)]),
        ("RUN a \\\\\nRUN b", [("RUN a \\\\", 1, 1), ("RUN b", 2, 2)]),
        ("# escape=`\nRUN a `\n b", [("RUN a  b", 2, 3)]),
        ("RUN a \\", [("RUN a ", 1, 1)]),
        ("ONBUILD RUN <<A\nb\nA\n", [("ONBUILD RUN <<A", 1, 3)]),
    ],
)
def test_logical_lines(text: str, found: list[tuple[str, int, int]]) -> None:
    assert lines_of(text) == found


def test_a_heredoc_keeps_its_lines_as_they_are() -> None:
    (node,) = read_syntax("COPY <<A /b\r\n  x \\\r\n\r\nA\r\n").nodes
    assert node.heredocs[0].content == "  x \\\r\n\r\n"


def test_comments_stay_with_the_instruction_below() -> None:
    first, second, third = read_syntax("# escape=\\\n# a\n\n#b\nFROM x\nRUN y\n# lost\n#\n# c\nRUN z").nodes
    assert (first.comments, second.comments, third.comments) == (("a", "b"), (), ("c",))


def test_empty_lines_in_an_instruction_are_warned_of() -> None:
    (warning,) = read_syntax("FROM a\nRUN b \\\n\n c\n").warnings
    assert (warning.kind, warning.instruction, warning.line) == (WarningKind.EMPTY_CONTINUATION, "RUN b  c", 4)


@pytest.mark.parametrize(
    ("text", "key", "line", "end_line"),
    [
        ("", "empty", None, None),
        ("# a\n\n", "empty", 2, 2),
        ("FROM a\nRUN <<EOF\nb\n", "heredoc-unterminated", 2, 3),
        ("FROM a\nENV \\\n b\n", "pair-value", 2, 3),
        ("FROM a\n# b\n" + "a" * (LONGEST_LINE + 1), "line-too-long", 2, 2),
        ("FROM a\n" + "ONBUILD " * 30 + "RUN b", "onbuild-chain", 2, 2),
    ],
)
def test_mistakes_have_their_lines(text: str, key: str, line: int | None, end_line: int | None) -> None:
    with pytest.raises(DockerfileError) as caught:
        read_syntax(text)
    fields = caught.value.fields
    assert (caught.value.key, fields.get("line"), fields.get("end_line")) == (f"dockerfile.{key}", line, end_line)


def test_the_longest_line_is_measured_in_bytes() -> None:
    assert read_syntax("RUN " + "a" * (LONGEST_LINE - 4) + "\n").nodes
    with pytest.raises(DockerfileError):
        read_syntax("FROM a\nRUN " + "é" * (LONGEST_LINE // 2))
