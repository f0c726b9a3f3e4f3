"""`--filter NAME=VALUE` of lists, prunes and events: what was said, and whether something fits it.

Filters of different names must all fit; of those with the same name one is enough. Labels must all be there, and none
of those that `label!=` names. Source: Docker's documentation, "Filter commands".
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from pydock_lab.dockerfile.suggest import closest
from pydock_lab.engine import spoken_times
from pydock_lab.errors import CommandError

_TRUTH = {"true": True, "1": True, "t": True, "false": False, "0": False, "f": False}
_TRUTH_WORDS = "true, false"
LABELS = ("label", "label!")
PRUNE = (*LABELS, "until")  # what every prune knows


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """Filters as they were said: values by name."""

    said: Mapping[str, tuple[str, ...]]

    @classmethod
    def parse(cls, words: Iterable[str], known: Sequence[str]) -> Self:
        """Read `NAME=VALUE` words, of which these names are known; raises CommandError."""
        found: dict[str, tuple[str, ...]] = {}
        for word in words:
            name, equals, value = word.partition("=")
            name, value = name.strip().lower(), value.strip()
            if not equals:
                raise CommandError("engine.filter-form", value=word, example=known[0])
            if name not in known:
                raise _unknown(name, known)
            found[name] = (*found.get(name, ()), value)
        return cls(said=found)

    def __contains__(self, name: str) -> bool:
        return name in self.said

    def values(self, name: str) -> tuple[str, ...]:
        """What was said under a name."""
        return self.said.get(name, ())

    def fit(self, name: str, test: Callable[[str], bool]) -> bool:
        """Whether one of the values of a name passes, or nothing was said."""
        return name not in self.said or any(map(test, self.said[name]))

    def matches(self, name: str, text: str) -> bool:
        """Whether one of the regular expressions of a name is found in a text, or nothing was said."""
        return self.fit(name, lambda pattern: found_in(pattern, text))

    def has_labels(self, labels: Mapping[str, str]) -> bool:
        """Whether all labels that were asked for are there, and none that was ruled out."""
        wanted = all(has_label(labels, one) for one in self.values("label"))
        return wanted and not any(has_label(labels, one) for one in self.values("label!"))

    def truth(self, name: str) -> bool | None:
        """A filter that is true or false; None where nothing was said. Raises CommandError."""
        answers = {self._truth(name, value) for value in self.values(name)}
        # Both at once rule nothing out.
        return answers.pop() if len(answers) == 1 else None

    def _truth(self, name: str, value: str) -> bool:
        if value.lower() not in _TRUTH:
            raise bad_value(name, value, _TRUTH_WORDS)
        return _TRUTH[value.lower()]

    def is_older(self, created: float, now: float) -> bool:
        """Whether something was made before all moments of `until`; raises CommandError."""
        return all(created < moment("until", value, now) for value in self.values("until"))

    def choices(self, name: str, known: Sequence[str]) -> tuple[str, ...]:
        """The values of a name, which have to be some of these; raises CommandError."""
        for value in self.values(name):
            if value not in known:
                raise bad_value(name, value, ", ".join(known))
        return self.values(name)

    def number(self, name: str, value: str) -> int:
        """A value that is a whole number; raises CommandError."""
        if not value.removeprefix("-").isdecimal():
            raise bad_value(name, value, "0, 1, 137")
        return int(value)


def bad_value(name: str, value: str, wanted: str) -> CommandError:
    """The error for a value that a filter cannot have."""
    return CommandError("engine.filter-value", name=name, value=value, wanted=wanted)


def _unknown(name: str, known: Sequence[str]) -> CommandError:
    near = closest(name, known)
    key = "engine.filter-unknown-like" if near else "engine.filter-unknown"
    return CommandError(key, name=name, known=", ".join(known), suggestion=near or "")


def found_in(pattern: str, text: str) -> bool:
    """As Docker has it: a regular expression found anywhere; what is none is looked for as it stands."""
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return pattern in text


def has_label(labels: Mapping[str, str], wanted: str) -> bool:
    """Whether there is a label `NAME`, or `NAME=VALUE`."""
    name, equals, value = wanted.partition("=")
    return name in labels and (not equals or labels[name] == value)


def moment(name: str, text: str, now: float) -> float:
    """The time of a filter; raises CommandError."""
    found = spoken_times.moment(text, now)
    if found is None:
        raise bad_value(name, text, "10m, 24h, 2026-01-31, 2026-01-31T12:00:00")
    return found
