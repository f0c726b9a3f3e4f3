import pytest

from pydock_lab.dockerfile.shell_pattern import ShellPattern


@pytest.mark.parametrize(
    ("pattern", "shortest", "longest"),
    [
        ("a", "xbaxb", "xbaxb"),
        ("*x", "baxb", "b"),
        ("??", "axb", "axb"),
        ("*", "xbaxb", ""),
        ("", "xbaxb", "xbaxb"),
        ("x*b", "axb", ""),
    ],
)
def test_trim_prefix(pattern: str, shortest: str, longest: str) -> None:
    found = ShellPattern.parse(pattern)
    text = "xbaxb"
    assert (found.trim_prefix(text, longest=False), found.trim_prefix(text, longest=True)) == (shortest, longest)


@pytest.mark.parametrize(
    ("pattern", "shortest", "longest"),
    [(".*", "a.tar", "a"), ("??", "a.tar.", "a.tar."), ("\\*", "a.tar.gz", "a.tar.gz"), ("gz", "a.tar.", "a.tar.")],
)
def test_trim_suffix(pattern: str, shortest: str, longest: str) -> None:
    found = ShellPattern.parse(pattern)
    text = "a.tar.gz"
    assert (found.trim_suffix(text, longest=False), found.trim_suffix(text, longest=True)) == (shortest, longest)


@pytest.mark.parametrize(
    ("pattern", "text", "first", "every"),
    [
        ("b", "abcb", "a-cb", "a-c-"),
        ("", "ab", "-ab", "-a-b-"),
        ("*", "ab", "-", "-"),
        ("?", "a\nb", "-\nb", "-\n-"),
        ("x", "ab", "ab", "ab"),
        ("", "", "-", "-"),
    ],
)
def test_replace(pattern: str, text: str, first: str, every: str) -> None:
    found = ShellPattern.parse(pattern)
    assert (found.replace(text, "-", every=False), found.replace(text, "-", every=True)) == (first, every)
