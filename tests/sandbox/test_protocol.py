"""Messages and descriptors over a socket pair."""

import os
import select
import socket
import threading
from collections.abc import Iterator

import pytest

from pydock_lab.linux.mount_calls import MountFlag
from pydock_lab.linux.tiers import Tier
from pydock_lab.sandbox.protocol import Connection, Kin

Pair = tuple[Connection, Connection]


@pytest.fixture(params=[Connection, Kin])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    one, other = (request.param(end) for end in socket.socketpair())
    yield one, other
    one.close()
    other.close()


@pytest.mark.parametrize("message", [{}, {"text": "é\n\0"}, {"nested": [{"a": None}, 1.5]}])
def test_a_message_arrives_as_it_was_sent(pair: Pair, message: dict[str, object]) -> None:
    pair[0].send(message)
    assert pair[1].receive() == (message, [])


def test_texts_and_numbers_of_our_own_are_plain_ones_there(pair: Pair) -> None:
    pair[0].send({"tier": Tier.ROOT, "flags": [MountFlag.RDONLY]})
    received = pair[1].receive()
    assert received == ({"tier": "root", "flags": [1]}, [])
    assert type(received[0]["tier"]) is str
    assert type(received[0]["flags"][0]) is int


def test_messages_keep_their_order_and_their_descriptors(pair: Pair) -> None:
    reader, writer = os.pipe()
    pair[0].send({"number": 1})
    pair[0].send({"number": 2}, [writer])
    os.close(writer)
    first, second = pair[1].receive(), pair[1].receive()
    assert first == ({"number": 1}, [])
    assert second is not None
    assert second[0] == {"number": 2}
    (received,) = second[1]
    assert not os.get_inheritable(received)
    os.write(received, b"through")
    os.close(received)
    assert os.read(reader, 100) == b"through"
    os.close(reader)


def test_what_is_held_goes_ahead_of_the_next_one(pair: Pair) -> None:
    pair[0].hold({"number": 1})
    pair[0].hold({"number": 2})
    assert not select.select([pair[1]], [], [], 0)[0]
    with open(os.devnull) as file:
        pair[0].send({"number": 3}, [file.fileno()])
    received = [pair[1].receive() for _ in range(3)]
    assert [one and one[0] for one in received] == [{"number": number} for number in (1, 2, 3)]
    assert sum(len(one[1]) for one in received if one) == 1
    for descriptor in [descriptor for one in received if one for descriptor in one[1]]:
        os.close(descriptor)
    pair[0].send({})
    assert pair[1].receive() == ({}, [])


def test_a_message_larger_than_the_socket_buffer(pair: Pair) -> None:
    message = {"text": "x" * 3_000_000}
    sender = threading.Thread(target=pair[0].send, args=(message,))
    sender.start()
    assert pair[1].receive() == (message, [])
    sender.join()


@pytest.mark.parametrize("sent", [b"", b"\0\0", b"\0\0\0\x05ab"])
def test_an_end_in_the_middle_is_an_end(pair: Pair, sent: bytes) -> None:
    pair[0].socket.sendall(sent)
    pair[0].close()
    assert pair[1].receive() is None


def test_sending_to_nobody_is_an_error(pair: Pair) -> None:
    pair[1].close()
    with pytest.raises(OSError, match="Broken pipe"):
        pair[0].send({"a": "b"})
