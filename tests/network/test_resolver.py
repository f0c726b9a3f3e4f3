"""The name server of a container: what comes in, what goes out, and what is asked elsewhere."""

import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pydock_lab.network import places
from pydock_lab.network.dns import Flag, Kind, Message, Question, Record, Status, labels
from pydock_lab.network.names import Names
from pydock_lab.network.places import Place
from pydock_lab.network.resolver import Resolver
from pydock_lab.network.upstream import Upstream
from pydock_lab.network.watcher import Watcher
from pydock_lab.oci.runtime_spec import Endpoint

LAB = Endpoint(network="1" * 64, name="lab", subnet="172.18.0.0/16")
Until = Callable[[Callable[[], object]], None]


def question(name: str, kind: int = Kind.A, **said: int) -> Message:
    return Message(id=77, question=Question(labels(name), kind), flags=Flag.RECURSION_DESIRED, **said)


@pytest.fixture
def names(tmp_path: Path) -> Names:
    for number in range(2, 60):
        endpoint = replace(LAB, address=f"172.18.0.{number}", aliases=("all",))
        places.write(tmp_path, Place.of(f"{number:064x}", (f"c{number}",), endpoint, interface="eth0", hub="7"))
    found = Names(tmp_path, "7")
    found.join(LAB)
    return found


def both_ways() -> tuple[socket.socket, socket.socket]:
    """A port for UDP that is free for TCP as well: somebody else may have just that one."""
    while True:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        try:
            return udp, socket.create_server(("127.0.0.1", udp.getsockname()[1]))
        except OSError:
            udp.close()


class Server:
    """A name server of the outside, of which every answer is said beforehand."""

    def __init__(self, watcher: Watcher, answer: Callable[[Message], bytes | None]) -> None:
        self.asked: list[tuple[str, Message]] = []
        self._answer, self._watcher = answer, watcher
        self._udp, self._tcp = both_ways()
        self.port = self._udp.getsockname()[1]
        watcher.watch(self._udp, self._receive)
        watcher.watch(self._tcp, self._accept)

    def _receive(self) -> None:
        content, sender = self._udp.recvfrom(4096)
        self.asked.append(("udp", Message.read(content)))
        answer = self._answer(Message.read(content))
        if answer is not None:
            self._udp.sendto(answer, sender)

    def _accept(self) -> None:
        end, _ = self._tcp.accept()
        self._watcher.watch(end, lambda: self._converse(end))

    def _converse(self, end: socket.socket) -> None:
        self._watcher.forget(end)
        with end:
            (length,) = struct.unpack("!H", end.recv(2))
            message = Message.read(end.recv(length))
            self.asked.append(("tcp", message))
            answer = self._answer(message)
            if answer is not None:
                end.sendall(struct.pack("!H", len(answer)))
                end.sendall(answer)

    def close(self) -> None:
        for end in (self._udp, self._tcp):
            self._watcher.forget(end)
            end.close()


@pytest.fixture
def outside(watcher: Watcher) -> Iterator[Callable[[Callable[[Message], bytes | None]], Server]]:
    made: list[Server] = []

    def make(answer: Callable[[Message], bytes | None]) -> Server:
        made.append(Server(watcher, answer))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def ask(names: Names, watcher: Watcher, until: Until) -> Callable[..., list[bytes]]:
    """The replies to a message by SOCK_DGRAM or SOCK_STREAM."""

    def ask(content: bytes, kind: int = socket.SOCK_DGRAM, upstream: Upstream | None = None) -> list[bytes]:
        replies: list[bytes] = []
        Resolver(watcher, names, upstream).answer(content, kind, replies.append)
        if upstream is not None:
            until(lambda: replies)
        return replies

    return ask


def known(message: Message) -> bytes:
    return message.answer(Record(message.question.name, Kind.A, 60, bytes((192, 0, 2, 1)))).write()


def test_a_name_of_ours(ask: Callable[..., list[bytes]]) -> None:
    (reply,) = ask(question("c2").write())
    found = Message.read(reply)
    assert found == question("c2").answer(Record(labels("c2"), Kind.A, 5, bytes((172, 18, 0, 2))))
    assert Flag.RECURSION_AVAILABLE in found.flags


