"""Variables in the words of a Dockerfile: `$name`, `${name}`, and what may stand between the braces.

    $name  ${name}           its value, or nothing
    ${name:-word}            word where it is unset or empty         ${name-word}   only where it is unset
    ${name:+word}            word where it is set and not empty      ${name+word}   where it is set
    ${name:?word}            an error where it is unset or empty     ${name?word}   only where it is unset
    ${name#pattern}  ##      without the shortest, longest, prefix   (see shell_pattern)
    ${name%pattern}  %%      without the shortest, longest, suffix
    ${name/pattern/word}     with the first match replaced           ${name//...}   with every match replaced

Words may contain variables again. 'Single quotes' keep everything as it is, "double quotes" still replace
variables, and the escape character (a backslash, or the backtick of the `escape` directive) takes one character
as it is. This is not the shell: it happens when an image is built, in ENV, COPY, WORKDIR and others, but not in
RUN, CMD and ENTRYPOINT, whose text goes to a shell that has its own variables.

Source: BuildKit's documentation, "Environment replacement".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Flag, auto

from pydock_lab.dockerfile.characters import WHITE_SPACE, quote
from pydock_lab.dockerfile.shell_pattern import ShellPattern
from pydock_lab.errors import DockerfileError

END = ""  # what `_peek` and `_take` give behind the last character
_NO_RUNE = "\ufffd"  # how the reference prints a character that is not there
_DEEPEST = 100  # ${a:-${b:-...}}: Python's own stack is the limit, and nobody nests a tenth of this
_SPECIAL_NAMES = "@*#?-$!0"
_HEREDOC_SIGN = re.compile(r"<<[ \t]*")


class Mode(Flag):
    """How a word is read other than for its value."""

    VALUE = 0
    KEEP_QUOTES = auto()  # quotes stay in the result
    KEEP_ESCAPES = auto()  # so do escape characters
    KEEP_UNSET = auto()  # so does `$name` where there is no such variable
    PLAIN_QUOTES = auto()  # quotes are characters like others: the body of a heredoc


@dataclass(frozen=True, kw_only=True, slots=True)
class Expansion:
    """A word with its variables replaced, as one text and cut at white space outside quotes."""

    text: str
    words: tuple[str, ...]
    matched: frozenset[str]  # the variables that were found
    unmatched: frozenset[str]  # and those that were not


def expand(word: str, env: Mapping[str, str], escape: str = "\\", mode: Mode = Mode.VALUE) -> Expansion:
    """Replace the variables of `word` by their values in `env`; raises DockerfileError."""
    return _Expander(word, env, escape, mode).run()


class _Words:
    """Collects the same characters twice: as one text, and cut into words."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.words: list[str] = []
        self._word: list[str] = []

    def add(self, text: str) -> None:
        """Characters that belong to a word even where they are white space."""
        self.text.append(text)
        self._word.append(text)

    def add_split(self, text: str) -> None:
        """Characters whose white space ends a word."""
        self.text.append(text)
        for char in text:
            if char in WHITE_SPACE:
                self.end_word()
            else:
                self._word.append(char)

    def end_word(self) -> None:
        word = "".join(self._word)
        if word:
            self.words.append(word)
        self._word.clear()


