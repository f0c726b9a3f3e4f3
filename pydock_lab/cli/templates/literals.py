"""Numbers, characters and texts as Go writes them. Source: The Go Programming Language Specification, "Literals"."""

import re
from collections.abc import Iterator

from pydock_lab.cli.templates.refusal import Refusal

_INTEGER = re.compile(r"[+-]?(?:0[xX]_?[0-9a-fA-F_]+|0[bB]_?[01_]+|0[oO]_?[0-7_]+|[0-9][0-9_]*)")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_HEX_FLOAT = re.compile(r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+")
_BAD_UNDERSCORE = re.compile(r"__|_$|^[+-]?_|[0-9a-fA-F]_(?![0-9a-fA-F])")
_HIGHEST = 2**63
_ESCAPE = re.compile(r"\\(?:([abfnrtv\\'\"])|([0-7]{3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))")
_SIMPLE = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, "'": 39, '"': 34}
_HIGHEST_CHARACTER, _SURROGATES, _HIGHEST_BYTE = 0x10FFFF, range(0xD800, 0xE000), 0xFF


def number(text: str) -> int | float:
    """The value of `42`, `0x2a`, `052`, `1_000`, `4.2e1`; raises Refusal."""
    if _INTEGER.fullmatch(text):
        return _whole(text)
    if _FLOAT.fullmatch(text):
        return _finite(text, float(text))
    if _HEX_FLOAT.fullmatch(text):
        return _finite(text, float.fromhex(text))
    raise Refusal("template.bad-number", number=text)


def _whole(text: str) -> int:
    if _BAD_UNDERSCORE.search(text):
        raise Refusal("template.bad-number", number=text)
    digits = text.lstrip("+-").replace("_", "").lower()
    is_octal = digits.startswith("0") and digits.isdigit() and len(digits) > 1
    try:
        value = int(digits, 8 if is_octal else 0)
    except ValueError:
        raise Refusal("template.bad-number", number=text) from None
    value = -value if text.startswith("-") else value
    if not -_HIGHEST <= value < _HIGHEST:
        raise Refusal("template.number-too-large", number=text)
    return value


def _finite(text: str, value: float) -> float:
    if value in (float("inf"), float("-inf")):
        raise Refusal("template.number-too-large", number=text)
    return value


def text(quoted: str) -> str:
    r"""The text between double quotes, with its escapes (\n, \t, \x41, \101, \u00e9) read; raises Refusal."""
    inner = quoted[1:-1]
    # Escapes may spell single bytes of a character: they are put together before they become text.
    return b"".join(_pieces(inner, "'")).decode("utf-8", "replace")


def character(quoted: str) -> int:
    """The number of a character between single quotes; raises Refusal."""
    inner = quoted[1:-1]
    if not inner.startswith("\\") and len(inner) == 1:
        return ord(inner)
    found = _ESCAPE.fullmatch(inner)
    if found is None or found[1] == '"':
        raise Refusal("template.bad-escape", literal=quoted)
    return _code(found)


def _pieces(inner: str, refused: str) -> Iterator[bytes]:
    at = 0
    while (slash := inner.find("\\", at)) >= 0:
        yield inner[at:slash].encode("utf-8", "surrogatepass")
        found = _ESCAPE.match(inner, slash)
        if found is None or found[1] == refused:
            raise Refusal("template.bad-escape", literal=inner[slash : slash + 2])
        code = _code(found)
        is_byte = bool(found[2] or found[3])
        yield bytes((code,)) if is_byte else chr(code).encode()
        at = found.end()
    yield inner[at:].encode("utf-8", "surrogatepass")


def _code(found: re.Match[str]) -> int:
    if found[1]:
        return _SIMPLE[found[1]]
    code = int(found[2], 8) if found[2] else int(found[3] or found[4] or found[5], 16)
    if code > (_HIGHEST_BYTE if found[2] else _HIGHEST_CHARACTER) or (code in _SURROGATES):
        raise Refusal("template.bad-escape", literal=found[0])
    return code
