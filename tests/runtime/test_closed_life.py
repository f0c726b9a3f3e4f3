"""A life that is over: `docker stop` while a restart policy waits ends it a second time."""

import os

from pydock_lab.runtime.life import Handed, Life


def test_what_others_have_opened_since_stays_open() -> None:
    opened = [os.open("/", os.O_RDONLY) for _ in range(3)]
    life = Life(Handed(pid=1, names=("process", "ns:net", "lock")), opened, None)
    life.close()
    others = [os.open("/", os.O_RDONLY) for _ in range(3)]
    assert sorted(others) == sorted(opened), "the lowest numbers that are free"
    life.close()
    for one in others:
        os.fstat(one)
        os.close(one)
