"""File modes as `--chmod` takes them: octal digits, or chmod(1)'s letters (`u=rwX,go=rX`, `g=u`)."""

import re
from dataclasses import dataclass
from typing import Self

from pydock_lab.errors import BuildError

_OCTAL = re.compile(r"0*[0-7]{1,4}")
_CLAUSE = re.compile(r"([ugoa]*)((?:[-+=](?:[ugo]|[rwxXst]*))+)")
_ACTION = re.compile(r"([-+=])([ugo]|[rwxXst]*)")
_SHIFT = {"u": 6, "g": 3, "o": 0}
_BITS = {"r": 4, "w": 2, "x": 1}
_SPECIAL = {"u": 0o4000, "g": 0o2000}


@dataclass(frozen=True, kw_only=True, slots=True)
class ModeChange:
    """What `--chmod` asks for; `text` as it was written."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """A checked change; raises BuildError where the text is neither octal nor symbolic."""
        if not _OCTAL.fullmatch(text) and not all(_CLAUSE.fullmatch(clause) for clause in text.split(",")):
            raise BuildError("build.chmod" if text[:1].isdigit() else "build.chmod-letters", mode=text)
        return cls(text=text)

    def apply(self, mode: int, *, is_folder: bool) -> int:
        """The twelve permission bits after the change."""
        if _OCTAL.fullmatch(self.text):
            return int(self.text, 8)
        for clause in self.text.split(","):
            match = _CLAUSE.fullmatch(clause)
            assert match is not None  # noqa: S101 - parse() has looked
            for sign, letters in _ACTION.findall(match[2]):
                mode = _act(mode, match[1].replace("a", "ugo") or "ugo", sign, letters, is_folder=is_folder)
        return mode


def _act(mode: int, who: str, sign: str, letters: str, *, is_folder: bool) -> int:
    if letters in _SHIFT:
        # What another class of users may do, at this moment.
        letters = "".join(letter for letter, bit in _BITS.items() if (mode >> _SHIFT[letters]) & bit)
    # `X` is `x` for folders, and for files that somebody may execute already (chmod(1)).
    if "X" in letters and (is_folder or mode & 0o111):
        letters += "x"
    bits = mask = 0
    for one in who:
        bits |= sum(_BITS[letter] for letter in set(letters) & set("rwx")) << _SHIFT[one]
        bits |= _SPECIAL.get(one, 0) if "s" in letters else 0
        mask |= 7 << _SHIFT[one] | _SPECIAL.get(one, 0)
    bits |= 0o1000 if "t" in letters else 0
    if sign == "=":
        return (mode & ~mask) | bits
    return mode | bits if sign == "+" else mode & ~bits
