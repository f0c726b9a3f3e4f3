"""How drawings speak: the words of the area `drawing`, with numbers and plurals of the language."""

from dataclasses import dataclass
from typing import Self

from pydock_lab import locale


@dataclass(frozen=True, kw_only=True, slots=True)
class Speech:
    """One language: `en` or `fr`."""

    language: str

    @classmethod
    def of(cls, language: str | None) -> Self:
        """The language asked for, or the one in force."""
        return cls(language=language or locale.lang())

    def say(self, name: str, /, **fields: object) -> str:
        """The text `drawing.name`; raises KeyError where there is none."""
        return locale.text(f"drawing.{name}", self.language, **fields)

    def count(self, name: str, count: int, **fields: object) -> str:
        """A text about so many things, in the singular where the language asks for it (French: 0 and 1)."""
        singular = count == 1 or (count == 0 and self.language == "fr")
        form = f"drawing.{name}.one" if singular else f"drawing.{name}"
        return locale.text(form, self.language, count=count, **fields)

    def ink(self, _meaning: str, text: str) -> str:
        """A text in the colour of what it means, where there are colours (see painted.py)."""
        return text

    def padded(self, text: str, columns: int) -> str:
        """A text, and spaces up to so many columns."""
        return text.ljust(columns)

    def size(self, count: int) -> str:
        """Bytes: `31.2 MB`, `31,2 Mo`."""
        return locale.size(count, self.language)

    def seconds(self, value: float) -> str:
        """A duration."""
        return locale.seconds(value, self.language)
