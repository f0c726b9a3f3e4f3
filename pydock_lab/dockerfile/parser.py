r"""From the text of a Dockerfile to nodes: lines, comments, continuations, here-documents.

    physical lines                  a logical line, one node

    # who is greeted                comment, kept with the node below
    RUN echo \                      the escape character at the end joins the next line;
      # not shown                   comments in between vanish,
                                    empty lines do as well, with a warning;
      "hello world"                 RUN echo   "hello world"       lines 2 to 5

Each line is looked at once, so the time is linear. Source: BuildKit's documentation, "Dockerfile reference".
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from pydock_lab.dockerfile import heredoc
from pydock_lab.dockerfile.arguments import BLANKS, FORMS, ONBUILD, Arguments, split_flags
from pydock_lab.dockerfile.characters import BYTE_ORDER_MARK, WHITE_SPACE
from pydock_lab.dockerfile.directives import directives, escape_of
from pydock_lab.dockerfile.heredoc import Heredoc
from pydock_lab.dockerfile.nodes import Node, ParseWarning, Syntax, WarningKind
from pydock_lab.dockerfile.positions import LineRange, located
from pydock_lab.errors import DockerfileError

LONGEST_LINE = 65535  # bytes, without the line feed
_DEEPEST = 20  # ONBUILD ONBUILD ...: wrong from the second on, but that is for later to say
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_HEREDOC_KEYWORDS = ("ADD", "COPY", "RUN")


def read_syntax(text: str) -> Syntax:
    """The nodes of a Dockerfile; raises DockerfileError with the lines it speaks of."""
    return _Parser(text.removeprefix(BYTE_ORDER_MARK)).run()


class _Parser:
    """Reads the lines of one Dockerfile; `_number` is the line read last."""

    def __init__(self, text: str) -> None:
        self._lines = _physical_lines(text)
        self._number = 0
        self._too_long = False
        top = (line.lstrip(WHITE_SPACE).rstrip("\r\n") for line in _physical_lines(text))
        self._directives = tuple(directives(top))
        # The escape character decides where every line ends, so it must be known before the first.
        self._escape = escape_of(self._directives)
        self._nodes: list[Node] = []
        self._warnings: list[ParseWarning] = []

    def run(self) -> Syntax:
        comments: list[str] = []
        while (line := self._next()) is not None:
            if not _is_comment(line):
                # Empty lines do not part a comment from its instruction.
                if line.strip(WHITE_SPACE):
                    self._instruction(line.rstrip("\r\n").lstrip(WHITE_SPACE), tuple(comments))
                    comments.clear()
            elif not (comment := line[1:].strip(WHITE_SPACE)):
                comments.clear()  # an empty comment ends those above it
            elif self._number > len(self._directives):
                comments.append(comment)
        self._check_end()
        return Syntax(
            nodes=tuple(self._nodes),
            escape=self._escape,
            directives=self._directives,
            warnings=tuple(self._warnings),
        )

    def _next(self) -> str | None:
        """The next physical line with its line end; None at the end, or where a line is too long."""
        line = None if self._too_long else next(self._lines, None)
        if line is None:
            return None
        # A character has four bytes at most: most lines need not be encoded to be measured.
        if len(line) * 4 > LONGEST_LINE and _size(line) > LONGEST_LINE:
            self._too_long = True
            return None
        self._number += 1
        return line

    def _check_end(self) -> None:
        place = {"line": self._number, "end_line": self._number} if self._number else {}
        # Both may be true, and a file that was cut at its first line is first of all empty.
        if not self._nodes:
            raise DockerfileError("dockerfile.empty", **place)
        if self._too_long:
            raise DockerfileError("dockerfile.line-too-long", limit=LONGEST_LINE, **place)

    def _instruction(self, line: str, comments: tuple[str, ...]) -> None:
        first = self._number
        original = self._logical_line(line)
        with located(LineRange(first=first, last=self._number)):
            node = _node(original, self._escape)
            found = heredoc.announced(original) if _may_announce(node) else ()
        # Here-documents follow, so only now is the instruction's last line known.
        heredocs = tuple(self._heredoc(each, first) for each in found)
        lines = LineRange(first=first, last=self._number)
        self._nodes.append(replace(node, lines=lines, heredocs=heredocs, comments=comments))

    def _logical_line(self, line: str) -> str:
        """The line, and those that it continues on, joined."""
        text, goes_on = self._without_escape(line)
        parts, has_empty = [text], False
        while goes_on and (following := self._next()) is not None:
            # A comment neither continues nor ends the instruction that it stands in.
            if _is_comment(following):
                continue
            if not following.strip(WHITE_SPACE):
                has_empty = True
                continue
            text, goes_on = self._without_escape(following.rstrip("\r\n"))
            parts.append(text)
        joined = "".join(parts)
        if has_empty:
            kind = WarningKind.EMPTY_CONTINUATION
            self._warnings.append(ParseWarning(kind=kind, instruction=joined, line=self._number))
        return joined

    def _without_escape(self, line: str) -> tuple[str, bool]:
        """The line without the escape at its end, and whether there was one; a doubled one is none."""
        text = line.rstrip(" \t")
        if text.endswith(self._escape) and text[-2:-1] != self._escape:
            return text[:-1], True
        return line, False

    def _heredoc(self, announced: Heredoc, first: int) -> Heredoc:
        content: list[str] = []
        while (line := self._next()) is not None:
            # The terminator may have another line end than the rest, but no blanks around it.
            end = line.rstrip("\r\n")
            if (end.lstrip("\t") if announced.chomp else end) == announced.name:
                return replace(announced, content="".join(content))
            content.append(line)
        raise DockerfileError("dockerfile.heredoc-unterminated", name=announced.name, line=first, end_line=self._number)


def _physical_lines(text: str) -> Iterator[str]:
    return (found[0] for found in _LINE.finditer(text))


def _size(line: str) -> int:
    return len(line.removesuffix("\n").encode(errors="surrogatepass"))


def _is_comment(line: str) -> bool:
    return line.lstrip(WHITE_SPACE).startswith("#")


def _node(original: str, escape: str, depth: int = 0) -> Node:
    """One logical line as a node; its place and what surrounds it are still to come."""
    keyword, *rest = BLANKS.split(original.strip(WHITE_SPACE), maxsplit=1)
    flags, text = split_flags(rest[0] if rest else "", escape)
    text = text.strip(WHITE_SPACE)
    trigger = None
    if keyword.upper() == ONBUILD:
        arguments = Arguments()
        if text and depth == _DEEPEST:
            raise DockerfileError("dockerfile.onbuild-chain")
        trigger = _node(text, escape, depth + 1) if text else None
    elif form := FORMS.get(keyword.upper()):
        arguments = form(text, escape)
    else:
        # Not an instruction: its name is all that the error will speak of.
        arguments = Arguments(words=("",))
    return Node(
        keyword=keyword,
        original=original,
        lines=LineRange(first=0, last=0),
        flags=flags,
        arguments=arguments.words,
        is_json=arguments.is_json,
        trigger=trigger,
    )


def _may_announce(node: Node) -> bool:
    """Whether here-documents may follow: the instruction takes them, and is not in exec form."""
    while node.trigger is not None:
        node = node.trigger
    return node.name in _HEREDOC_KEYWORDS and not node.is_json and "<<" in node.original
