"""The verbs of Go's printf for single values: texts, whole numbers, numbers with a fraction, truths.

Each function gives None for a verb that is not for its kind of value. Source: Go, package fmt, "Printing".
"""

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Self

from pydock_lab.cli.templates.refusal import Refusal

_ESCAPES = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 92: "\\\\"}
_ASCII, _SHORT = 0x7F, 0xFFFF
_CHARACTERS = 0x110000
_EXPONENT = re.compile(r"(e[+-])([0-9])$")
_FIXED, _FIXED_SHARP = range(-4, 6), range(-4, 21)  # the exponents of numbers that %g and %#v write without one


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """What stands behind a `%`: flags, width, precision, verb."""

    verb: str
    minus: bool = False
    plus: bool = False
    sharp: bool = False
    space: bool = False
    zero: bool = False
    width: int | None = None
    precision: int | None = None

    @property
    def sharp_v(self) -> bool:
        """Whether it is `%#v`, Go's own notation."""
        return self.verb == "v" and self.sharp

    def with_verb(self, verb: str) -> Self:
        """The same with another verb."""
        return replace(self, verb=verb)

    def padded(self, text: str) -> str:
        """The text at its width, with spaces."""
        width = self.width or 0
        return text.ljust(width) if self.minus else text.rjust(width)

    def padded_number(self, sign: str, digits: str) -> str:
        """A number at its width: zeros come behind the sign."""
        if self.zero and not self.minus:
            return sign + digits.rjust((self.width or 0) - len(sign), "0")
        return self.padded(sign + digits)

    def sign(self, *, negative: bool) -> str:
        """The sign of a number."""
        if negative:
            return "-"
        return "+" if self.plus and self.verb != "v" else " " if self.space else ""


# ---- texts


def text(value: str, form: Form) -> str | None:
    """`%s %v %q %x %X`."""
    if form.verb in "xX":
        raw = value.encode("utf-8", "replace")[: form.precision]
        joined = raw.hex(" ") if form.space else raw.hex()
        sharp = f"0x{joined.replace(' ', ' 0x')}" if form.sharp and joined else joined
        return form.padded(sharp if form.verb == "x" else sharp.upper())
    if form.verb not in "svq":
        return None
    value = value if form.precision is None else value[: form.precision]
    if form.verb == "q" or form.sharp_v:
        value = f"`{value}`" if form.sharp and form.verb == "q" and _is_raw(value) else quoted(value, ascii_=form.plus)
    if form.zero and not form.minus:
        return value.rjust(form.width or 0, "0")
    return form.padded(value)


def _is_raw(value: str) -> bool:
    return "`" not in value and all(character == "\t" or character.isprintable() for character in value)


def quoted(value: str, *, ascii_: bool = False, quote: str = '"') -> str:
    """A text in double quotes, as Go quotes it: what cannot be seen is spelt out."""
    return f"{quote}{''.join(_quoted(character, ascii_=ascii_, quote=quote) for character in value)}{quote}"


def _quoted(character: str, *, ascii_: bool, quote: str) -> str:
    code = ord(character)
    if character == quote:
        return f"\\{quote}"
    if code in _ESCAPES:
        return _ESCAPES[code]
    if character.isprintable() and (code < _ASCII or not ascii_):
        return character
    if code <= _ASCII:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= _SHORT else f"\\U{code:08x}"


# ---- numbers

# By verb how digits are written, and what stands before them with the flag #.
_BASES: Mapping[str, tuple[str, str]] = {
    "d": ("d", ""),
    "v": ("d", ""),
    "b": ("b", "0b"),
    "o": ("o", "0"),
    "O": ("o", "0o"),
    "x": ("x", "0x"),
    "X": ("X", "0X"),
}


def truth(value: bool, form: Form) -> str | None:
    """`%t %v`."""
    return form.padded("true" if value else "false") if form.verb in "tv" else None


def whole(value: int, form: Form) -> str | None:
    """`%d %v %b %o %O %x %X %c %q %U`."""
    if form.verb in _CODES:
        return _CODES[form.verb](value, form)
    if form.verb not in _BASES:
        return None
    base, prefix = _BASES[form.verb]
    digits = format(abs(value), base)
    if form.precision is not None:
        digits = digits.rjust(form.precision, "0") if form.precision or value else ""
        form = replace(form, zero=False)
    prefix = prefix if form.verb == "O" or (form.sharp and form.verb != "v") else ""
    return form.padded_number(form.sign(negative=value < 0) + prefix, digits)


def _code(value: int, form: Form) -> str:
    return form.padded(_character(value))


def _quoted_code(value: int, form: Form) -> str:
    return form.padded(quoted(_character(value), ascii_=form.plus, quote="'"))


def _unicode(value: int, form: Form) -> str:
    named = f"U+{value:04X}" if value >= 0 else f"U+{value % (1 << 64):X}"
    is_shown = form.sharp and 0 <= value < _CHARACTERS and chr(value).isprintable()
    return form.padded(f"{named} '{chr(value)}'" if is_shown else named)


def _character(value: int) -> str:
    is_one = 0 <= value < _CHARACTERS and not 0xD800 <= value < 0xE000  # noqa: PLR2004 - surrogates are no characters
    return chr(value) if is_one else "\ufffd"


_CODES: Mapping[str, Callable[[int, Form], str]] = {"c": _code, "q": _quoted_code, "U": _unicode}


def real(value: float, form: Form) -> str | None:
    """`%v %g %G %e %E %f %F`; raises Refusal for the notations of powers of two, which nobody asks a container for."""
    if form.verb in "bxX":
        raise Refusal("template.no-verb", verb=form.verb)
    if form.verb not in "vgGeEfF":
        return None
    digits = _digits(abs(value), form)
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN is not equal to itself
        digits, form = ("NaN" if value != value else "Inf"), replace(form, zero=False)  # noqa: PLR0124 - see above
    is_negative = str(value).startswith("-")
    return form.padded_number(form.sign(negative=is_negative), digits.upper() if form.verb in "GE" else digits)


def _digits(value: float, form: Form) -> str:
    kind = form.verb.lower()
    if kind in "fe":
        return format(value, f".{6 if form.precision is None else form.precision}{kind}")
    if form.precision is not None:
        return format(value, f"{'#' if form.sharp and kind == 'g' else ''}.{form.precision}g")
    return shortest(value, _FIXED_SHARP if form.sharp_v else _FIXED)


def shortest(value: float, fixed: Container[int]) -> str:
    """The fewest digits that are this number, with an exponent unless that is one of `fixed`."""
    number = Decimal(repr(value))
    exponent = number.adjusted() if value else 0
    if exponent not in fixed:
        mantissa = "".join(map(str, number.as_tuple().digits)).rstrip("0") or "0"
        fraction = f".{mantissa[1:]}" if len(mantissa) > 1 else ""
        return f"{mantissa[0]}{fraction}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    digits = format(number, "f")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
