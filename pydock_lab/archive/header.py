r"""The 512 bytes in front of every entry of a tar.

      0        100   108   116   124     136     148    156 157     257    265        345      500
      +--------+-----+-----+-----+-------+-------+------+---+-------+------+----------+--------+
      | name   |mode | uid | gid | size  | mtime | sum  | t | link  | magic| names,   | prefix |
      |        |     |     |     |       |       |      |   |       |      | device   |        |
      +--------+-----+-----+-----+-------+-------+------+---+-------+------+----------+--------+

Numbers are octal digits; where they do not fit, GNU writes them in base 256 with the first bit set, and POSIX adds
a PAX header (`pax.py`) in front. We read both and write PAX, as Docker does.

Source: POSIX.1-2017, pax, "ustar Interchange Format"; the GNU tar manual, "Basic Tar Format".
"""

import struct
import zlib
from collections.abc import Mapping
from functools import lru_cache

from pydock_lab.archive import pax
from pydock_lab.archive.entry import Entry, EntryType, Limits, clean, show
from pydock_lab.errors import ArchiveError

BLOCK = 512
END = bytes(2 * BLOCK)
EXTENSIONS = frozenset({b"x", b"g", b"L", b"K"})
MAX_ID = 2**32 - 2  # (uid_t) -1 means "leave it", so nobody can be it

_FIELDS = struct.Struct("100s8s8s8s12s12s8sc100s8s32s32s8s8s155s12x")
_NAME, _PREFIX, _LINK = 100, 155, 100
_OCTAL_7, _OCTAL_11 = 0o7777777, 0o77777777777
_TYPES = {kind.value: kind for kind in EntryType} | {b"\0": EntryType.FILE, b"7": EntryType.FILE}
_MAX_DEVICE = 0xFFFFF
_MAX_SIZE = 1 << 62
_NO_NAMES = (b"", b"")  # user and group names say nothing inside another image


def checksum(block: bytes) -> int:
    """The sum of the 512 bytes, with the eight of the checksum itself counted as spaces.

    The low half of adler32 is 1 plus the sum of the bytes modulo 65521; 256 bytes never reach that modulus, so two
    calls give the exact sum thirty times faster than `sum(block)`.
    """
    total = (zlib.adler32(block[:256]) & 0xFFFF) + (zlib.adler32(block[256:]) & 0xFFFF) - 2
    return total - sum(block[148:156]) + 8 * 0x20


def check(block: bytes) -> None:
    """Raise ArchiveError unless the block's checksum is right (bytes taken as unsigned, or signed as of old)."""
    said = number(block[148:156])
    if said == checksum(block):
        return
    signed = sum(byte - 256 if byte > 127 else byte for byte in block[:148] + block[156:])  # noqa: PLR2004 - int8
    if said != signed + 8 * 0x20:
        raise ArchiveError("archive.checksum", entry=show(block[:_NAME].rstrip(b"\0")))


@lru_cache(maxsize=4096)  # owners, modes and often times are the same in entry after entry
def number(field: bytes) -> int:
    """The number in a header field: octal digits, or base 256 where the first bit is set.

    Raises ArchiveError for anything else.
    """
    if field[0] & 0x80:
        # Two's complement: 0x80 starts a positive number, 0xff a negative one.
        value = int.from_bytes(field[1:], "big")
        return value - (1 << 8 * (len(field) - 1)) if field[0] & 0x40 else value
    digits = field.strip(b" \0")
    if not digits:
        return 0
    try:
        # int() alone would also take "-1", "+1" and "1_0".
        return int(digits, 8) if digits.isdigit() else _not_a_number(field)
    except ValueError:
        return _not_a_number(field)


def _not_a_number(field: bytes) -> int:
    raise ArchiveError("archive.number", value=show(field))


def text(field: bytes) -> bytes:
    """A text field up to its NUL."""
    return field.partition(b"\0")[0]


def decode(block: bytes, records: Mapping[str, bytes], limits: Limits) -> Entry:
    """The entry that a header block and the PAX `records` before it say; ArchiveError where they are wrong."""
    fields = _FIELDS.unpack(block)
    name, mode, uid, gid, size, mtime, _, flag, link, magic, _, _, major, minor, prefix = fields
    name = text(name)
    # Only POSIX has a prefix here; GNU's magic ("ustar  ") keeps other things in the same place.
    if magic[:6] == b"ustar\0" and prefix[0]:
        name = text(prefix) + b"/" + name
    # A PAX record is the writer's second, better word on the same thing.
    name = records.get("path", name)
    kind = _type(flag, name, records)
    path = clean(name, limits)
    # Every number is checked before it becomes part of a value: nothing behind here looks again.
    return Entry(
        path=path,
        type=kind,
        # Links, directories and devices have no content, whatever size they say (as Go and Python read them).
        size=_stored_size(size, records, path) if kind is EntryType.FILE else 0,
        mode=_within(number(mode), MAX_ID, path) & 0o7777,
        uid=_within(pax.whole(records, "uid", number(uid)), MAX_ID, path),
        gid=_within(pax.whole(records, "gid", number(gid)), MAX_ID, path),
        mtime=pax.seconds(records, number(mtime)),
        target=_target(records.get("linkpath", text(link)), kind, path, limits),
        device=_device(kind, major, minor, path),
        xattrs=pax.xattrs(records) if records else {},
    )


