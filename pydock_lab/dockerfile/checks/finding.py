"""One thing that a check found."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydock_lab import locale
from pydock_lab.dockerfile.checks.rules import Rule
from pydock_lab.dockerfile.positions import LineRange


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Some lines and the rule that speaks of them.

    `fields` fill its texts; `variant` is the end of the text's name where a rule has more than one; `instead` is
    what to write there, "" where the checks cannot know it.
    """

    rule: Rule
    lines: LineRange
    fields: Mapping[str, str] = field(default_factory=dict)
    variant: str = ""
    instead: str = ""

    @property
    def detail(self) -> str:
        """What is wrong here, in BuildKit's words."""
        return self.message("en")

    def message(self, language: str | None = None) -> str:
        """What is wrong here."""
        return locale.text(f"checks.{self._name}", language, **self.fields)

    def advice(self, language: str | None = None) -> str:
        """What to do about it, in one sentence."""
        return locale.text(f"checks.{self._name}.hint", language, **self.fields)

    def summary(self, language: str | None = None) -> str:
        """Rule, what is wrong, and where, in one line."""
        place = locale.text("checks.place", language, line=self.lines.first)
        return f"{self.rule.value}: {self.message(language)} ({place})"

    @property
    def _name(self) -> str:
        return self.rule.slug + self.variant

    def to_json(self) -> dict[str, object]:
        """As `docker build --call=check,format=json` has it."""
        first, last = self.lines.first, self.lines.last
        url = {"url": self.rule.url} if self.rule.url else {}
        return {
            "ruleName": self.rule.value,
            "description": self.rule.description("en"),
            **url,
            "detail": self.detail,
            "location": {"ranges": [{"start": {"line": first}, "end": {"line": last}}]},
        }
