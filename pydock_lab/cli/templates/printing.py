"""How values are written: `%v` and the other verbs of Go's printf, also of lists, maps and structs, item by item.

    {{printf "%-8s|%5.2f|%q" "a" 2.5 "b"}}   ->   a       | 2.50|"b"

What does not fit is no error but is written, as Go does it: `%!d(string=a)`, `%!d(MISSING)`, `%!(EXTRA int=1)`.
Source: Go, package fmt.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydock_lab.cli.templates.values import Map, Nothing, Record, Spoken, elements, is_list, type_name
from pydock_lab.cli.templates.verbs import Form, real, text, truth, whole

_PLAIN = Form(verb="v")


def shown(value: Any) -> str:
    """A value as `{{value}}` writes it."""
    if value is None:
        return Nothing.ABSENT.value
    return written(value, _PLAIN)


def printed(values: Sequence[Any]) -> str:
    """`print`: values behind each other, with a space between two that are no texts."""
    pieces = list[str]()
    for number, value in enumerate(values):
        if number and not isinstance(value, str) and not isinstance(values[number - 1], str):
            pieces.append(" ")
        pieces.append(argument(value, _PLAIN))
    return "".join(pieces)


def printed_line(values: Sequence[Any]) -> str:
    """`println`: values with a space between each two, and a new line."""
    return " ".join(argument(value, _PLAIN) for value in values) + "\n"


def argument(value: Any, form: Form) -> str:
    """A value that a function was given: nothing at all is nil, and a pointer shows itself as one."""
    if form.verb == "T":
        return text(type_name(value), form.with_verb("s")) or ""
    if value is None or value is Nothing.ABSENT:
        return form.padded("<nil>") if form.verb == "v" else f"%!{form.verb}(<nil>)"
    sign = "&" if isinstance(value, Record) and value.is_pointer else ""
    return sign + written(value, form)


def written(value: Any, form: Form) -> str:
    """A value in a form; where the verb does not fit, Go's words for that."""
    if value is None:
        return "interface {}(nil)" if form.sharp_v else form.padded("<nil>")
    if isinstance(value, Nothing):
        return form.padded(value.value)
    if isinstance(value, Spoken):
        return written(value.words if form.verb in "vsq" else value.plain, form)
    found = _structure(value, form) if _is_structure(value) else _scalar(value, form)
    return found if found is not None else f"%!{form.verb}({type_name(value)}={written(value, form.with_verb('v'))})"


def _scalar(value: Any, form: Form) -> str | None:
    """None where the verb is for another kind of value."""
    if isinstance(value, bool):
        return truth(value, form)
    if isinstance(value, int):
        return whole(value, form)
    return real(value, form) if isinstance(value, float) else text(str(value), form)


def _is_structure(value: Any) -> bool:
    return isinstance(value, Record | Map | Mapping) or is_list(value)


def _structure(value: Any, form: Form) -> str:
    if isinstance(value, Record):
        return _struct(value, form)
    if is_list(value):
        items = [written(one, form) for one in elements(value)]
        return f"{type_name(value)}{{{', '.join(items)}}}" if form.sharp_v else f"[{' '.join(items)}]"
    pairs = value.entries if isinstance(value, Map) else value
    items = [f"{written(str(key), form)}:{written(pairs[key], form)}" for key in sorted(pairs)]
    return f"{type_name(value)}{{{', '.join(items)}}}" if form.sharp_v else f"map[{' '.join(items)}]"


def _struct(value: Record, form: Form) -> str:
    with_names = form.sharp_v or (form.verb == "v" and form.plus)
    items = [f"{name}:{written(one, form)}" if with_names else written(one, form) for name, one in value.items()]
    return f"struct{{{', '.join(items)}}}" if form.sharp_v else f"{{{' '.join(items)}}}"