def extension_size(block: bytes) -> int:
    """Bytes of content of an extension header; raises ArchiveError for a negative size."""
    return _stored_size(block[124:136], {}, b"")


def _stored_size(field: bytes, records: Mapping[str, bytes], path: bytes) -> int:
    return _within(pax.whole(records, "size", number(field)), _MAX_SIZE, path)


def _device(kind: EntryType, major: bytes, minor: bytes, path: bytes) -> tuple[int, int]:
    if kind not in (EntryType.CHARACTER, EntryType.BLOCK):
        return 0, 0
    return _within(number(major), _MAX_DEVICE, path), _within(number(minor), _MAX_DEVICE, path)


def _type(flag: bytes, name: bytes, records: Mapping[str, bytes]) -> EntryType:
    # Go and Docker read these, but no builder writes them into layers, and their maps are a way to lie about sizes.
    if flag == b"S" or any(key.startswith("GNU.sparse.") for key in records):
        raise ArchiveError("archive.sparse", entry=show(name))
    kind = _TYPES.get(flag)
    if kind is None:
        raise ArchiveError("archive.type", entry=show(name), flag=show(flag))
    # Before ustar, a directory was a file whose name ends in a slash.
    return EntryType.DIRECTORY if kind is EntryType.FILE and name.endswith(b"/") else kind


def _within(value: int, limit: int, path: bytes) -> int:
    if not 0 <= value <= limit:
        raise ArchiveError("archive.range", entry=show(path), value=value, limit=limit)
    return value


def _target(link: bytes, kind: EntryType, path: bytes, limits: Limits) -> bytes:
    if kind is EntryType.HARDLINK:
        return clean(link, limits)
    if kind is not EntryType.SYMLINK:
        return b""
    # symlink(2) refuses both, but only after half the layer is on the disk.
    if not link or b"\0" in link or len(link) > limits.path:
        raise ArchiveError("archive.link-text", entry=show(path))
    return link  # kept as it is: it only means something inside the container


def encode(entry: Entry) -> bytes:
    """The header blocks of `entry`: one, with a PAX header in front where a name or number does not fit."""
    name = entry.path + (b"/" if entry.type is EntryType.DIRECTORY else b"")
    # Binary values are written as they are: the record's length says where they end.
    records = {f"{pax.XATTR}{key}": value for key, value in entry.xattrs.items()}
    prefix, short = _split(name)
    if len(short) > _NAME:
        records["path"], short = name, name[:_NAME]
    if len(entry.target) > _LINK:
        records["linkpath"] = entry.target
    numbers = {"uid": entry.uid, "gid": entry.gid, "size": entry.size, "mtime": entry.mtime}
    # Base 256 would be shorter, but only PAX is POSIX, and it is what Docker writes.
    for key, value in numbers.items():
        if not 0 <= value <= (_OCTAL_7 if key.endswith("id") else _OCTAL_11):
            records[key], numbers[key] = b"%d" % value, 0
    block = _block(entry, short, prefix, numbers)
    return _extension(records) + block if records else block


def _split(name: bytes) -> tuple[bytes, bytes]:
    """Prefix and name so that both fit, at a slash, as ustar allows; no prefix where they do not."""
    if len(name) <= _NAME:
        return b"", name
    slash = name.rfind(b"/", 0, min(_PREFIX + 1, len(name) - 1))
    if slash <= 0 or len(name) - slash - 1 > _NAME:
        return b"", name
    return name[:slash], name[slash + 1 :]


def _block(entry: Entry, name: bytes, prefix: bytes, numbers: Mapping[str, int]) -> bytes:
    return _sealed(
        name, b"%07o" % entry.mode, b"%07o" % numbers["uid"], b"%07o" % numbers["gid"], b"%011o" % numbers["size"],
        b"%011o" % numbers["mtime"], b"", entry.type.value, entry.target[:_LINK], b"ustar\x0000", *_NO_NAMES,
        b"%07o" % entry.device[0], b"%07o" % entry.device[1], prefix,
    )  # fmt: skip


def _extension(records: Mapping[str, bytes]) -> bytes:
    body = pax.encode(records)
    block = _sealed(
        # The name of the header itself means nothing: a fixed one keeps equal layers equal.
        b"PaxHeaders/entry", b"0000644", b"0000000", b"0000000", b"%011o" % len(body), b"%011o" % 0, b"", b"x",
        b"", b"ustar\x0000", *_NO_NAMES, b"0000000", b"0000000", b"",
    )  # fmt: skip
    return block + body + bytes(-len(body) % BLOCK)


def _sealed(*fields: bytes) -> bytes:
    block = _FIELDS.pack(*fields)
    # Six digits, a NUL, a space: this field ends otherwise than all others, as Go and GNU tar write it.
    return block[:148] + b"%06o\0 " % checksum(block) + block[156:]
