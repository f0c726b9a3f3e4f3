r"""Where somebody stands who is writing a Dockerfile: in which instruction, behind which words, below which stages.

    FROM lab/base AS one
    COPY --from=one \
         /a /b                 one instruction in two lines: its words are those of both
    RUN <<EOF
    COPY                       no instruction: the shell's line
    EOF

A Dockerfile that is being written is seldom right, so all that can be told is told, and nothing here is an error.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from pydock_lab.dockerfile.characters import BYTE_ORDER_MARK
from pydock_lab.dockerfile.directives import directives, escape_of
from pydock_lab.dockerfile.heredoc import announced
from pydock_lab.errors import DockerfileError

_BEFORE_FROM = "the arguments before the first FROM"
_WITH_HEREDOCS = ("ADD", "COPY", "RUN")
_NAME = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A stage so far: `base` is what FROM says, `arguments` are those of ARG and ENV, in order."""

    base: str
    name: str = ""
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Cursor:
    """What stands before a cursor: `words` of its instruction, the `fragment` that is being written, `stages` above.

    `global_arguments` are those before the first FROM.
    """

    words: tuple[str, ...]
    fragment: str
    stages: tuple[Stage, ...] = ()
    global_arguments: tuple[str, ...] = ()

    @property
    def keyword(self) -> str:
        """In capitals; "" at the start of an instruction. Inside of ONBUILD it is that of the trigger."""
        return next(iter(self.instruction), "").upper()

    @property
    def instruction(self) -> tuple[str, ...]:
        """The words, or those after ONBUILD."""
        return self.words[1:] if self.words[:1] and self.words[0].upper() == "ONBUILD" else self.words

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags that are written already."""
        return tuple(takewhile(_is_flag, self.instruction[1:]))

    @property
    def arguments(self) -> tuple[str, ...]:
        """The words behind keyword and flags."""
        return self.instruction[1 + len(self.flags) :]

    @property
    def variables(self) -> tuple[str, ...]:
        """What a `$` may name here: in FROM the arguments before all stages, else those of the stage and below it."""
        if self.keyword == "FROM" or not self.stages:
            return self.global_arguments
        found, stage, earlier = list[str](), self.stages[-1], list(self.stages[:-1])
        while True:
            found += stage.arguments
            below = [at for at, one in enumerate(earlier) if one.name and one.name == stage.base.lower()]
            if not below:
                return tuple(dict.fromkeys(found))
            stage, earlier = earlier[below[-1]], earlier[: below[-1]]


def cursor(text: str) -> Cursor | None:
    """What stands at the end of a text, the beginning of a Dockerfile; None in a comment or here-document."""
    *done, current = _logical_lines(text)
    if current is None:
        return None
    words, fragment = _cut(current)
    stages, arguments = _stages(line for line in done if line)
    return Cursor(words=words, fragment=fragment, stages=stages, global_arguments=arguments)


def _cut(line: str) -> tuple[tuple[str, ...], str]:
    words = line.split()
    if not words or line[-1].isspace():
        return tuple(words), ""
    return tuple(words[:-1]), words[-1]


def _logical_lines(text: str) -> Iterator[str | None]:
    """The instructions above the last line, and what is of its own: None where that is none."""
    *lines, last = text.removeprefix(BYTE_ORDER_MARK).split("\n")
    end = re.compile(re.escape(_escape(lines)) + r"[ \t]*$")
    joined, ends = "", list[str]()
    for line in lines:
        if ends:
            # With `<<-` the tabs before the last line do not count; without, nobody writes any.
            del ends[: line.lstrip("\t") == ends[0]]
        elif line.lstrip().startswith("#") or (joined and not line.strip()):
            continue
        elif end.search(line):
            joined += end.sub(" ", line)
        else:
            yield (whole := joined + line)
            joined, ends = "", list(_ends(whole))
    is_comment = last.lstrip().startswith("#")
    yield None if ends or is_comment else joined + last


def _escape(lines: list[str]) -> str:
    try:
        return escape_of(directives(lines))
    except DockerfileError:
        return "\\"


def _ends(line: str) -> Iterator[str]:
    """The lines with which the here-documents of an instruction end."""
    words = line.split(maxsplit=2)
    keyword = words[1] if len(words) > 1 and words[0].upper() == "ONBUILD" else "".join(words[:1])
    if keyword.upper() not in _WITH_HEREDOCS:
        return
    try:
        yield from (found.name for found in announced(line))
    except DockerfileError:
        return


def _stages(lines: Iterator[str | None]) -> tuple[tuple[Stage, ...], tuple[str, ...]]:
    found = [Stage(base="", name=_BEFORE_FROM)]
    for line in lines:
        words = (line or "").split()
        keyword, rest = "".join(words[:1]).upper(), words[1:]
        if keyword == "FROM":
            rest = [word for word in rest if not _is_flag(word)]
            name = rest[2].lower() if len(rest) > 2 and rest[1].upper() == "AS" else ""  # noqa: PLR2004 - FROM a AS b
            found.append(Stage(base="".join(rest[:1]), name=name))
        elif keyword in ("ARG", "ENV"):
            stage = found[-1]
            arguments = (*stage.arguments, *_names(keyword, rest))
            found[-1] = Stage(base=stage.base, name=stage.name, arguments=arguments)
    return tuple(found[1:]), found[0].arguments


def _names(keyword: str, words: list[str]) -> Iterator[str]:
    """The names that ARG and ENV give a value; `ENV NAME a value` is the old form."""
    is_old = keyword == "ENV" and "=" not in "".join(words[:1])
    for word in words[:1] if is_old else words:
        name = word.partition("=")[0]
        if _NAME.fullmatch(name):
            yield name


def _is_flag(word: str) -> bool:
    return word.startswith("--")
