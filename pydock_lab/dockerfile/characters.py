r"""Characters as the reference sees them: what counts as white space, and how a text is quoted in a message.

The reference parser is written in Go. Python's own idea of white space is wider (it has U+001C to U+001F), so
`str.split()` and `\s` would cut words where BuildKit does not.
"""

from collections.abc import Iterator

# The Unicode property White_Space, which Go's unicode.IsSpace follows.
WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
BYTE_ORDER_MARK = "\ufeff"

_SHORT = {
    '"': '\\"',
    "\\": "\\\\",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}
_LAST_ASCII = 0x7F
_LAST_BMP = 0xFFFF


def quote(text: str) -> str:
    """The text between double quotes, with escapes, as Go's `%q` prints it (strconv.Quote)."""
    return f'"{"".join(_quoted(text))}"'


def _quoted(text: str) -> Iterator[str]:
    for char in text:
        if char in _SHORT:
            yield _SHORT[char]
        elif char.isprintable():
            yield char
        else:
            yield _escape(ord(char))


def _escape(code: int) -> str:
    if code <= _LAST_ASCII:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= _LAST_BMP else f"\\U{code:08x}"
