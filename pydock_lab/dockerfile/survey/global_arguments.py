"""The ARGs before the first FROM: their values, and which of them another one needs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydock_lab.dockerfile.expansion import expand
from pydock_lab.dockerfile.instructions import Arg, Variable
from pydock_lab.dockerfile.positions import LineRange, located


@dataclass(frozen=True, kw_only=True, slots=True)
class Argument:
    """An ARG with its value in force; `needs` are the arguments that its default names."""

    variable: Variable
    value: str
    lines: LineRange
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class GlobalArguments:
    """`values` are all that FROM can name, the platform's arguments among them; `written` those of the file."""

    values: Mapping[str, str]
    written: Mapping[str, Argument]


def read_arguments(
    args: Iterable[Arg], known: Mapping[str, str], build_args: Mapping[str, str], escape: str
) -> GlobalArguments:
    """Give every ARG its value; raises DockerfileError."""
    values, written = dict(known), dict[str, Argument]()
    for arg in args:
        for variable in arg.variables:
            name, needs = variable.key, frozenset[str]()
            value = build_args.get(name)
            if value is None and variable.default is not None:
                with located(arg.lines):
                    found = expand(variable.default, values, escape)
                value, needs = found.text, _needs(name, found.matched, written)
            if value is not None:
                values[name] = value
            written[name] = Argument(variable=variable, value=value or "", lines=arg.lines, needs=needs)
    return GlobalArguments(values=values, written=written)


def _needs(name: str, matched: frozenset[str], written: Mapping[str, Argument]) -> frozenset[str]:
    # `ARG a=1` and later `ARG a=$a-$b`: the first one is part of the second.
    inherited = written[name].needs if name in matched and name in written else frozenset()
    return (matched - {name}) | inherited
