"""The little languages inside options: `--memory 64m`, `-e NAME=value`, `--since 10m`, `name=value,name=value`."""

import csv
import os
import re
from collections.abc import Iterable
from pathlib import Path

from pydock_lab.dockerfile import scalars
from pydock_lab.engine import spoken_times
from pydock_lab.errors import CommandError, DockerfileError

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_NANO = 1_000_000_000


def size(text: str, option: str) -> int:
    """Bytes: `64m`, `1g`, `1.5GB`, `4096`; raises CommandError."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise CommandError("cli.bad-size", option=option, value=text)
    return int(float(found[1]) * _UNITS[found[2].lower()])


def duration(text: str, option: str) -> float:
    """Seconds: `500ms`, `1m30s`; raises CommandError."""
    try:
        found = scalars.duration(text) / _NANO
    except DockerfileError:
        found = -1.0
    if found < 0:
        raise CommandError("cli.bad-duration", option=option, value=text)
    return found


def environment(words: Iterable[str], files: Iterable[str] = ()) -> dict[str, str]:
    """`-e NAME=value`, `-e NAME` (the caller's value) and the lines of `--env-file`; raises CommandError."""
    found: dict[str, str] = {}
    for path in files:
        found |= _env_file(path)
    for word in words:
        name, equals, value = word.partition("=")
        if not name:
            raise CommandError("cli.bad-env", value=word)
        if equals:
            found[name] = value
        elif name in os.environ:
            found[name] = os.environ[name]
    return found


def _env_file(path: str) -> dict[str, str]:
    lines = _lines(path, "--env-file")
    for line in lines:
        name = line.partition("=")[0]
        if name.split() != [name]:
            raise CommandError("cli.bad-env-line", path=path, name=name)
    return environment(lines)


def _lines(path: str, option: str) -> list[str]:
    """The lines that say something, without the blanks before it; others than LF end none: a value may hold them."""
    if not path:
        raise CommandError("cli.no-path", option=option)
    try:
        text = Path(os.path.expanduser(path)).read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError("cli.no-file", path=path, reason=getattr(error, "strerror", None) or str(error)) from None
    lines = (line.removesuffix("\r").lstrip() for line in text.split("\n"))
    return [line for line in lines if line and not line.startswith("#")]


def pairs(words: Iterable[str], option: str) -> dict[str, str]:
    """`NAME=value` options such as --label and --build-arg; a bare --build-arg NAME takes the caller's value."""
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not name:
            raise CommandError("cli.bad-pair", option=option, value=word)
        if equals or option != "--build-arg":
            found[name] = value
        elif name in os.environ:
            found[name] = os.environ[name]
    return found


def labels(words: Iterable[str], files: Iterable[str]) -> dict[str, str]:
    """`--label` and the lines of `--label-file`; raises CommandError."""
    lines = (line for path in files for line in _lines(path, "--label-file"))
    return pairs(lines, "--label-file") | pairs(words, "--label")


def fields(text: str, option: str) -> dict[str, str]:
    """`name=value,name=value`, each with a value; raises CommandError."""
    words = fields_in(text, option)
    if not all("=" in word for word in words):
        raise CommandError("cli.bad-fields", option=option, value=text)
    return {name.strip().lower(): value for name, _, value in (word.partition("=") for word in words)}


def fields_in(text: str, option: str) -> list[str]:
    """The words between commas, one with commas in it standing in quotes, as CSV has them; raises CommandError."""
    try:
        (words,) = csv.reader([text], strict=True)
    except (ValueError, csv.Error):
        raise CommandError("cli.bad-fields", option=option, value=text) from None
    return words


def whole_number(text: str) -> int | None:
    """A number, perhaps with a minus; None for anything else."""
    return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else None


def moment(text: str, now: float) -> float:
    """A time for --since and --until: RFC 3339, seconds since 1970, or how long ago (`10m`); raises CommandError."""
    found = spoken_times.moment(text, now)
    if found is None:
        raise CommandError("cli.bad-time", value=text)
    return found


def split_container_path(text: str) -> tuple[str, str]:
    """`CONTAINER:PATH` of `docker cp`; the container is empty for a path of the host."""
    container, colon, path = text.partition(":")
    if not colon or container.startswith((".", "/")):
        return "", text
    return container, path or "/"
