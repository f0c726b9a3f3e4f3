"""Lists as Docker prints them: columns, `--format` with Go's templates, `-q`.

A template has fields (`{{.ID}}`, `{{.Config.Env}}`), `{{json .Field}}`, `{{index .List 0}}`, `{{upper .Name}}`;
`table` in front of it asks for headings, `json` alone for one object a line. Source: Docker's documentation, "Format
command and log output"; Go, package text/template.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pydock_lab.errors import CommandError

_ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}")
_GAP = 3  # spaces between columns, as Docker's tabwriter
_FUNCTIONS: Mapping[str, Callable[[Any], str]] = {
    "json": lambda value: json.dumps(value, ensure_ascii=False),
    "upper": lambda value: shown(value).upper(),
    "lower": lambda value: shown(value).lower(),
    "len": lambda value: str(len(value)),
    "println": lambda value: shown(value) + "\n",
}


def columns(rows: Iterable[Sequence[str]]) -> str:
    """Rows as aligned columns, the last one as long as it is."""
    rows = [list(row) for row in rows]
    widths = [max(len(cell) for cell in column) + _GAP for column in zip(*rows, strict=True)] if rows else []
    lines = ("".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines)


def listing(headings: Mapping[str, str], rows: Sequence[Mapping[str, Any]], form: str | None) -> str:
    """A list: `headings` by field name in the order of the columns, or what `form` asks for."""
    if form in (None, "", "table"):
        return columns([list(headings.values()), *([shown(row[name]) for name in headings] for row in rows)])
    assert form is not None  # noqa: S101 - handled above
    if form == "json":
        return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    if form.startswith("table "):
        template = form.removeprefix("table ").replace("\\t", "\t")
        head = _ACTION.sub(lambda found: headings.get(found[1].lstrip("."), found[1].lstrip(".").upper()), template)
        return columns(line.split("\t") for line in [head, *(render(template, row) for row in rows)])
    return "\n".join(render(form, row) for row in rows)


def render(template: str, value: Any) -> str:
    """A template filled with plain data; raises CommandError for what it does not know."""
    text = template.replace("\\t", "\t").replace("\\n", "\n")
    return _ACTION.sub(lambda found: shown(_evaluate(found[1], value)), text)


def _evaluate(action: str, value: Any) -> Any:
    words = action.split()
    if len(words) == 1:
        return _field(words[0], value, action)
    if words[0] == "index" and len(words) >= 3:  # noqa: PLR2004 - function, list, key
        found = _field(words[1], value, action)
        for key in words[2:]:
            found = _item(found, key.strip('"'), action)
        return found
    if words[0] in _FUNCTIONS and len(words) == 2:  # noqa: PLR2004 - function, argument
        return _FUNCTIONS[words[0]](_field(words[1], value, action))
    raise CommandError("cli.bad-template", action=action)


def _field(path: str, value: Any, action: str) -> Any:
    if not path.startswith("."):
        raise CommandError("cli.bad-template", action=action)
    for name in path.strip(".").split(".") if path != "." else []:
        if not isinstance(value, Mapping) or name not in value:
            known = ", ".join(sorted(value)) if isinstance(value, Mapping) else "-"
            raise CommandError("cli.no-field", field=name, known=known)
        value = value[name]
    return value


def _item(found: Any, key: str, action: str) -> Any:
    try:
        return found[int(key)] if isinstance(found, Sequence) else found[key]
    except (LookupError, ValueError, TypeError):
        raise CommandError("cli.bad-template", action=action) from None


def shown(value: Any) -> str:
    """A value as a template prints it."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "map[" + " ".join(f"{name}:{shown(item)}" for name, item in value.items()) + "]"
    if isinstance(value, list | tuple):
        return "[" + " ".join(shown(item) for item in value) + "]"
    return str(value)
