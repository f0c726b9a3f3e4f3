"""Parser directives: comments at the very top that say how the rest is to be read.

    # syntax=docker/dockerfile:1      which frontend BuildKit should load (here only shown: ours is built in)
    # escape=`                        the escape character, for Windows paths
    # check=skip=StageNameCasing      which build checks are wanted

The first line that is anything else ends them, and each may stand there once. Source: BuildKit's documentation,
"Parser directives".
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydock_lab.dockerfile.characters import BYTE_ORDER_MARK
from pydock_lab.dockerfile.positions import LineRange, located
from pydock_lab.dockerfile.scalars import boolean
from pydock_lab.errors import DockerfileError

ESCAPES = ("\\", "`")
_KNOWN = ("syntax", "escape", "check")
_BLANKS = "\t\n\f\r "
_ASSIGNMENT = re.compile(r"[\t\n\f\r ]*([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=(.*)", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Directive:
    """One directive, its name in small letters, and its line."""

    name: str
    value: str
    line: int

    @property
    def head(self) -> str:
        """The value up to its first space: what follows are remarks."""
        return self.value.partition(" ")[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckOptions:
    """What `# check=` asks for; a rule is a name such as `StageNameCasing`."""

    skip: tuple[str, ...] = ()
    skip_all: bool = False
    experimental: tuple[str, ...] = ()
    experimental_all: bool = False
    is_error: bool = False  # warnings fail the build

    @classmethod
    def parse(cls, text: str) -> "CheckOptions":
        """Read `skip=Rule,Rule;error=true;experimental=all`; raises DockerfileError."""
        options: dict[str, bool | tuple[str, ...]] = {}
        for part in filter(None, (part.strip() for part in text.split(";"))):
            options |= _check_option(part)
        return cls(**options)  # type: ignore[arg-type]  # the names and types come from _check_option


def _check_option(part: str) -> dict[str, bool | tuple[str, ...]]:
    name, equals, value = (piece.strip() for piece in part.partition("="))
    if not equals or name not in ("skip", "experimental", "error"):
        raise DockerfileError("dockerfile.check-option", option=part if not equals else name)
    if name != "error":
        is_all = value == "all"
        rules = () if is_all else tuple(rule.strip() for rule in value.split(","))
        return {name: rules, f"{name}_all": is_all}
    if (is_error := boolean(value)) is None:
        raise DockerfileError("dockerfile.check-boolean", option=part, value=value)
    return {"is_error": is_error}


def directives(lines: Iterable[str], *, sign: str = "#", first: int = 1) -> Iterator[Directive]:
    """The directives at the top of some lines, the first of which is line `first`; raises DockerfileError."""
    seen: set[str] = set()
    for number, line in enumerate(lines, first):
        found = _ASSIGNMENT.fullmatch(line.removeprefix(sign)) if line.startswith(sign) else None
        if found is None or found[1].lower() not in _KNOWN or not found[2].strip(_BLANKS):
            return
        name = found[1].lower()
        with located(LineRange(first=number, last=number)):
            if name in seen:
                raise DockerfileError("dockerfile.directive-twice", directive=name)
        seen.add(name)
        yield Directive(name=name, value=found[2].strip(_BLANKS), line=number)


def escape_of(found: Iterable[Directive]) -> str:
    """The escape character that directives set, a backslash where they set none; raises DockerfileError."""
    for directive in found:
        if directive.name != "escape":
            continue
        if directive.value not in ESCAPES:
            place = {"line": directive.line, "end_line": directive.line}
            raise DockerfileError("dockerfile.directive-escape", escape=directive.value, **place)
        return directive.value
    return ESCAPES[0]


def detect(name: str, text: str) -> Directive | None:
    """The directive `name` of a file that need not be a Dockerfile: a remote frontend may have its own language.

    A `#!` line may come first; `//` may stand for `#`; a JSON object may say it under the key `name`, on line 0.
    """
    lines = text.removeprefix(BYTE_ORDER_MARK).split("\n")
    shebang = lines[0].startswith("#!")
    body = lines[1:] if shebang else lines
    for sign in ("#", "//"):
        for directive in _valid(body, sign, first=1 + shebang):
            if directive.name == name:
                return directive
    value = _json_value(name, "\n".join(body))
    return Directive(name=name, value=value, line=int(shebang)) if value is not None else None


def _valid(lines: list[str], sign: str, first: int) -> Iterator[Directive]:
    """Directives up to the first mistake, which is for the parser to report."""
    try:
        yield from directives(lines, sign=sign, first=first)
    except DockerfileError:
        return


def _json_value(name: str, text: str) -> str | None:
    try:
        document = json.loads(text, parse_int=str.encode)  # numbers of any length, and no strings
    except (ValueError, RecursionError):
        return None
    value = document.get(name) if isinstance(document, dict) else None
    return value if isinstance(value, str) else None
