"""A further program in a traced container, seen from who asks for it."""

import os
import select
import signal
import socket

import pytest

from pydock_lab.oci.runtime_spec import ProcessSpec
from pydock_lab.runtime.birth import Child
from pydock_lab.runtime.traced import birth
from pydock_lab.sandbox.protocol import Connection


@pytest.fixture
def asked(monkeypatch):
    """A program that was asked for, and what its supervisor got."""
    ours, theirs = socket.socketpair()
    another = birth.Another(ours.fileno(), ProcessSpec(args=("true",)), [0, 1, 2])
    _, descriptors = Connection(theirs).receive()
    monkeypatch.setattr(Child, "hear", lambda self: setattr(self, "program", os.getpid()))
    yield another, descriptors[1]
    for end in (ours, theirs, another.child.line.socket):
        end.close()
    for descriptor in (descriptors[0], *descriptors[2:]):
        os.close(descriptor)


def test_one_that_has_ended_before_it_could_be_held(asked, monkeypatch):
    another, result = asked

    def gone(_pid):
        raise ProcessLookupError

    monkeypatch.setattr(os, "pidfd_open", gone)
    child = another.become()
    assert not child.has_ended()
    child.kill(signal.SIGTERM)  # nothing happens
    os.write(result, b"7")
    os.close(result)
    assert select.select([child.pidfd], [], [], 5)[0], "who waits for its end hears of it"
    assert another.wait() == 7
    os.close(child.pidfd)
