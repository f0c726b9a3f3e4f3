r"""PAX records: what an old header has no room for, as lines of text in an entry of their own.

    27 path=some/very/long/name\n     the number counts the whole line, itself included

Source: POSIX.1-2017, pax, "pax Extended Header"; SCHILY.xattr.* as star, GNU tar and Docker write it.
"""

from collections.abc import Mapping

from pydock_lab.archive.entry import show
from pydock_lab.errors import ArchiveError

XATTR = "SCHILY.xattr."
_MAX_TIME = 0o77777777777  # what the header's own field can say: the year 2242
_MAX_DIGITS = 20  # more digits than any 64-bit number has


def decode(body: bytes) -> dict[str, bytes]:
    """The records of an extended header; raises ArchiveError where one is not `length key=value` and a newline."""
    records: dict[str, bytes] = {}
    at = 0
    while at < len(body) and body[at]:
        # A bounded search: a body of a megabyte without a space must not be scanned once for each byte.
        space = body.find(b" ", at, at + _MAX_DIGITS)
        digits = body[at:space] if space > at else b""
        end = at + int(digits) if digits.isdigit() else 0
        # A length that points backwards, or outside, or nowhere, is how parsers were led astray (CVE-2025-8194).
        if not at < space < end <= len(body) or body[end - 1] != ord("\n"):
            raise ArchiveError("archive.pax", value=show(body[at : at + 40]))
        key, equals, value = body[space + 1 : end - 1].partition(b"=")
        if not equals or not key:
            raise ArchiveError("archive.pax", value=show(body[at : at + 40]))
        # The last one of a key counts (POSIX), which a dictionary does by itself.
        records[key.decode("utf-8", "surrogateescape")] = value
        at = end
    return records


def encode(records: Mapping[str, bytes]) -> bytes:
    """The extended header of `records`, sorted by key so that equal records give equal bytes."""
    return b"".join(_line(key.encode("utf-8", "surrogateescape"), records[key]) for key in sorted(records))


def _line(key: bytes, value: bytes) -> bytes:
    rest = len(key) + len(value) + 3  # the space, the equals sign, the newline
    length = rest + len(str(rest))
    # The length counts its own digits, and adding them may take it over a power of ten.
    length = rest + len(str(length))
    return b"%d %b=%b\n" % (length, key, value)


def whole(records: Mapping[str, bytes], key: str, otherwise: int) -> int:
    """The whole number under `key`; an empty value, or none, leaves the header's own."""
    value = records.get(key)
    if not value:
        return otherwise
    if not value.isdigit() or len(value) > _MAX_DIGITS:
        raise ArchiveError("archive.number", value=show(value[:40]))
    return int(value)


def seconds(records: Mapping[str, bytes], otherwise: int) -> int:
    """The `mtime` in whole seconds, rounded down; times before 1970 become 1970, as Docker has it."""
    value = records.get("mtime")
    if not value:
        return min(max(otherwise, 0), _MAX_TIME)
    before, _, after = value.partition(b".")
    digits = before.removeprefix(b"-")
    if not digits.isdigit() or len(digits) > _MAX_DIGITS or (after and not after.isdigit()):
        raise ArchiveError("archive.number", value=show(value[:40]))
    return min(max(int(before), 0), _MAX_TIME)


def xattrs(records: Mapping[str, bytes]) -> dict[str, bytes]:
    """The extended attributes among `records`, by name."""
    return {key.removeprefix(XATTR): value for key, value in records.items() if key.startswith(XATTR)}
