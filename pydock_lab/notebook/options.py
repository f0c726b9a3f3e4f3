"""The line of `%%dockerfile`: `docker build`'s own options, and three of the notebook's.

--out NAME       also bind the result to this Python name
--context DIR    the build context; without it the context is empty
--quiet          show nothing
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from keyword import iskeyword

from pydock_lab.errors import CommandError

OWN = ("--out", "--context", "--quiet")


@dataclass(frozen=True, kw_only=True, slots=True)
class CellOptions:
    """What the line says: the notebook's own, and the words for `docker build`."""

    out: str = ""
    context: str = ""
    quiet: bool = False
    rest: tuple[str, ...] = ()

    @property
    def words(self) -> list[str]:
        """The command line that does the same: the cell is the Dockerfile that `-f -` reads."""
        return ["build", *self.rest, "-f", "-", self.context] if self.context else ["build", *self.rest, "-"]


def parse(words: Sequence[str]) -> CellOptions:
    """Raises CommandError for an option without its value, and for a name that Python would not take."""
    values = {"--out": "", "--context": ""}
    rest: list[str] = []
    quiet = False
    remaining = iter(words)
    for word in remaining:
        name, equals, value = word.partition("=")
        if name in values:
            values[name] = value if equals else _next(remaining, name)
        elif word == "--quiet":
            quiet = True
        else:
            rest.append(word)
    out = values["--out"]
    if out and (not out.isidentifier() or iskeyword(out)):
        raise CommandError("notebook.out-name", name=out)
    return CellOptions(out=out, context=values["--context"], quiet=quiet, rest=tuple(rest))


def _next(words: Iterable[str], option: str) -> str:
    for word in words:
        return word
    raise CommandError("notebook.option-value", option=option)
