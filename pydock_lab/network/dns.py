"""Messages of the Domain Name System as values, and values as messages. Pure: bytes in, bytes out.

    | id, flags, four counts | question          | answers                        | ... | additional |
      12 bytes                 name, type, class   name, type, class, ttl, data         how much fits (EDNS)

    name:   3 w w w 3 l a b 0        or its end by a pointer to where it stands already: 0xC0 0x0C

Sources: RFC 1035, section 4 (messages); RFC 6891 (EDNS); RFC 2181, section 9 (truncation).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum, IntFlag
from typing import Self, TypeAlias

Name: TypeAlias = tuple[bytes, ...]

_HEADER = struct.Struct("!6H")
_QUESTION = struct.Struct("!2H")
_RECORD = struct.Struct("!2HIH")
_POINTER = 0xC0
_POINTER_TO_QUESTION = struct.pack("!H", 0xC000 | _HEADER.size)
_LONGEST_LABEL, _LONGEST_NAME = 63, 255
SMALLEST_LIMIT = 512  # bytes of an answer over UDP that everybody takes
INTERNET = 1


class Kind(IntEnum):
    """What is asked for: the types that we know something about."""

    A = 1
    CNAME = 5
    PTR = 12
    AAAA = 28
    OPT = 41
    ANY = 255


class Status(IntEnum):
    """How it went."""

    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5


class Flag(IntFlag):
    """Bits of the header; between them are the operation (0: a question) and the status."""

    NONE = 0
    ANSWER = 0x8000
    AUTHORITATIVE = 0x0400
    TRUNCATED = 0x0200
    RECURSION_DESIRED = 0x0100
    RECURSION_AVAILABLE = 0x0080


_OPERATION, _STATUS = 0x7800, 0x000F
# Records whose data is a name, which may be shortened by pointers into the message.
_NAMES = (2, Kind.CNAME, Kind.PTR)


class MalformedMessage(ValueError):
    """Bytes that are no message; not for users."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a name (as labels, in the letters that the asker used), a type, a class."""

    name: Name
    kind: int
    space: int = INTERNET


