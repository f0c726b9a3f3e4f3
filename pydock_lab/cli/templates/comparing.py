"""`eq ne lt le gt ge`: values of one kind, nothing else. Source: Go, package text/template, "Functions"."""

import operator
from collections.abc import Callable, Sequence
from typing import Any

from pydock_lab.cli.templates.refusal import Refusal
from pydock_lab.cli.templates.values import Nothing, Record, Spoken, is_nil, type_name

_BASIC: Sequence[tuple[type, str]] = ((bool, "bool"), (int, "int"), (float, "float64"), (str, "string"))
_ORDERED = ("int", "float64", "string")


def equal(first: Any, *others: Any) -> bool:
    """Whether the first is equal to one of the others; raises Refusal where they cannot be compared."""
    if not others:
        raise Refusal("template.compare-what")
    return any(_equal(_plain(first), _plain(other)) for other in others)


def unequal(first: Any, second: Any) -> bool:
    """Whether two are not equal; raises Refusal."""
    return not equal(first, second)


def _equal(first: Any, second: Any) -> bool:
    kinds = _kind(first), _kind(second)
    if kinds[0] != kinds[1]:
        if None in (first, second) or Nothing.ABSENT in (first, second):
            return False
        raise Refusal("template.different-kinds", first=type_name(first), second=type_name(second))
    if kinds[0] or is_nil(first) or is_nil(second):
        return bool(first == second) if kinds[0] else is_nil(first) and is_nil(second)
    for value in (first, second):
        if not _is_comparable(value):
            raise Refusal("template.not-comparable", kind=type_name(value))
    return bool(first.items() == second.items())


def _is_comparable(value: Any) -> bool:
    """A struct of single values; no list and no map."""
    return isinstance(value, Record) and all(_kind(one) for _, one in value.items())


def _plain(value: Any) -> Any:
    return value.plain if isinstance(value, Spoken) else value


def _kind(value: Any) -> str:
    return next((name for kind, name in _BASIC if isinstance(value, kind)), "")


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def ordered(first: Any, second: Any) -> bool:
        first, second = _plain(first), _plain(second)
        kinds = _kind(first), _kind(second)
        for value, kind in zip((first, second), kinds, strict=True):
            if kind not in _ORDERED:
                raise Refusal("template.not-comparable", kind=type_name(value))
        if kinds[0] != kinds[1]:
            raise Refusal("template.different-kinds", first=kinds[0], second=kinds[1])
        return compare(first, second)

    return ordered


less, at_most = _ordered(operator.lt), _ordered(operator.le)
greater, at_least = _ordered(operator.gt), _ordered(operator.ge)
