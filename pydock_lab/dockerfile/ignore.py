"""`.dockerignore`: which files of a directory do not belong to the build context.

    # what the image does not need      a comment, only at the very start of a line
    **/__pycache__                      in any directory
    *.md                                files of the top directory; `*` stops at a slash
    !README.md                          except this one

The last pattern that matches a file, or a directory above it, decides; so order matters. Source: Docker's
documentation, "Build context", and moby/patternmatcher.
"""

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from pydock_lab.dockerfile.characters import BYTE_ORDER_MARK, WHITE_SPACE
from pydock_lab.dockerfile.path_pattern import PathPattern, clean
from pydock_lab.errors import DockerfileError


def read_patterns(text: str) -> tuple[str, ...]:
    """The patterns of a `.dockerignore`, cleaned: no comments, empty lines, and slashes at either end."""
    return tuple(pattern for _, pattern in _patterns(text))


def _patterns(text: str) -> Iterator[tuple[int, str]]:
    """Each pattern with its line, from 1."""
    for number, line in enumerate(text.removeprefix(BYTE_ORDER_MARK).split("\n"), 1):
        pattern = line.strip(WHITE_SPACE)
        if line.startswith("#") or not pattern:
            continue
        sign = "!" if pattern.startswith("!") else ""
        pattern = pattern.removeprefix("!").strip(WHITE_SPACE) if sign else pattern
        pattern = clean(pattern) if pattern else ""
        yield number, sign + (pattern[1:] if len(pattern) > 1 and pattern.startswith("/") else pattern)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One pattern; `keeps` for those with an exclamation mark, which bring files back.

    `line` is that of the ignore file, from 1, and 0 for what is in none.
    """

    pattern: PathPattern
    keeps: bool
    line: int = 0

    def __str__(self) -> str:
        return f"{'!' if self.keeps else ''}{self.pattern.text}"


@dataclass(frozen=True, kw_only=True, slots=True)
class IgnoreRules:
    """The rules of a `.dockerignore` or of `--exclude`, in order."""

    rules: tuple[Rule, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """The rules that a `.dockerignore` has; raises DockerfileError for a pattern that means nothing."""
        return cls._of(_patterns(text))

    @classmethod
    def of(cls, patterns: Iterable[str]) -> Self:
        """The rules that some patterns make; raises DockerfileError."""
        return cls._of((0, pattern) for pattern in patterns)

    @classmethod
    def _of(cls, patterns: Iterable[tuple[int, str]]) -> Self:
        stripped = ((line, pattern.strip(WHITE_SPACE)) for line, pattern in patterns)
        return cls(rules=tuple(_rule(clean(pattern), line) for line, pattern in stripped if pattern))

    @property
    def has_exceptions(self) -> bool:
        """Whether any rule keeps files: then an ignored directory may still have files to look for."""
        return any(rule.keeps for rule in self.rules)

    def ignores(self, path: str) -> bool:
        """Whether a file, by its path below the context (with slashes), is left out."""
        rule = self.deciding_rule(path)
        return rule is not None and not rule.keeps

    def deciding_rule(self, path: str, *, alone: bool = False) -> Rule | None:
        """The rule that decides about a file, to explain it; None where no rule speaks of it.

        `alone` says that no rule speaks of a folder above it: who walks down a tree knows that already.
        """
        names = (path,) if alone else (path, *_parents(path))
        decided: Rule | None = None
        for rule in self.rules:
            ignored = decided is not None and not decided.keeps
            # A rule that could change nothing is not tried: this decides what an exception can bring back.
            if rule.keeps == ignored and any(map(rule.pattern.matches, names)):
                decided = rule
        return decided


def _parents(path: str) -> Iterator[str]:
    directory = clean(posixpath.dirname(path))
    if directory != ".":
        parts = directory.split("/")
        yield from ("/".join(parts[:count]) for count in range(1, len(parts) + 1))


def _rule(text: str, line: int) -> Rule:
    keeps = text.startswith("!")
    if text == "!":
        raise DockerfileError("dockerfile.ignore-exception")
    return Rule(pattern=PathPattern.parse(text.removeprefix("!") if keeps else text), keeps=keeps, line=line)
