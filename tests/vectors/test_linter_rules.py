"""linter_rules.json: what each build check is called, says and links to."""

import re

from vectors.cases import Case, EveryCase

from pydock_lab import locale
from pydock_lab.dockerfile.checks import Rule

FIELD = re.compile(r"\{[a-z]+\}|%[sqv]")


def same(text: str) -> str:
    """A message with its fields blanked out; %q writes the quotes that our field brings along."""
    return FIELD.sub("_", text)


def check(case: Case) -> None:
    rule, expect = Rule(case.input["rule"]), case.expect
    assert rule.description("en") == expect["description"]
    assert rule.description("fr")
    assert (rule.url, rule.is_experimental) == (expect["url"], expect["experimental"])
    first, *more = expect["message_format"]
    assert same(locale.text(f"checks.{rule.slug}", "en")) == same(first)
    if more:
        assert same(locale.text(f"checks.{rule.slug}-like", "en")) == same("".join([first, *more]))


def test_linter_rules(every_case: EveryCase) -> None:
    every_case("dockerfile/linter_rules", check)