class _Expander:
    """Reads one word from left to right."""

    def __init__(self, source: str, env: Mapping[str, str], escape: str, mode: Mode) -> None:
        self._source, self._env, self._escape, self._mode = source, env, escape, mode
        self._position = 0
        self._depth = 0
        self._matched: set[str] = set()
        self._unmatched: set[str] = set()
        self._keep_escapes = Mode.KEEP_ESCAPES in mode

    def run(self) -> Expansion:
        result = self._until(END, "")
        result.end_word()
        return Expansion(
            text="".join(result.text),
            words=tuple(result.words),
            matched=frozenset(self._matched),
            unmatched=frozenset(self._unmatched),
        )

    def _peek(self) -> str:
        return self._source[self._position : self._position + 1]

    def _take(self) -> str:
        char = self._peek()
        self._position += 1
        return char

    def _error(self, key: str, **fields: str) -> DockerfileError:
        return DockerfileError(f"dockerfile.{key}", word=quote(self._source), **fields)

    def _until(self, stop: str, missing: str) -> _Words:
        """Everything up to the character `stop`, which is taken too; `missing` is the error where there is none."""
        result = _Words()
        while (char := self._peek()) != stop:
            if char == END:
                raise self._error(missing)
            self._piece(char, result)
        self._position += 1
        return result

    def _piece(self, char: str, result: _Words) -> None:
        quotes = Mode.PLAIN_QUOTES not in self._mode
        # Only values outside quotes are cut at their blanks: this is what quotes around "$x" are for.
        if char == "$":
            result.add_split(self._dollar())
        elif char == "'" and quotes:
            result.add(self._single_quoted())
        elif char == '"' and quotes:
            result.add(self._double_quoted())
        elif char == self._escape:
            result.add(self._escaped())
        elif self._source.startswith("<<", self._position):
            result.add(self._heredoc_sign())
        else:
            result.add_split(self._take())

    def _escaped(self) -> str:
        sign = self._take() if self._keep_escapes else self._take() and ""
        return sign + self._take()

    def _heredoc_sign(self) -> str:
        # `<< EOF` is one word, as the shell has it: blanks may stand between the sign and the name.
        found = _HEREDOC_SIGN.match(self._source, self._position)
        sign = found[0] if found else self._peek()
        self._position += len(sign)
        return sign

    def _single_quoted(self) -> str:
        end = self._source.find("'", self._position + 1)
        if end < 0:
            self._position = len(self._source)
            raise self._error("expand-single-quote")
        text = self._source[self._position : end + 1]
        self._position = end + 1
        return text if Mode.KEEP_QUOTES in self._mode else text[1:-1]

    def _double_quoted(self) -> str:
        mark = '"' if Mode.KEEP_QUOTES in self._mode else ""
        self._take()
        parts = [mark]
        while (char := self._peek()) != '"':
            if char == END:
                raise self._error("expand-double-quote")
            parts.append(self._quoted_piece(char))
        self._take()
        return "".join([*parts, mark])

    def _quoted_piece(self, char: str) -> str:
        if char == "$":
            return self._dollar()
        self._take()
        if char != self._escape:
            return char
        # Inside double quotes, only these can be escaped: before others the escape stands for itself.
        if self._peek() and self._peek() in ('"', "$", self._escape):
            return (char if self._keep_escapes else "") + self._take()
        return char if self._peek() else ""

    def _dollar(self) -> str:
        self._take()
        if self._peek() == "{":
            self._take()
            return self._braces()
        name = self._name()
        return self._plain(name, f"${name}") if name else "$"

    def _name(self) -> str:
        start = self._position
        if self._peek().isdecimal():
            # $10 is the tenth argument: digits alone.
            while self._peek().isdecimal():
                self._position += 1
        elif self._peek() and self._peek() in _SPECIAL_NAMES:
            self._position += 1
        else:
            while (char := self._peek()).isalpha() or char.isdecimal() or char == "_":
                self._position += 1
        return self._source[start : self._position]

    def _lookup(self, name: str) -> str | None:
        value = self._env.get(name)
        (self._unmatched if value is None else self._matched).add(name)
        return value

    def _plain(self, name: str, written: str) -> str:
        value = self._lookup(name)
        if value is not None:
            return value
        return written if Mode.KEEP_UNSET in self._mode else ""

    def _braces(self) -> str:
        if self._peek() == END:
            raise self._error("expand-brace")
        # Other characters may be names: ${#} and ${?} are the shell's own, and always unset here.
        if self._peek() in "{}:":
            raise self._error("expand-bad")
        name = self._name()
        sign = self._take()
        if sign == "}":
            return self._plain(name, f"${{{name}}}")
        if sign == "/":
            return self._replaced(name)
        if sign == ":":
            sign += self._take() or _NO_RUNE
        elif not sign or sign not in "+-?#%":
            raise self._error("expand-modifier", modifier=sign or _NO_RUNE)
        return self._modified(name, sign)

    def _nested(self, stop: str, missing: str, *, keep_escapes: bool) -> str:
        """The text up to `stop`, its own variables replaced; `missing` is the error where there is no `stop`."""
        outer, self._keep_escapes = self._keep_escapes, keep_escapes
        self._depth += 1
        if self._depth > _DEEPEST:
            raise DockerfileError("dockerfile.expand-deep", limit=_DEEPEST)
        try:
            return "".join(self._until(stop, missing).text)
        except DockerfileError as error:
            # Whatever is not closed inside, at the end of the word this brace is not closed either.
            raise (self._error(missing) if self._peek() == END else error) from None
        finally:
            self._depth -= 1
            self._keep_escapes = outer

    def _modified(self, name: str, sign: str) -> str:
        operator = sign[-1]
        # A pattern needs its escapes: \* is a star, and * is not.
        word = self._nested("}", "expand-brace", keep_escapes=operator in "#%")
        value = self._lookup(name)
        if value is None and Mode.KEEP_UNSET in self._mode:
            return f"${{{name}{sign}{word}}}"
        # The colon makes an empty value count as none.
        missing = value is None or (sign[0] == ":" and not value)
        if operator == "-":
            return word if missing else value or ""
        if operator == "+":
            return "" if missing else word
        if operator == "?":
            return self._required(name, value, word, missing=missing)
        if sign in ("#", "%"):
            return self._trimmed(value or "", sign, word)
        raise self._error("expand-modifier", modifier=sign)

    def _required(self, name: str, value: str | None, word: str, *, missing: bool) -> str:
        if not missing:
            return value or ""
        if word:
            raise self._error("expand-required", name=name, message=word)
        raise self._error("expand-unset" if value is None else "expand-empty", name=name)

    def _trimmed(self, value: str, sign: str, word: str) -> str:
        # The second # or % was read as the start of the pattern.
        longest = word.startswith(sign)
        pattern = self._pattern(word[1:] if longest else word)
        trim = pattern.trim_prefix if sign == "#" else pattern.trim_suffix
        return trim(value, longest=longest)

    def _replaced(self, name: str) -> str:
        every = self._peek() == "/"
        if every:
            self._take()
        pattern = self._nested("/", "expand-slash", keep_escapes=True)
        replacement = self._nested("}", "expand-brace", keep_escapes=True)
        value = self._lookup(name)
        if value is None and Mode.KEEP_UNSET in self._mode:
            return f"${{{name}/{pattern}/{replacement}}}"
        return self._pattern(pattern).replace(value or "", replacement, every=every)

    def _pattern(self, text: str) -> ShellPattern:
        try:
            return ShellPattern.parse(text)
        except DockerfileError as error:
            raise self._error("expand-pattern", pattern=text, escaped=str(error.fields["escaped"])) from None
