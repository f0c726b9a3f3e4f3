"""DNS messages: bytes as they are on the wire (RFC 1035), values, and back."""

import struct
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pydock_lab.network import dns
from pydock_lab.network.dns import Flag, Kind, MalformedMessage, Message, Question, Record, Status, labels

WEB = Question(labels("web"), Kind.A)
ASKED = Flag.RECURSION_DESIRED
ANSWERED = Flag.ANSWER | Flag.RECURSION_DESIRED | Flag.RECURSION_AVAILABLE
ADDRESS = Record(labels("web"), Kind.A, 5, bytes((172, 18, 0, 2)))

TABLE = {
    "a question": (
        "1234 0100 0001 0000 0000 0000  03 77 65 62 00  0001 0001",
        Message(id=0x1234, question=WEB, flags=ASKED),
    ),
    "its answer, with a pointer to the name": (
        "1234 8180 0001 0001 0000 0000  03 77 65 62 00  0001 0001  c00c 0001 0001 00000005 0004 ac120002",
        Message(id=0x1234, question=WEB, flags=ANSWERED, answers=(ADDRESS,)),
    ),
    "a name that there is, without such an address": (
        "0001 8180 0001 0000 0000 0000  03 77 65 62 00  001c 0001",
        Message(id=1, question=Question(labels("web"), Kind.AAAA), flags=ANSWERED),
    ),
    "how much fits": (
        "0001 0100 0001 0000 0000 0001  03 77 65 62 00  0001 0001  00 0029 04d0 00000000 0000",
        Message(id=1, question=WEB, flags=ASKED, limit=1232),
    ),
    "an address turned around, and its name": (
        (
            "0007 8180 0001 0001 0000 0000"
            " 01 32 01 30 02 31 38 03 313732 07 696e2d61646472 04 61727061 00 000c 0001"
            " c00c 000c 0001 00000005 0009 03 77 65 62 03 6c 61 62 00"
        ),
        Message(
            id=7,
            question=Question(labels("2.0.18.172.in-addr.arpa"), Kind.PTR),
            flags=ANSWERED,
            answers=(Record(labels("2.0.18.172.in-addr.arpa"), Kind.PTR, 5, dns.write_name(labels("web.lab"))),),
        ),
    ),
    "nobody knows": (
        "0001 8183 0001 0000 0000 0000  01 78 00  0001 0001",
        Message(id=1, question=Question(labels("x"), Kind.A), flags=ANSWERED, status=Status.NXDOMAIN),
    ),
    "the root": (
        "0001 0000 0001 0000 0000 0000  00  0002 0001",
        Message(id=1, question=Question((), 2)),
    ),
    "another operation, another class": (
        "0001 2000 0001 0000 0000 0000  01 78 00  0010 0003",
        Message(id=1, question=Question(labels("x"), 16, 3), operation=4),
    ),
}


@pytest.mark.parametrize(("content", "message"), TABLE.values(), ids=TABLE.keys())
def test_bytes_and_values(content: str, message: Message) -> None:
    wire = bytes.fromhex(content)
    assert Message.read(wire) == message
    assert message.write() == wire


READ_ONLY = {
    "letters stay as they are": ("0001 0100 0001 0000 0000 0000 03 57 65 42 00 0001 0001", (b"WeB",)),
    "a pointer within a name": (
        "0001 0100 0001 0001 0000 0000 03 77 65 62 00 0001 0001  01 61 c00c 0001 0001 00000005 0004 01020304",
        (b"web",),
    ),
    "bytes after the end": ("0001 0100 0001 0000 0000 0000 03 77 65 62 00 0001 0001 ffff", (b"web",)),
}


@pytest.mark.parametrize(("content", "name"), READ_ONLY.values(), ids=READ_ONLY.keys())
def test_what_others_may_write(content: str, name: tuple[bytes, ...]) -> None:
    assert Message.read(bytes.fromhex(content)).question.name == name


def test_names_in_data_come_out_in_full_length() -> None:
    content = "0001 8180 0001 0001 0000 0000 03 77 65 62 00 000c 0001  c00c 000c 0001 00000005 0004 01 61 c00c"
    (record,) = Message.read(bytes.fromhex(content)).answers
    assert record.data == dns.write_name(labels("a.web"))


