"""The tree walked with data: what a template writes.

Each run has its own variables, innermost last; a block's end takes those away that were made in it. `range` gives each
turn a dot of its own; `break` and `continue` come up to it as what a list of nodes ended with.
Source: Go, package text/template.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

from pydock_lab.cli.templates import tree
from pydock_lab.cli.templates.functions import FUNCTIONS, Function
from pydock_lab.cli.templates.printing import shown
from pydock_lab.cli.templates.reaching import call, field, iterated
from pydock_lab.cli.templates.refusal import Place, Refusal, standing_at
from pydock_lab.cli.templates.values import Nothing, is_true

DEEPEST = 100  # templates that call templates
_MOST_TURNS = 1_000_000
_NONE = object()  # no value came down the pipe


class _Flow(Enum):
    ON = 1
    BREAK = 2
    CONTINUE = 3


class Run:
    """One template with one piece of data; `strict`: a key that a map has not is an error."""

    def __init__(
        self,
        definitions: Mapping[str, tree.Body],
        data: Any,
        *,
        strict: bool = False,
        functions: Mapping[str, Function] = FUNCTIONS,
    ) -> None:
        self._definitions, self._strict, self._functions = definitions, strict, functions
        self._variables: list[tuple[str, Any]] = [("$", data)]
        self._depth = 0
        self.written: list[str] = []

    def body(self, body: tree.Body, dot: Any) -> _Flow:
        """Write a list of nodes; raises CommandError."""
        for node in body:
            flow = self._nodes[type(node)](self, node, dot)
            if flow is not None and flow is not _Flow.ON:
                return flow
        return _Flow.ON

    # ---- what writes something

    def _text(self, node: tree.Text, _dot: Any) -> None:
        self.written.append(node.text)

    def _action(self, node: tree.Action, dot: Any) -> None:
        value = self._pipe(node.pipe, dot)
        if not node.pipe.names:
            with standing_at(node.pipe.place):
                self.written.append(shown(value))

    def _if(self, node: tree.If, dot: Any) -> _Flow:
        known = len(self._variables)
        flow = self.body(node.body if is_true(self._pipe(node.pipe, dot)) else node.otherwise, dot)
        del self._variables[known:]
        return flow

    def _with(self, node: tree.With, dot: Any) -> _Flow:
        known = len(self._variables)
        value = self._pipe(node.pipe, dot)
        flow = self.body(node.body, value) if is_true(value) else self.body(node.otherwise, dot)
        del self._variables[known:]
        return flow

    def _range(self, node: tree.Range, dot: Any) -> _Flow:
        known = len(self._variables)
        value = self._pipe(node.pipe, dot)
        with standing_at(node.pipe.place):
            pairs = _turns(node.pipe, value)
        flow = _Flow.ON
        if not pairs:
            flow = self.body(node.otherwise, dot)
        for key, element in pairs:
            self._set_turn(node.pipe, key, element)
            mark = len(self._variables)
            ended = self.body(node.body, element)
            del self._variables[mark:]
            if ended is _Flow.BREAK:
                break
        del self._variables[known:]
        return flow

    def _set_turn(self, pipe: tree.Pipe, key: Any, element: Any) -> None:
        """The variables of a turn: the element, or the key and the element."""
        values = (element,) if len(pipe.names) == 1 else (key, element)
        for name, value in zip(pipe.names, values, strict=False):
            self._set(pipe.place, name, value)

    def _break(self, _node: tree.Break, _dot: Any) -> _Flow:
        return _Flow.BREAK

    def _continue(self, _node: tree.Continue, _dot: Any) -> _Flow:
        return _Flow.CONTINUE

    def _call(self, node: tree.Call, dot: Any) -> None:
        if node.name not in self._definitions:
            raise node.place.error("template.no-template", name=node.name, known=list(self._definitions))
        self._depth += 1
        if self._depth > DEEPEST:
            raise node.place.error("template.too-deep", most=DEEPEST)
        value = Nothing.ABSENT if node.pipe is None else self._pipe(node.pipe, dot)
        outside, self._variables = self._variables, [("$", value)]
        self.body(self._definitions[node.name], value)
        self._variables = outside
        self._depth -= 1

    # ---- values

    def _pipe(self, pipe: tree.Pipe, dot: Any) -> Any:
        value: Any = _NONE
        for command in pipe.commands:
            value = self._command(command, dot, value)
            # A nil that came out of a list or map is no value any more: so it is in Go.
            value = Nothing.ABSENT if value is None else value
        for name in pipe.names:
            if pipe.is_assignment:
                self._set(pipe.place, name, value)
            else:
                self._variables.append((name, value))
        return value

    def _set(self, place: Place, name: str, value: Any) -> None:
        self._variables[self._position(place, name)] = (name, value)

    def _position(self, place: Place, name: str) -> int:
        """Where the innermost variable of that name is; one that another branch made is not there."""
        for number in reversed(range(len(self._variables))):
            if self._variables[number][0] == name:
                return number
        raise place.error("template.no-variable", name=name, known=[known for known, _ in self._variables])

    def _command(self, command: tree.Command, dot: Any, final: Any) -> Any:
        first, *arguments = command.operands
        match first:
            case tree.Function():
                return self._function(first, arguments, dot, final)
            case tree.Field() | tree.Variable() | tree.Chain() if first.names:
                return self._reach(first, arguments, dot, final)
            case tree.NilWord():
                raise first.place.error("template.nil-alone")
        if arguments or final is not _NONE:
            raise first.place.error("template.not-a-function")
        return self._operand(first, dot)

    def _reach(
        self, first: tree.Field | tree.Variable | tree.Chain, more: Sequence[tree.Operand], dot: Any, final: Any
    ) -> Any:
        """Fields of something, the last of which may be a method with arguments."""
        *names, last = first.names
        value = self._fields(first.place, self._root(first, dot), names)
        if not more and final is _NONE:
            return self._fields(first.place, value, [last])
        values = [self._operand(one, dot) for one in more] + ([] if final is _NONE else [final])
        with standing_at(first.place):
            return call(value, last, values)

    def _root(self, operand: tree.Field | tree.Variable | tree.Chain, dot: Any) -> Any:
        match operand:
            case tree.Field():
                return dot
            case tree.Variable():
                return self._variables[self._position(operand.place, operand.name)][1]
        return self._operand(operand.inner, dot)

    def _fields(self, place: Place, value: Any, names: Sequence[str]) -> Any:
        with standing_at(place):
            for name in names:
                value = field(value, name, strict=self._strict)
        return value

    def _operand(self, operand: tree.Operand, dot: Any) -> Any:
        """The value of an argument."""
        match operand:
            case tree.Dot():
                return dot
            case tree.NilWord():
                return None
            case tree.Literal():
                return operand.value
            case tree.Pipe():
                return self._pipe(operand, dot)
            case tree.Function():
                return self._function(operand, (), dot, _NONE)
        return self._fields(operand.place, self._root(operand, dot), operand.names)

    def _function(self, word: tree.Function, operands: Sequence[tree.Operand], dot: Any, final: Any) -> Any:
        function = self._functions[word.name]
        count = len(operands) + (final is not _NONE)
        with standing_at(word.place):
            function.check_count(word.name, count)
        if word.name in ("and", "or"):
            return self._until(word.name == "or", operands, dot, final)
        values = list[Any]()
        for number, operand in enumerate(operands):
            value = self._operand(operand, dot)
            with standing_at(operand.place):
                function.kind(number).check(value)
            values.append(value)
        return _called(word.place, function, values if final is _NONE else [*values, final])

    def _until(self, wanted: bool, operands: Sequence[tree.Operand], dot: Any, final: Any) -> Any:
        """`or` ends with the first true value, `and` with the first one that is not; what follows is not looked at."""
        value: Any = None
        for operand in operands:
            value = self._operand(operand, dot)
            if is_true(value) is wanted:
                return value
        return value if final is _NONE else final

    _nodes: Mapping[type[Any], Callable[..., _Flow | None]] = {
        tree.Text: _text,
        tree.Action: _action,
        tree.If: _if,
        tree.With: _with,
        tree.Range: _range,
        tree.Break: _break,
        tree.Continue: _continue,
        tree.Call: _call,
    }


def _called(place: Place, function: Function, values: Sequence[Any]) -> Any:
    with standing_at(place):
        if values:
            function.kind(len(values) - 1).check(values[-1])
        return function.call(*values)


def _turns(pipe: tree.Pipe, value: Any) -> Sequence[tuple[Any, Any]]:
    """What `range` goes through; a number is as many turns; raises Refusal."""
    if isinstance(value, int) and not isinstance(value, bool):
        if len(pipe.names) > 1:
            raise Refusal("template.range-number")
        if value > _MOST_TURNS:
            raise Refusal("template.range-too-long", most=_MOST_TURNS)
        return [(number, number) for number in range(value)]
    return iterated(value)
