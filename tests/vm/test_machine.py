"""`make vm`: limits on a kernel with cgroup version 2 only, which the machine that the tests run on may not have.

Debian's kernel and a small Debian run under qemu, in memory, without a network. In there the tests of limits, devices
and seccomp run, and containers with limits: as root, and as a user who was given a part of the tree. The made-up tree
that the quick tests stand on (`samples/fake_cgroup2.py`) is compared with the kernel, operation by operation.

It takes two minutes where the processor is emulated, and is no part of `make test`. The first time it downloads a
kernel and some sixty packages of Debian's, and keeps them in .cache/vm. `inside.py` is what runs in there.
"""

import sys
from collections.abc import Callable

import pytest
from samples.machine import Machine

pytestmark = [pytest.mark.vm, pytest.mark.peers]


def test_limits_on_cgroup_version_2(need: Callable[[str], str], capsys: pytest.CaptureFixture[str]) -> None:
    said = Machine(need).run("tests/vm/inside.py")
    with capsys.disabled():
        sys.stdout.write(said)
    results = {words[1]: words[2] for line in said.splitlines() if (words := line.split())[:1] == ["RESULT"]}
    assert results == {"root": "0", "scope": "0", "given": "0"}
