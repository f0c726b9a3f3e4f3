"""Where somebody stands who is writing a Dockerfile."""

import pytest

from pydock_lab.dockerfile.cursor import cursor

STAGES = "ARG VERSION=1\nFROM lab/base:$VERSION AS One\nARG A B=2\nENV C=1 D=2\nFROM one AS two\nENV OLD a b=c\n"


@pytest.mark.parametrize(
    ("text", "keyword", "flags", "arguments", "fragment"),
    [
        ("", "", (), (), ""),
        ("CO", "", (), (), "CO"),
        ("COPY ", "COPY", (), (), ""),
        ("copy --link --from=x a b", "COPY", ("--link", "--from=x"), ("a",), "b"),
        ("ONBUILD ", "", (), (), ""),
        ("ONBUILD COPY --li", "COPY", (), (), "--li"),
        ("RUN a \\\n  b c", "RUN", (), ("a", "b"), "c"),
        ("RUN a \\\n\n# comment\n  b c", "RUN", (), ("a", "b"), "c"),
        ("# escape=`\nRUN a `\nb ", "RUN", (), ("a", "b"), ""),
        ("# escape=x\nRUN a \\\nb ", "RUN", (), ("a", "b"), ""),
        ("RUN <<EOF\nCOPY\nEOF\nAD", "", (), (), "AD"),
        ("RUN <<-EOF\nCOPY\n\tEOF\nAD", "", (), (), "AD"),
        ("COPY <<one <<two /\n1\none\n2\ntwo\nAD", "", (), (), "AD"),
        ("ENV a=<<EOF\nAD", "", (), (), "AD"),
        ("RUN '<<EOF\nAD", "", (), (), "AD"),
    ],
)
def test_words_before_a_cursor(
    text: str, keyword: str, flags: tuple[str, ...], arguments: tuple[str, ...], fragment: str
) -> None:
    found = cursor(text)
    assert found is not None
    assert (found.keyword, found.flags, found.arguments, found.fragment) == (keyword, flags, arguments, fragment)


@pytest.mark.parametrize("text", ["# CO", "FROM a\n  # CO", "RUN <<EOF\nCO", "COPY <<one <<two /\none\nCO"])
def test_no_instruction_stands_there(text: str) -> None:
    assert cursor(text) is None


@pytest.mark.parametrize(
    ("rest", "names"),
    [
        ("RUN $", ("OLD", "A", "B", "C", "D")),
        ("FROM $", ("VERSION",)),
        ("FROM other\nENV X=1\nRUN $", ("X",)),
        ("FROM two AS two\nENV X=1\nRUN $", ("X", "OLD", "A", "B", "C", "D")),
        ("FROM two \\\n  AS three\nRUN $", ("OLD", "A", "B", "C", "D")),
    ],
)
def test_variables_that_hold_there(rest: str, names: tuple[str, ...]) -> None:
    found = cursor(STAGES + rest)
    assert found is not None
    assert found.variables == names


def test_stages_above() -> None:
    found = cursor(STAGES + "FROM --platform=linux/arm64 two\nRUN ")
    assert found is not None
    assert [(stage.name, stage.base) for stage in found.stages] == [
        ("one", "lab/base:$VERSION"),
        ("two", "one"),
        ("", "two"),
    ]
