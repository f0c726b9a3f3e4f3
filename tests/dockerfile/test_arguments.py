import pytest

from pydock_lab.dockerfile.arguments import json_strings, pairs, split_flags, words
from pydock_lab.errors import DockerfileError


@pytest.mark.parametrize(
    ("text", "escape", "found"),
    [
        ("a  b\tc", "\\", ("a", "b", "c")),
        ("a='x y' \"b c\"=d", "\\", ("a='x y'", '"b c"=d')),
        ("a\\ b c", "\\", ("a\\ b", "c")),
        ("a\\ b c", "`", ("a\\", "b", "c")),
        ("'open a", "\\", ("'open a",)),
        ("end\\", "\\", ("end",)),
        ("a\x1cb", "\\", ("a\x1cb",)),
    ],
)
def test_words(text: str, escape: str, found: tuple[str, ...]) -> None:
    assert words(text, escape) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [("a=b c=", ("a", "b", "=", "c", "", "=")), ("a b c", ("a", "b c", "")), ("", ())],
)
def test_pairs(text: str, found: tuple[str, ...]) -> None:
    assert pairs("ENV", text, "\\") == found


@pytest.mark.parametrize("text", ["a", "a=b c"])
def test_wrong_pairs(text: str) -> None:
    with pytest.raises(DockerfileError):
        pairs("ENV", text, "\\")


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ('["a", "b"]', ("a", "b")),
        ("[]", ()),
        ("['a']", None),
        ("[NaN]", None),
        ('["\\ud800"]', ("\ufffd",)),
        ("a", None),
    ],
)
def test_json(text: str, items: tuple[str, ...] | None) -> None:
    assert json_strings(text) == items


@pytest.mark.parametrize("text", ["[1]", '["a", ["b"]]', "[null]", "[1e999]", "[" + "9" * 5000 + "]"])
def test_json_of_other_things(text: str) -> None:
    with pytest.raises(DockerfileError):
        json_strings(text)


@pytest.mark.parametrize(
    ("text", "flags", "rest"),
    [
        ("--a=b --c d --e", ("--a=b", "--c"), "d --e"),
        ('--a="b c" d', ("--a=b c",), "d"),
        ("-- --a", (), " --a"),
        ("--a=\\  b", ("--a= ",), "b"),
        ("-a", (), "-a"),
    ],
)
def test_flags(text: str, flags: tuple[str, ...], rest: str) -> None:
    assert split_flags(text, "\\") == (flags, rest)