MALFORMED = {
    "nothing": "",
    "half a header": "0001 0100 0001",
    "no question": "0001 0100 0000 0000 0000 0000",
    "two questions": "0001 0100 0002 0000 0000 0000 00 0001 0001 00 0001 0001",
    "a name without an end": "0001 0100 0001 0000 0000 0000 03 77 65",
    "a label that is too long for what is left": "0001 0100 0001 0000 0000 0000 3f 77 00 0001 0001",
    "a kind of label that there is not": "0001 0100 0001 0000 0000 0000 80 77 00 0001 0001",
    "a pointer to itself": "0001 0100 0001 0000 0000 0000 c00c 0001 0001",
    "a pointer that leads forward": "0001 0100 0001 0000 0000 0000 c012 0001 0001 00 00",
    "half a pointer": "0001 0100 0001 0000 0000 0000 c0",
    "no class": "0001 0100 0001 0000 0000 0000 01 78 00 0001",
    "fewer records than announced": "0001 0100 0001 0001 0000 0000 01 78 00 0001 0001",
    "a record longer than the message": "0001 8180 0001 0001 0000 0000 00 0001 0001 c00c 0001 0001 00000005 0009 01",
    "a name of more than 255 bytes": "0001 0100 0001 0000 0000 0000" + (" 3f" + " 61" * 63) * 4 + " 00 0001 0001",
}


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_message(content: str) -> None:
    with pytest.raises(MalformedMessage):
        Message.read(bytes.fromhex(content))


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        ("1234 0100 0001 0000 0000 0000 c00c", "1234 8181 0000 0000 0000 0000"),
        ("1234 2000 0001 0000 0000 0000", "1234 a081 0000 0000 0000 0000"),
        ("1234 8100 0001 0000 0000 0000", None),
        ("1234 01", None),
    ],
)
def test_a_refusal_is_a_header_and_never_of_an_answer(content: str, refusal: str | None) -> None:
    found = dns.refuse(bytes.fromhex(content), Status.FORMERR)
    assert found == (None if refusal is None else bytes.fromhex(refusal))


def test_what_does_not_fit_says_so_and_keeps_the_question() -> None:
    answer = Message(id=1, question=WEB, flags=ASKED, limit=512).answer(*[ADDRESS] * 40)
    assert len(answer.write()) > 512
    short = Message.read(answer.write(512))
    assert short == replace(answer, answers=(), flags=answer.flags | Flag.TRUNCATED)
    assert Message.read(answer.write(1000)) == answer


@pytest.mark.parametrize("text", ["a..b", "a" * 64, ".a"])
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(MalformedMessage):
        labels(text)


@pytest.mark.parametrize(("text", "name"), [("", ()), ("a", (b"a",)), ("A.b.", (b"A", b"b"))])
def test_names(text: str, name: tuple[bytes, ...]) -> None:
    assert labels(text) == name
    assert dns.text(name) == text.lower().rstrip(".")


QUESTION = Message(id=9, question=Question(labels("Web.Lab"), Kind.A), flags=ASKED)
ANSWER = QUESTION.answer(ADDRESS)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ANSWER, True),
        (replace(ANSWER, question=Question(labels("web.lab"), Kind.A)), True),
        (replace(ANSWER, status=Status.SERVFAIL, answers=()), True),
        (replace(ANSWER, id=8), False),
        (replace(ANSWER, question=Question(labels("web.lab"), Kind.AAAA)), False),
        (replace(ANSWER, question=Question(labels("web.lub"), Kind.A)), False),
        (QUESTION, False),
    ],
)
def test_an_answer_is_one_to_the_same_question(answer: Message, *, expected: bool) -> None:
    assert dns.is_answer(answer.write(), QUESTION) is expected
    assert dns.status_of(answer.write()) == answer.status


names = st.lists(st.binary(min_size=1, max_size=63), max_size=3).map(tuple)
records = st.builds(Record, names, st.sampled_from([1, 16, 28]), st.integers(0, 2**31), st.binary(max_size=40))
messages = st.builds(
    Message,
    id=st.integers(0, 0xFFFF),
    question=st.builds(Question, names, st.integers(0, 0xFFFF), st.integers(0, 0xFFFF)),
    flags=st.sampled_from([Flag.NONE, ASKED, ANSWERED, ANSWERED | Flag.TRUNCATED]),
    operation=st.integers(0, 15),
    status=st.integers(0, 15),
    answers=st.lists(records, max_size=4).map(tuple),
    limit=st.none() | st.integers(0, 0xFFFF),
)


@given(messages)
def test_every_message_comes_back_as_it_was(message: Message) -> None:
    assert Message.read(message.write()) == message


@given(st.binary(max_size=300))
@example(struct.pack("!6H", 1, 0, 1, 0xFFFF, 0xFFFF, 0xFFFF) + b"\0" * 200)
def test_any_bytes_are_a_message_or_malformed(content: bytes) -> None:
    dns.refuse(content, Status.FORMERR)
    dns.is_answer(content, QUESTION)
    try:
        Message.read(content).write(512)
    except MalformedMessage:
        return


@given(messages, st.data())
def test_a_message_with_a_wrong_byte_harms_nobody(message: Message, data: st.DataObject) -> None:
    content = bytearray(message.write())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] = data.draw(st.integers(0, 255))
    try:
        Message.read(bytes(content)).write(512)
    except MalformedMessage:
        return
