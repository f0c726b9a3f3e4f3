"""Single values in flags and mount options: yes or no, durations, sizes, numbers, comma-separated fields.

Each reads what the reference reads with Go's strconv, time, encoding/csv and docker/go-units, and is stricter
than Python's own functions: `int("1_000")` or `int("٣")` are numbers here, but not in a Dockerfile.
"""

import re
from collections.abc import Iterator

from pydock_lab.errors import DockerfileError

_BOOLEANS = dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True) | dict.fromkeys(
    ("0", "f", "F", "FALSE", "false", "False"), False
)
_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,  # Go takes both the micro sign and the Greek letter
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_LONGEST = 2**63 - 1  # nanoseconds, about 292 years
_DURATION_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?([^0-9.]*)")
_DIGITS = 19  # no 64-bit number has more, and Python refuses to convert thousands of them
_SIZE = re.compile(r"([0-9]*\.?[0-9]+) ?(?:([kmgtp])(?:i?b)?|b)?", re.IGNORECASE)
_UNQUOTED = re.compile(r"[^,]*")
_QUOTED = re.compile(r'"((?:[^"]|"")*+)"?')


def boolean(text: str) -> bool | None:
    """`true`, `1`, `f` ...; None for anything else (Go: strconv.ParseBool)."""
    return _BOOLEANS.get(text)


def unsigned(text: str, *, base: int = 10, bits: int = 32) -> int | None:
    """A number of ASCII digits without a sign; None for anything else (Go: strconv.ParseUint)."""
    digits = "01234567" if base == 8 else "0123456789"  # noqa: PLR2004 - octal
    if not text or len(text) > bits or text.strip(digits):
        return None
    number = int(text, base)
    return number if number < 2**bits else None


def duration(text: str) -> int:
    """`1h30m`, `1.5s`, `0`, in nanoseconds; raises DockerfileError (Go: time.ParseDuration)."""
    sign = -1 if text.startswith("-") else 1
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return 0
    total = sum(_duration_parts(text, rest))
    if not rest or total > _LONGEST:
        raise DockerfileError("dockerfile.duration-invalid", duration=text)
    return sign * total


def _duration_parts(text: str, rest: str) -> Iterator[int]:
    position = 0
    while position < len(rest):
        part = _DURATION_PART.match(rest, position)
        whole, fraction, unit = part.groups(default="") if part else ("", "", "")
        if part is None or not (whole or fraction) or max(len(whole), len(fraction)) > _DIGITS:
            raise DockerfileError("dockerfile.duration-invalid", duration=text)
        if not unit:
            raise DockerfileError("dockerfile.duration-unit-missing", duration=text)
        if unit not in _NANOSECONDS:
            raise DockerfileError("dockerfile.duration-unit-unknown", duration=text, unit=unit)
        scale = _NANOSECONDS[unit]
        yield int(whole or "0") * scale + int(fraction or "0") * scale // 10 ** len(fraction)
        position = part.end()


def size(text: str) -> int | None:
    """`128m`, `1.5GiB`, in bytes, always by powers of 1024; None for anything else (go-units: RAMInBytes)."""
    found = _SIZE.fullmatch(text)
    if found is None or len(found[1]) > _DIGITS:
        return None
    return int(float(found[1]) * 1024 ** (" kmgtp".index((found[2] or " ").lower())))


def fields(text: str, *, what: str) -> tuple[str, ...]:
    """The fields of one line of comma-separated values; `what` names the line in errors ("mounts").

    Raises DockerfileError for an empty line and for quotes in the wrong place. Source: RFC 4180, and Go's
    encoding/csv for columns (from 1) and messages.
    """
    if not text.strip("\r\n"):
        raise DockerfileError("dockerfile.csv-empty", what=what)
    return tuple(_fields(text, what))


def _fields(text: str, what: str) -> Iterator[str]:
    position = 0
    while True:
        if text.startswith('"', position):
            value, position = _quoted_field(text, position, what)
        else:
            value, position = _plain_field(text, position, what)
        yield value
        if position >= len(text):
            return
        position += 1  # the comma


def _plain_field(text: str, start: int, what: str) -> tuple[str, int]:
    found = _UNQUOTED.match(text, start)
    value = found[0] if found else ""
    if '"' in value:
        raise DockerfileError("dockerfile.csv-bare-quote", what=what, column=start + value.index('"') + 1)
    return value, start + len(value)


def _quoted_field(text: str, start: int, what: str) -> tuple[str, int]:
    found = _QUOTED.match(text, start)
    end = found.end() if found else start
    closed = found is not None and text[end - 1] == '"' and end - 1 > start
    if not closed or (end < len(text) and text[end] != ","):
        raise DockerfileError("dockerfile.csv-quote", what=what, column=end if closed else end + 1)
    return (found[1] if found else "").replace('""', '"'), end
