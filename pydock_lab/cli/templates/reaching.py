"""What is inside of values: fields and keys by name, `index`, `slice`, `len`. Source: Go, package text/template."""

from collections.abc import Sequence
from typing import Any

from pydock_lab.cli.templates.refusal import Refusal
from pydock_lab.cli.templates.values import Map, Nothing, Record, elements, entries, is_list, type_name

_MOST_SLICED = 3


def field(value: Any, name: str, *, strict: bool = False) -> Any:
    """`.name` of a value; a map without that key gives no value, or, if `strict`, raises Refusal as a struct does."""
    if value is Nothing.ABSENT:
        return value
    if isinstance(value, Record):
        return value.get(name)
    pairs = entries(value)
    if pairs is not None:
        if strict and name not in pairs:
            raise Refusal("template.no-key", field=name, known=sorted(pairs))
        return pairs.get(name, Nothing.ABSENT)
    if value is None or value is Nothing.POINTER:
        raise Refusal("template.field-of-nil", field=name)
    raise Refusal("template.field-of-plain", field=name, kind=type_name(value))


def call(value: Any, name: str, arguments: Sequence[Any]) -> Any:
    """`.name argument...`: a method of a struct; raises Refusal for anything else."""
    method = value.methods.get(name) if isinstance(value, Record) else None
    if method is None:
        raise Refusal("template.not-a-method", name=name)
    try:
        return method(*arguments)
    except TypeError:
        raise Refusal("template.bad-arguments", name=name) from None


def length(value: Any) -> int:
    """`len`: bytes of a text, elements of a list, keys of a map; raises Refusal."""
    pairs = entries(value)
    if pairs is not None:
        return len(pairs)
    if is_list(value):
        return len(elements(value))
    if isinstance(value, str):
        return len(_raw(value))
    raise Refusal("template.no-length", kind=type_name(value))


def index(value: Any, *keys: Any) -> Any:
    """`index value 1 "a"`: value[1]["a"]; raises Refusal."""
    if value is None or value is Nothing.ABSENT:
        raise Refusal("template.no-index", kind=type_name(value))
    for key in keys:
        value = _item(value, key)
    return value


def _item(value: Any, key: Any) -> Any:
    pairs = entries(value)
    if pairs is not None:
        if not isinstance(key, str) or (isinstance(value, Map) and value.named_keys):
            raise Refusal("template.key-kind", kind=type_name(key))
        missing = value.zero if isinstance(value, Map) else None
        return pairs.get(key, missing)
    if is_list(value):
        items = elements(value)
        return items[_position(key, len(items) - 1)]
    if isinstance(value, str):
        raw = _raw(value)
        return raw[_position(key, len(raw) - 1)]
    raise Refusal("template.no-index", kind=type_name(value))


def cut(value: Any, *bounds: Any) -> Any:
    """`slice value 1 2`: value[1:2], of a text by bytes; raises Refusal."""
    if len(bounds) > _MOST_SLICED:
        raise Refusal("template.slice-bounds", count=len(bounds))
    if not isinstance(value, str) and not is_list(value):
        raise Refusal("template.no-slice", kind=type_name(value))
    if isinstance(value, str) and len(bounds) == _MOST_SLICED:
        raise Refusal("template.slice-text")
    items = _raw(value) if isinstance(value, str) else elements(value)
    places = [_position(bound, len(items)) for bound in bounds]
    if places != sorted(places):
        raise Refusal("template.slice-order", first=places[0], second=places[1])
    start, end = [*places, 0][0] if places else 0, places[1] if len(places) > 1 else len(items)
    found = items[start:end]
    return found.decode("utf-8", "replace") if isinstance(found, bytes) else found


def _position(key: Any, last: int) -> int:
    if not isinstance(key, int) or isinstance(key, bool):
        raise Refusal("template.index-kind", kind=type_name(key))
    if not 0 <= key <= last:
        raise Refusal("template.out-of-range", index=key, length=last + 1)
    return key


def _raw(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")


def iterated(value: Any) -> Sequence[tuple[Any, Any]]:
    """The pairs that `range` goes through: positions and elements, or keys, sorted, and values; raises Refusal."""
    pairs = entries(value)
    if pairs is not None:
        return [(key, pairs[key]) for key in sorted(pairs)]
    if is_list(value):
        return list(enumerate(elements(value)))
    if value is None or value is Nothing.ABSENT:
        return ()
    raise Refusal("template.no-range", kind=type_name(value))
