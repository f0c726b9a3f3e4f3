"""A speech for terminals: words that have a colour in the pictures have it there, too.

origin-cached   from the cache   green       deleted   hidden, failed, private     red
origin-built    built now        blue        writable  a container may write here  yellow
lesson-*        the sentence that a picture is there for, bold

Only our own words are painted, never what strangers call their files: a colour that says something must not be theirs
to choose. The eight colours of every terminal are used, as its owner has set them (ECMA-48, 8.3.117).
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.speech import Speech

_PLAIN = "\x1b[0m"
_CODE = re.compile("\x1b\\[[0-9]+m")
_INKS: Mapping[str, str] = MappingProxyType(
    {
        Meaning.BASE: "\x1b[2m",
        Meaning.PLAIN: "\x1b[2m",
        Meaning.CACHED: "\x1b[32m",
        Meaning.BUILT: "\x1b[34m",
        Meaning.WRITABLE: "\x1b[33m",
        Meaning.DELETED: "\x1b[31m",
        Meaning.MOVING: "\x1b[35m",
        "strong": "\x1b[1m",
    }
)
_MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "configuration": Meaning.PLAIN,
        "outcome-base": Meaning.BASE,
        "outcome-cached": Meaning.CACHED,
        "outcome-missed": Meaning.BUILT,
        "outcome-failed": Meaning.DELETED,
        "outcome-config": Meaning.PLAIN,
        "outcome-unreached": Meaning.PLAIN,
        "outcome-skipped": Meaning.PLAIN,
        "origin-base": Meaning.BASE,
        "origin-cached": Meaning.CACHED,
        "origin-built": Meaning.BUILT,
        "origin-config": Meaning.PLAIN,
        "guess-cached": Meaning.CACHED,
        "guess-missed": Meaning.BUILT,
        "still-below": Meaning.DELETED,
        "hidden": Meaning.DELETED,
        "private": Meaning.DELETED,
        "same-content": Meaning.DELETED,
        "writable-layer": Meaning.WRITABLE,
        "state-running": Meaning.CACHED,
        "state-paused": Meaning.WRITABLE,
        "state-dead": Meaning.DELETED,
    }
)


class Painted(Speech):
    """Says the same, in colours."""

    __slots__ = ()

    def say(self, name: str, /, **fields: object) -> str:
        """As `Speech.say`."""
        return self._painted(name, super().say(name, **fields))

    def count(self, name: str, count: int, **fields: object) -> str:
        """As `Speech.count`."""
        return self._painted(name, super().count(name, count, **fields))

    def ink(self, meaning: str, text: str) -> str:
        """The text in a colour: a Meaning, or `strong`."""
        return f"{_INKS[meaning]}{text}{_PLAIN}" if text else text

    def padded(self, text: str, columns: int) -> str:
        """As `Speech.padded`: colours take no column."""
        return text + " " * (columns - len(_CODE.sub("", text)))

    def _painted(self, name: str, said: str) -> str:
        meaning = "strong" if name.startswith("lesson-") else _MEANINGS.get(name)
        return self.ink(meaning, said) if meaning else said
