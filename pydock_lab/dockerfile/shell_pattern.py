"""The patterns of `${name#pattern}`, `${name%pattern}` and `${name/pattern/replacement}`.

`*` is any run of characters, `?` any one of them (neither crosses a line), a backslash takes `*`, `?` and itself
literally, and there are no `[...]` sets. Source: POSIX.1-2017, 2.6.2 "Parameter Expansion" and 2.13; BuildKit's
documentation, "Environment replacement".

A pattern is tried as the set of places in it where one may stand, moved on by one character at a time:

    pattern  a * b     text  a x b
             ^               {0}
               ^ ^       a   {1,2}     the star may be left at once
               ^ ^       x   {1,2}
               ^ ^ ^     b   {1,2,3}   3 is the end: `axb` matches

so the time is bounded by the product of the lengths, where a regular expression with several stars may need
exponential time.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Self

from pydock_lab.errors import DockerfileError


class Wildcard(Enum):
    """What stands for other characters."""

    ONE = "?"
    MANY = "*"


@dataclass(frozen=True, kw_only=True, slots=True)
class ShellPattern:
    """One pattern, as literal characters and wildcards."""

    tokens: tuple[str | Wildcard, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """The pattern that is written; raises DockerfileError with the field `escaped` for a wrong escape."""
        tokens: list[str | Wildcard] = []
        for token in _tokens(text):
            # Stars in a row mean no more than one.
            if not (token is Wildcard.MANY and tokens[-1:] == [token]):
                tokens.append(token)
        return cls(tokens=tuple(tokens))

    def trim_prefix(self, text: str, *, longest: bool) -> str:
        """The text without the shortest, or longest, part at its start that matches."""
        return text[self._length(text, 0, longest=longest) or 0 :]

    def trim_suffix(self, text: str, *, longest: bool) -> str:
        """The text without the shortest, or longest, part at its end that matches."""
        # Read backwards, an end is a start.
        backwards = ShellPattern(tokens=self.tokens[::-1])
        return backwards.trim_prefix(text[::-1], longest=longest)[::-1]

    def replace(self, text: str, replacement: str, *, every: bool) -> str:
        """The text with the first match, or every one, replaced; each match is as long as can be."""
        parts, position = [], 0
        for start, end in self._matches(text):
            parts += [text[position:start], replacement]
            position = end
            if not every:
                break
        return "".join([*parts, text[position:]])

    def _matches(self, text: str) -> Iterator[tuple[int, int]]:
        start, last_end = 0, -1
        while start <= len(text):
            length = self._length(text, start, longest=True)
            # An empty match right behind another one is no match of its own.
            if length is None or (length == 0 and start == last_end):
                start += 1
                continue
            last_end = start + length
            yield start, last_end
            start = max(last_end, start + (length == 0))

    def _length(self, text: str, start: int, *, longest: bool) -> int | None:
        found = None
        for end in self._ends(text, start):
            found = end - start
            if not longest:
                break
        return found

    def _ends(self, text: str, start: int) -> Iterator[int]:
        states = self._closure({0})
        for position in range(start, len(text) + 1):
            if len(self.tokens) in states:
                yield position
            if position == len(text) or not states:
                return
            states = self._closure(self._step(states, text[position]))

    def _step(self, states: set[int], char: str) -> Iterator[int]:
        for state in states:
            token = self.tokens[state] if state < len(self.tokens) else ""
            if token is Wildcard.MANY and char != "\n":
                yield state
            elif token == char or (token is Wildcard.ONE and char != "\n"):
                yield state + 1

    def _closure(self, states: Iterable[int]) -> set[int]:
        """The states, and those behind the stars that may match nothing."""
        reached: set[int] = set()
        for first in states:
            state = first
            reached.add(state)
            while state < len(self.tokens) and self.tokens[state] is Wildcard.MANY:
                state += 1
                reached.add(state)
        return reached


def _tokens(text: str) -> Iterator[str | Wildcard]:
    chars = iter(text)
    for char in chars:
        if char in "*?":
            yield Wildcard(char)
        elif char != "\\":
            yield char
        else:
            yield _escaped(next(chars, "\ufffd"))


def _escaped(char: str) -> str:
    # The escape before } and / only keeps them inside ${...}: it is no part of the pattern.
    if char not in "*?\\}/":
        raise DockerfileError("dockerfile.pattern-escape", escaped=char)
    return char
