"""From tokens to the tree. One method for each thing that the language has; each leaves the tokens behind it.

    list    = { text | "{{" action "}}" }
    action  = pipe | "if" pipe list [ "else" ... ] "end" | "with" ... | "range" ... | "break" | "continue"
            | "template" text [ pipe ] | "block" text pipe list "end" | "define" text list "end"
    pipe    = [ $x [ "," $y ] ( ":=" | "=" ) ] command { "|" command }
    command = operand { space operand }
    operand = ( "." | .Field | $x | literal | function | "(" pipe ")" ) { .Field }

Variables and functions have to be known where they are used, so that a slip is told before anything is written.
Source: Go, package text/template.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, ClassVar

from pydock_lab.cli.templates import literals, tree
from pydock_lab.cli.templates.refusal import Place, standing_at
from pydock_lab.cli.templates.tokens import Kind, Token, scan

_DEEPEST = 50  # parentheses and blocks in each other
_KEYWORDS = frozenset(("if", "else", "end", "with", "range", "break", "continue", "template", "block", "define", "nil"))
_OPERANDS = frozenset(
    (Kind.DOT, Kind.FIELD, Kind.VARIABLE, Kind.STRING, Kind.RAW, Kind.CHARACTER, Kind.NUMBER, Kind.WORD, Kind.LEFT)
)
_LITERALS: Mapping[Kind, Callable[[str], Any]] = {
    Kind.STRING: literals.text,
    Kind.RAW: lambda quoted: quoted[1:-1].replace("\r", ""),
    Kind.CHARACTER: literals.character,
    Kind.NUMBER: literals.number,
}
_TRUTHS: Mapping[str, Any] = {"true": True, "false": False}
_PLAIN = (tree.Dot, tree.NilWord, tree.Literal)  # no fields follow them, and they can be given nothing
_TWO = 2


class Parser:
    """Reads one template; `functions` are the names of those that there are."""

    def __init__(self, text: str, functions: Sequence[str]) -> None:
        self._tokens: Sequence[Token] = list(scan(text))
        self._functions = functions
        self._at = self._depth = self._ranges = 0
        self._variables = ["$"]
        self.definitions: dict[str, tree.Body] = {}

    def whole(self) -> tree.Body:
        """All of it; raises CommandError."""
        body, word = self._list(is_top=True)
        if word is not None:
            raise word.place.error("template.unexpected", what=word.text)
        return body

    # ---- tokens

    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _skip_spaces(self) -> Token:
        """The next token that is no space, not yet taken."""
        while self._peek().kind is Kind.SPACE:
            self._next()
        return self._peek()

    def _close(self) -> None:
        """Take the `}}` that has to stand here."""
        token = self._skip_spaces()
        if token.kind is not Kind.CLOSE:
            raise token.place.error("template.unexpected", what=token.text)
        self._next()

    def _keyword(self) -> str:
        """The keyword that stands here, not yet taken."""
        token = self._skip_spaces()
        return token.text if token.kind is Kind.WORD and token.text in _KEYWORDS else ""

    @contextmanager
    def _deeper(self, place: Place) -> Iterator[None]:
        """What is read in here stands inside of something."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise place.error("template.too-deep", most=_DEEPEST)
        yield
        self._depth -= 1

    # ---- lists and actions

    def _list(self, *, is_top: bool = False) -> tuple[tree.Body, Token | None]:
        """Nodes up to `{{end` or `{{else`, and that word, which is taken; None where the text ends first."""
        nodes: list[tree.Node] = []
        while (token := self._next()).kind is not Kind.END:
            keyword = self._keyword() if token.kind is Kind.OPEN else ""
            if token.kind is Kind.TEXT:
                nodes.append(tree.Text(text=token.text))
            elif keyword in ("end", "else"):
                return tuple(nodes), self._next()
            elif keyword == "define" and is_top:
                self._define(self._next().place)
            else:
                nodes.append(self._action())
        return tuple(nodes), None

    def _inner(self, place: Place) -> tuple[tree.Body, Token]:
        """The list of a block that begins at `place`."""
        body, word = self._list()
        if word is None:
            raise place.error("template.open-block")
        return body, word

    def _action(self) -> tree.Node:
        keyword = self._keyword()
        read = self._actions.get(keyword)
        if read is not None:
            return read(self, self._next())
        pipe = self._pipe(Kind.CLOSE)
        self._close()
        return tree.Action(pipe=pipe)

    def _if(self, word: Token) -> tree.Node:
        with self._deeper(word.place):
            return tree.If(**self._branches(word))

    def _with(self, word: Token) -> tree.Node:
        with self._deeper(word.place):
            return tree.With(**self._branches(word))

    def _range(self, word: Token) -> tree.Node:
        with self._deeper(word.place):
            return tree.Range(**self._branches(word))

    def _branches(self, word: Token) -> dict[str, Any]:
        """The pipe, body and `else` of a block, up to behind its `end`; variables made in it end with it."""
        known = len(self._variables)
        pipe = self._pipe(Kind.CLOSE, in_range=word.text == "range")
        self._close()
        self._ranges += word.text == "range"
        body, stop = self._inner(word.place)
        self._ranges -= word.text == "range"
        otherwise: tree.Body = ()
        if stop.text == "else" and word.text in ("if", "with") and self._keyword() == word.text:
            otherwise = (self._action(),)  # the `end` is that one's
        else:
            if stop.text == "else":
                self._close()
                otherwise, stop = self._inner(word.place)
            if stop.text == "else":
                raise stop.place.error("template.second-else")
            self._close()
        del self._variables[known:]
        return {"pipe": pipe, "body": body, "otherwise": otherwise}

    def _leave(self, word: Token) -> tree.Node:
        if not self._ranges:
            raise word.place.error("template.outside-range", word=word.text)
        self._close()
        return tree.Break() if word.text == "break" else tree.Continue()

    # ---- templates in a template

    def _template(self, word: Token) -> tree.Node:
        name = self._name(word)
        pipe = None if self._skip_spaces().kind is Kind.CLOSE else self._pipe(Kind.CLOSE)
        self._close()
        return tree.Call(place=word.place, name=name, pipe=pipe)

    def _block(self, word: Token) -> tree.Node:
        name, pipe = self._name(word), self._pipe(Kind.CLOSE)
        self._close()
        self._keep(word.place, name)
        return tree.Call(place=word.place, name=name, pipe=pipe)

    def _define(self, place: Place) -> None:
        name = self._name(self._peek())
        self._close()
        self._keep(place, name)

    def _name(self, word: Token) -> str:
        token = self._skip_spaces()
        if token.kind not in (Kind.STRING, Kind.RAW):
            raise word.place.error("template.needs-name", word=word.text)
        name = self._literal(self._next()).value
        assert isinstance(name, str)  # noqa: S101 - a quoted text is one
        return name

    def _keep(self, place: Place, name: str) -> None:
        """Read the list of a definition up to its `end`; nothing from around it is known inside."""
        with self._deeper(place):
            outside, self._variables = self._variables, ["$"]
            ranges, self._ranges = self._ranges, 0
            body, stop = self._inner(place)
            self._variables, self._ranges = outside, ranges
        if stop.text == "else":
            raise stop.place.error("template.unexpected", what=stop.text)
        self._close()
        if name in self.definitions:
            raise place.error("template.twice-defined", name=name)
        self.definitions[name] = body

    # ---- pipes

    def _pipe(self, end: Kind, *, in_range: bool = False) -> tree.Pipe:
        """A pipe, up to its end, which is not taken."""
        start = self._skip_spaces()
        names, is_assignment = self._declarations(in_range=in_range)
        commands: list[tree.Command] = []
        while self._skip_spaces().kind is not end:
            command = self._command()
            if commands and isinstance(command.operands[0], _PLAIN):
                raise command.place.error("template.not-a-stage")
            commands.append(command)
        if not commands:
            raise start.place.error("template.missing-value")
        return tree.Pipe(place=start.place, commands=tuple(commands), names=names, is_assignment=is_assignment)

    def _declarations(self, *, in_range: bool) -> tuple[tuple[str, ...], bool]:
        """The variables in front of a `:=` or `=`; where there is none, what stands here is left as it is."""
        start, names = self._at, list[str]()
        while self._skip_spaces().kind is Kind.VARIABLE:
            names.append(self._next().text)
            separator = self._skip_spaces()
            if separator.kind in (Kind.DECLARE, Kind.ASSIGN):
                self._next()
                if separator.kind is Kind.DECLARE:
                    self._variables += names
                else:
                    self._check_variables(separator.place, names)
                return tuple(names), separator.kind is Kind.ASSIGN
            if separator.kind is not Kind.COMMA:
                break
            if not in_range or len(names) >= _TWO:
                raise separator.place.error("template.too-many-variables")
            self._next()
        if len(names) > 1:
            raise self._peek().place.error("template.unexpected", what=self._peek().text)
        self._at = start
        return (), False

    def _check_variables(self, place: Place, names: Sequence[str]) -> None:
        for name in names:
            if name not in self._variables:
                raise place.error("template.no-variable", name=name, known=self._variables)

    def _command(self) -> tree.Command:
        """Operands with spaces between them, and the `|` behind them, if there is one."""
        place, operands = self._skip_spaces().place, list[tree.Operand]()
        while True:
            if self._skip_spaces().kind in _OPERANDS:
                operands.append(self._operand())
            token = self._peek()
            if token.kind is Kind.PIPE and operands:
                self._next()
                break
            if token.kind in (Kind.CLOSE, Kind.RIGHT) and operands:
                break
            if token.kind is not Kind.SPACE:
                raise token.place.error("template.unexpected", what=token.text)
        return tree.Command(place=place, operands=tuple(operands))

    # ---- operands

    def _operand(self) -> tree.Operand:
        """A term, and the fields of it that follow without a space."""
        term, names = self._term(), list[str]()
        while self._peek().kind is Kind.FIELD:
            names.append(self._next().text[1:])
        if not names:
            return term
        if isinstance(term, _PLAIN):
            raise term.place.error("template.no-fields-here", field=names[0])
        if isinstance(term, tree.Field | tree.Variable):
            return replace(term, names=(*term.names, *names))
        return tree.Chain(place=term.place, inner=term, names=tuple(names))

    def _term(self) -> tree.Operand:
        token = self._next()
        match token.kind:
            case Kind.DOT:
                return tree.Dot(place=token.place)
            case Kind.FIELD:
                return tree.Field(place=token.place, names=(token.text[1:],))
            case Kind.VARIABLE:
                self._check_variables(token.place, [token.text])
                return tree.Variable(place=token.place, name=token.text)
            case Kind.LEFT:
                return self._parenthesis(token.place)
            case Kind.WORD:
                return self._word(token)
        return self._literal(token)

    def _parenthesis(self, place: Place) -> tree.Operand:
        with self._deeper(place):
            inner = self._pipe(Kind.RIGHT)
            self._next()
        return inner

    def _word(self, token: Token) -> tree.Operand:
        if token.text in _TRUTHS:
            return tree.Literal(place=token.place, value=_TRUTHS[token.text])
        if token.text == "nil":
            return tree.NilWord(place=token.place)
        if token.text in _KEYWORDS:
            raise token.place.error("template.unexpected", what=token.text)
        if token.text not in self._functions:
            raise token.place.error("template.no-function", name=token.text, known=self._functions)
        return tree.Function(place=token.place, name=token.text)

    def _literal(self, token: Token) -> tree.Literal:
        with standing_at(token.place):
            return tree.Literal(place=token.place, value=_LITERALS[token.kind](token.text))

    _actions: ClassVar[Mapping[str, Callable[["Parser", Token], tree.Node]]] = {
        "if": _if,
        "with": _with,
        "range": _range,
        "break": _leave,
        "continue": _leave,
        "template": _template,
        "block": _block,
    }