@pytest.mark.parametrize(
    ("limit", "kind", "is_truncated"),
    [
        (None, socket.SOCK_DGRAM, True),
        (600, socket.SOCK_DGRAM, True),
        (4096, socket.SOCK_DGRAM, False),
        (0, socket.SOCK_DGRAM, True),
        (None, socket.SOCK_STREAM, False),
    ],
)
def test_an_answer_that_does_not_fit_is_asked_for_again_by_tcp(
    ask: Callable[..., list[bytes]], limit: int | None, kind: int, *, is_truncated: bool
) -> None:
    (reply,) = ask(replace(question("all"), limit=limit).write(), kind)
    found = Message.read(reply)
    assert (Flag.TRUNCATED in found.flags) is is_truncated
    assert len(found.answers) == (0 if is_truncated else 58)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"\x00\x07\x01\x00" + bytes(8), Status.FORMERR),
        (question("c2", operation=5).write(), Status.NOTIMP),
        (question("example.com").write(), Status.SERVFAIL),  # there is nobody to ask
    ],
)
def test_what_has_no_answer_is_refused(ask: Callable[..., list[bytes]], content: bytes, status: Status) -> None:
    (reply,) = ask(content)
    assert reply[:2] == content[:2]
    assert reply[3] & 15 == status


@pytest.mark.parametrize("content", [b"", b"x", question("c2").answer().write(), b"\x00\x07\x81" + bytes(20)])
def test_what_is_no_question_has_no_answer_at_all(ask: Callable[..., list[bytes]], content: bytes) -> None:
    assert ask(content) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=80), header=st.booleans())
def test_whatever_a_container_sends_the_next_one_is_answered(
    ask: Callable[..., list[bytes]], content: bytes, *, header: bool
) -> None:
    content = struct.pack("!6H", 9, 0x100, 1, 0, 0, 0) + content if header else content
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        assert all(reply[:2] == content[:2] and reply[2] & 0x80 for reply in ask(content, kind))
    assert len(ask(question("c2").write())) == 1


def test_a_container_whose_name_is_no_domain_name_harms_nobody(ask: Callable[..., list[bytes]], tmp_path: Path) -> None:
    endpoint = replace(LAB, address="172.18.0.99")
    places.write(tmp_path, Place.of("9" * 64, ("a..b",), endpoint, interface="eth0", hub="7"))
    (reply,) = ask(question("99.0.18.172.in-addr.arpa", Kind.PTR).write())
    assert Message.read(reply).status == Status.SERVFAIL


# ---- asked elsewhere


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_other_names_are_passed_on_as_they_came(
    ask: Callable[..., list[bytes]], watcher: Watcher, outside: Callable[..., Server], kind: int
) -> None:
    server = outside(known)
    content = replace(question("Example.COM"), limit=1232).write()
    (reply,) = ask(content, kind, Upstream(watcher, ["127.0.0.1"], port=server.port))
    assert reply == known(Message.read(content))
    assert server.asked == [("udp" if kind == socket.SOCK_DGRAM else "tcp", Message.read(content))]


