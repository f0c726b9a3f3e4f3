import pytest

from pydock_lab.dockerfile.directives import CheckOptions, detect, directives, escape_of
from pydock_lab.errors import DockerfileError


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["# syntax = a/b", "#ESCAPE=`", "FROM a"], [("syntax", "a/b", 1), ("escape", "`", 2)]),
        (["# other=1", "# escape=`"], []),
        (["", "# escape=`"], []),
        (["# escape="], []),
    ],
)
def test_only_at_the_top(lines: list[str], found: list[tuple[str, str, int]]) -> None:
    assert [(each.name, each.value, each.line) for each in directives(lines)] == found


@pytest.mark.parametrize(
    ("lines", "key", "line"),
    [(["#check=a=b", "#check=c=d"], "directive-twice", 2), (["#syntax=a", "#escape=x"], "directive-escape", 2)],
)
def test_mistakes(lines: list[str], key: str, line: int) -> None:
    with pytest.raises(DockerfileError) as caught:
        escape_of(list(directives(lines)))
    assert (caught.value.key, caught.value.line) == (f"dockerfile.{key}", line)


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("# syntax=a/b more\nFROM x", "a/b"),
        ("#!/bin/sh\n# syntax=a", "a"),
        ("// syntax=a", "a"),
        ('{"syntax": "a"}', "a"),
        ('{"syntax": 1}', None),
        ("# escape=`\n# escape=`\n# syntax=a", None),
    ],
)
def test_detection(text: str, head: str | None) -> None:
    found = detect("syntax", text)
    assert (found.head if found else None) == head


def test_check_options() -> None:
    options = CheckOptions.parse(" skip=A, B ; error=true; experimental=all ")
    assert options == CheckOptions(skip=("A", "B"), is_error=True, experimental_all=True)


@pytest.mark.parametrize("text", ["skip", "error=maybe", "other=a"])
def test_wrong_check_options(text: str) -> None:
    with pytest.raises(DockerfileError):
        CheckOptions.parse(text)