@dataclass(frozen=True, slots=True)
class Record:
    """One answer; `data` is as RFC 1035 has it for the type, a name in full length."""

    name: Name
    kind: int
    ttl: int
    data: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A question, or the answer to one.

    `limit` is how many bytes of answer its sender takes over UDP (EDNS), None where it does not say. The authority
    section and other additional records are not looked at.
    """

    id: int
    question: Question
    flags: Flag = Flag.NONE
    operation: int = 0
    status: int = Status.NOERROR
    answers: tuple[Record, ...] = ()
    limit: int | None = None

    @classmethod
    def read(cls, content: bytes) -> Self:
        """From bytes; raises MalformedMessage unless there is exactly one question."""
        try:
            number, flags, questions, answers, others, additional = _HEADER.unpack_from(content)
            if questions != 1:
                raise MalformedMessage("not one question")
            name, place = read_name(content, _HEADER.size)
            question = Question(name, *_QUESTION.unpack_from(content, place))
            records = list(_records(content, place + _QUESTION.size, answers + others + additional))
        except (struct.error, IndexError) as error:
            raise MalformedMessage(str(error)) from None
        limits = [space for record, space in records[answers + others :] if record.kind == Kind.OPT]
        return cls(
            id=number,
            question=question,
            flags=Flag(flags & ~_OPERATION & ~_STATUS),
            operation=(flags & _OPERATION) >> 11,
            status=flags & _STATUS,
            answers=tuple(record for record, _ in records[:answers]),
            limit=limits[0] if limits else None,
        )

    def answer(self, *answers: Record, status: int = Status.NOERROR) -> "Message":
        """The answer to this question."""
        flags = Flag.ANSWER | Flag.RECURSION_AVAILABLE | (self.flags & Flag.RECURSION_DESIRED)
        return replace(self, flags=flags, status=status, answers=answers)

    def write(self, most: int = 0xFFFF) -> bytes:
        """As bytes; what is longer than `most` says that it is truncated, and has no answers."""
        question = write_name(self.question.name) + _QUESTION.pack(self.question.kind, self.question.space)
        size = b""
        if self.limit is not None:
            # Its name is the root; where a record has its class, this has a size (RFC 6891, section 6.1.2).
            size = b"\0" + _RECORD.pack(Kind.OPT, self.limit, 0, 0)
        body = b"".join(map(self._write, self.answers))
        whole = self._header(self.flags, len(self.answers)) + question + body + size
        if len(whole) <= most:
            return whole
        # Who is told so drops what it got and asks again by TCP: a part of the answers would be for nothing.
        return self._header(self.flags | Flag.TRUNCATED, 0) + question + size

    def _header(self, flags: int, answers: int) -> bytes:
        word = flags | self.operation << 11 | self.status
        return _HEADER.pack(self.id, word, 1, answers, 0, 0 if self.limit is None else 1)

    def _write(self, record: Record) -> bytes:
        name = _POINTER_TO_QUESTION if record.name == self.question.name else write_name(record.name)
        return name + _RECORD.pack(record.kind, INTERNET, record.ttl, len(record.data)) + record.data


def refuse(content: bytes, status: Status) -> bytes | None:
    """The answer to what could not be read: its header alone; None for what has none, or is an answer itself."""
    if len(content) < _HEADER.size:
        return None
    number, flags, *_ = _HEADER.unpack_from(content)
    if flags & Flag.ANSWER:
        return None
    kept = flags & (_OPERATION | Flag.RECURSION_DESIRED)
    return _HEADER.pack(number, Flag.ANSWER | Flag.RECURSION_AVAILABLE | kept | status, 0, 0, 0, 0)


def is_answer(content: bytes, question: Message) -> bool:
    """Whether bytes are an answer to this question; what else they hold is not looked at."""
    try:
        number, flags, questions, *_ = _HEADER.unpack_from(content)
        name, place = read_name(content, _HEADER.size)
        kind, space = _QUESTION.unpack_from(content, place)
    except (MalformedMessage, struct.error, IndexError):
        return False
    asked = question.question
    # A forger has to guess the 16 bits of the id; that it is the same question is asked besides (RFC 5452).
    same = (number, kind, space, text(name)) == (question.id, asked.kind, asked.space, text(asked.name))
    return same and questions == 1 and bool(flags & Flag.ANSWER)


def status_of(content: bytes) -> int:
    """The status of an answer that `is_answer`."""
    return int(_HEADER.unpack_from(content)[1]) & _STATUS


def labels(text: str) -> Name:
    """`web.lab` as a name; raises MalformedMessage for what is none."""
    found = tuple(label.encode("utf-8", "surrogateescape") for label in text.removesuffix(".").split(".") if text)
    if any(not 0 < len(label) <= _LONGEST_LABEL for label in found):
        raise MalformedMessage(text)
    return found


def text(name: Name) -> str:
    """A name as it is looked up: in small letters, without the last dot."""
    return b".".join(name).decode("utf-8", "surrogateescape").lower()


def write_name(name: Name) -> bytes:
    """A name in full length."""
    return b"".join(bytes((len(label),)) + label for label in name) + b"\0"


def read_name(content: bytes, place: int) -> tuple[Name, int]:
    """The name at a place, and the place after it; raises MalformedMessage, IndexError."""
    found: list[bytes] = []
    after, length = -1, 0
    while size := content[place]:
        if size & _POINTER == _POINTER:
            after = place + 2 if after < 0 else after
            target = (size & ~_POINTER) << 8 | content[place + 1]
            # Backwards only: so a chain of pointers comes to an end.
            if target >= place:
                raise MalformedMessage("a pointer that does not lead back")
            place = target
            continue
        length += size + 1
        # 01 and 10 are reserved. The length also ends a circle of labels and a pointer back to them.
        if size & _POINTER or length >= _LONGEST_NAME:
            raise MalformedMessage("not a name")
        found.append(_exactly(content, place + 1, size))
        place += size + 1
    return tuple(found), (after if after >= 0 else place + 1)


def _records(content: bytes, place: int, count: int) -> Iterator[tuple[Record, int]]:
    """The records from a place on, each with its class."""
    for _ in range(count):
        name, place = read_name(content, place)
        kind, space, ttl, size = _RECORD.unpack_from(content, place)
        place += _RECORD.size
        data = _exactly(content, place, size)
        if kind in _NAMES:
            data = write_name(read_name(content, place)[0])
        place += size
        yield Record(name, kind, ttl, data), space


def _exactly(content: bytes, place: int, size: int) -> bytes:
    found = content[place : place + size]
    if len(found) < size:
        raise MalformedMessage("shorter than it says")
    return found
