import pytest

from pydock_lab.dockerfile.path_pattern import PathPattern, clean
from pydock_lab.errors import DockerfileError


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("a?c", ["abc"], ["ac", "a/c"]),
        ("a*", ["a", "ab"], ["a/b", "ba"]),
        ("a/**", ["a/", "a/b/c"], ["a", "ab"]),
        ("**/a", ["a", "b/a"], ["a/b", "ba"]),
        ("**/a*", ["a", "b/ab"], ["ba"]),
        ("a/**/b", ["a/b", "a/x/y/b"], ["ab", "a/xb/c"]),
        ("[a-c&&|]x", ["bx", "&x", "|x"], ["dx"]),
        ("[^a]", ["b", "/"], ["a", "bb"]),
        ("[[:digit:]]x*", ["1x"], ["ax"]),
        ("a.b+(c)*", ["a.b+(c)d"], ["axb+(c)"]),
        ("\\*", ["*"], ["a"]),
        ("a*\\d", ["a1"], ["ad"]),
    ],
)
def test_patterns(pattern: str, matching: list[str], others: list[str]) -> None:
    found = PathPattern.parse(pattern)
    assert [path for path in matching + others if found.matches(path)] == matching


@pytest.mark.parametrize(
    "pattern", ["[", "[]", "[^]", "[^]--", "[a", "[a-]", "[--a]", "[^-a]", "a\\", "[b-a]", "*[^]x]"]
)
def test_what_means_nothing(pattern: str) -> None:
    with pytest.raises(DockerfileError) as caught:
        PathPattern.parse(pattern)
    assert caught.value.key == "dockerfile.pattern-syntax"


@pytest.mark.parametrize(
    ("path", "cleaned"), [("", "."), ("//a", "/a"), ("a/./b/../c/", "a/c"), ("..", ".."), ("/..", "/")]
)
def test_clean(path: str, cleaned: str) -> None:
    assert clean(path) == cleaned
