"""Values as JSON, as Docker's `json` function writes it: no spaces, maps in the order of their keys, structs in theirs.

Source: Go, package encoding/json.
"""

import json
from typing import Any

from pydock_lab.cli.templates.values import Map, Nothing, Record, Spoken, elements, entries, is_list
from pydock_lab.cli.templates.verbs import shortest

_FIXED = range(-6, 21)  # the exponents of numbers that are written without one
_LINES = str.maketrans({"\u2028": "\\u2028", "\u2029": "\\u2029"})  # no JavaScript reads them in a text


_HTML = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def json_text(value: Any) -> str:
    """The JSON of a value."""
    if value is None or isinstance(value, Nothing) or (isinstance(value, Map) and value.is_nil):
        return "null"
    if isinstance(value, Record):
        found = _object(value.said())
        return found.translate(_HTML) if value.is_row else found
    pairs = entries(value)
    if pairs is not None:
        return _object([(str(key), pairs[key]) for key in sorted(pairs)])
    if is_list(value):
        return f"[{','.join(json_text(one) for one in elements(value))}]"
    return json_text(value.plain) if isinstance(value, Spoken) else _scalar(value)


def _object(pairs: list[tuple[str, Any]]) -> str:
    return f"{{{','.join(f'{_scalar(name)}:{json_text(one)}' for name, one in pairs)}}}"


def _scalar(value: Any) -> str:
    if isinstance(value, float):
        return _real(value)
    if isinstance(value, str):
        value = value.encode("utf-8", "replace").decode()
    return json.dumps(value, ensure_ascii=False).translate(_LINES)


def _real(value: float) -> str:
    sign, size = "-" if str(value).startswith("-") else "", abs(value)
    return sign + shortest(size, _FIXED).replace("e-0", "e-")