@pytest.mark.parametrize(
    ("status", "expected"),
    [(Status.SERVFAIL, Status.NOERROR), (Status.REFUSED, Status.NOERROR), (Status.NXDOMAIN, Status.NXDOMAIN)],
)
def test_a_server_that_cannot_say_is_followed_by_the_next_one(
    ask: Callable[..., list[bytes]], watcher: Watcher, outside: Callable[..., Server], status: Status, expected: Status
) -> None:
    server = outside(lambda message: known(message) if len(server.asked) > 1 else message.answer(status=status).write())
    upstream = Upstream(watcher, ["127.0.0.1", "127.0.0.1"], port=server.port)
    (reply,) = ask(question("example.com").write(), upstream=upstream)
    assert Message.read(reply).status == expected


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_when_no_server_is_there_it_is_said_at_once(
    ask: Callable[..., list[bytes]], watcher: Watcher, kind: int
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    upstream = Upstream(watcher, ["127.0.0.1", "::1", "127.0.0.1"], port=port)
    began = time.monotonic()
    (reply,) = ask(question("example.com").write(), kind, upstream)
    assert Message.read(reply).status == Status.SERVFAIL
    assert time.monotonic() - began < 2


def test_a_forged_answer_is_not_taken(
    ask: Callable[..., list[bytes]], watcher: Watcher, outside: Callable[..., Server]
) -> None:
    """One with another id, one to another question: the right one, which comes later, is."""
    forged = [lambda m: replace(m, id=1), lambda m: replace(m, question=Question(labels("evil"), Kind.A))]
    server = outside(known)
    sent: list[bytes] = []

    def answer(message: Message) -> bytes:
        for forge in forged:
            sent.append(known(forge(message)))
            server._udp.sendto(sent[-1], server.sender)
        return known(message)

    receive = server._udp.recvfrom

    class Recording:
        def __getattr__(self, name: str) -> object:
            return getattr(udp, name)

        def recvfrom(self, size: int) -> tuple[bytes, object]:
            content, server.sender = receive(size)
            return content, server.sender

    udp = server._udp
    server._udp = Recording()
    server._answer = answer
    content = question("example.com").write()
    (reply,) = ask(content, upstream=Upstream(watcher, ["127.0.0.1"], port=server.port))
    assert len(sent) == 2
    assert reply == known(Message.read(content))
    server._udp = udp


def test_a_server_that_says_nothing_is_given_up(
    names: Names, watcher: Watcher, until: Until, outside: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pydock_lab.network.upstream._SECONDS", 0.1)
    server = outside(lambda message: known(message) if len(server.asked) > 1 else None)
    upstream = Upstream(watcher, ["127.0.0.1", "127.0.0.1"], port=server.port)
    replies: list[bytes] = []
    Resolver(watcher, names, upstream).answer(question("example.com").write(), socket.SOCK_DGRAM, replies.append)
    until(lambda: replies)
    assert Message.read(replies[0]).status == Status.NOERROR
    assert len(server.asked) == 2


def test_ours_are_answered_while_others_are_waited_for(
    names: Names, watcher: Watcher, outside: Callable[..., Server]
) -> None:
    server = outside(lambda _message: None)
    resolver = Resolver(watcher, names, Upstream(watcher, ["127.0.0.1"], port=server.port))
    waiting: list[bytes] = []
    for _ in range(100):
        resolver.answer(question("example.com").write(), socket.SOCK_DGRAM, waiting.append)
    # More at once than a container should have: refused, and not kept in memory.
    assert [Message.read(one).status for one in waiting] == [Status.SERVFAIL] * 36
    replies: list[bytes] = []
    resolver.answer(question("c3").write(), socket.SOCK_DGRAM, replies.append)
    assert len(replies) == 1
    assert resolver.upstream is not None
    resolver.upstream.close()


# ---- its sockets


@pytest.fixture
def served(names: Names, watcher: Watcher) -> Iterator[int]:
    """The port at which a resolver answers."""
    streams = socket.create_server(("127.0.0.1", 0))
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(streams.getsockname())
    for end in (streams, datagrams):
        end.setblocking(False)
    resolver = Resolver(watcher, names, None)
    resolver.serve(datagrams, streams)
    yield streams.getsockname()[1]
    resolver.close()
    for end in (streams, datagrams):
        watcher.forget(end)
        end.close()


def test_over_udp(served: int, until: Until) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.connect(("127.0.0.1", served))
        end.setblocking(False)
        replies: list[bytes] = []
        for _ in range(40):
            end.send(question("c2").write())
        until(lambda: replies.append(end.recv(512)) or len(replies) == 40 if _has(end) else False)
    assert {len(Message.read(one).answers) for one in replies} == {1}


def test_over_tcp_several_in_one_connection_and_in_pieces(served: int, until: Until) -> None:
    content = b"".join(struct.pack("!H", len(one)) + one for one in [question("c2").write(), question("all").write()])
    with socket.create_connection(("127.0.0.1", served)) as end:
        received = bytearray()
        for byte in content:
            end.send(bytes((byte,)))
            until(lambda: True)
        end.setblocking(False)
        until(lambda: received.extend(end.recv(65535)) or len(received) > 900 if _has(end) else False)
    (length,) = struct.unpack_from("!H", received)
    assert len(Message.read(bytes(received[2 : 2 + length])).answers) == 1
    assert len(Message.read(bytes(received[4 + length :])).answers) == 58


def test_more_connections_than_a_container_needs_are_refused_until_some_have_gone(
    served: int, until: Until, watcher: Watcher
) -> None:
    ends = [socket.create_connection(("127.0.0.1", served)) for _ in range(20)]
    while watcher.turn(0.05):
        pass
    refused = [end for end in ends if _has(end)]
    assert len(refused) == 4
    for end in ends:
        end.close()
    while watcher.turn(0.05):
        pass
    with socket.create_connection(("127.0.0.1", served)) as end:
        content = question("c2").write()
        end.sendall(struct.pack("!H", len(content)) + content)
        until(lambda: _has(end))
        assert len(Message.read(end.recv(512)[2:]).answers) == 1


def _has(end: socket.socket) -> bool:
    try:
        end.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    return True
