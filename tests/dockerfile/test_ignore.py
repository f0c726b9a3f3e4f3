import pytest

from pydock_lab.dockerfile.ignore import IgnoreRules, read_patterns
from pydock_lab.errors import DockerfileError


def test_reading() -> None:
    text = "\ufeff# comment\n\n /a/b/ \n! ./c\n # none\n**/x\r\n"
    assert read_patterns(text) == ("a/b", "!c", "# none", "**/x")


@pytest.mark.parametrize(
    ("text", "path", "ignored"),
    [
        ("docs", "docs/a.md", True),
        ("*.md", "docs/a.md", False),
        ("**/*.md", "docs/a.md", True),
        ("*.md\n!a.md", "a.md", False),
        ("!a.md\n*.md", "a.md", True),
        ("*\n!docs", "docs/a.md", False),
        ("docs\n!docs/a.md", "docs/a.md", False),
        ("docs/**\n!docs/*/a\ndocs/img/a", "docs/img/a", True),
    ],
)
def test_the_last_rule_that_matches_decides(text: str, path: str, ignored: bool) -> None:  # noqa: FBT001 - a column
    assert IgnoreRules.parse(text).ignores(path) is ignored


def test_it_can_say_which_rule_decides() -> None:
    rules = IgnoreRules.parse("*.md\n!README.md\n")
    assert [str(rules.deciding_rule(path)) for path in ("a.md", "README.md", "a")] == ["*.md", "!README.md", "None"]
    assert rules.has_exceptions


@pytest.mark.parametrize("text", ["!", "[a", "a\\", "[]", "[b-a]", "a*\\q"])
def test_patterns_that_mean_nothing(text: str) -> None:
    with pytest.raises(DockerfileError):
        IgnoreRules.parse(text)


def test_rules_know_their_lines() -> None:
    rules = IgnoreRules.parse("\ufeff# no\n\n a \n!b\n").rules
    assert [(str(rule), rule.line) for rule in rules] == [("a", 3), ("!b", 4)]
