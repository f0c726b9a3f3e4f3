"""Who outlives the zygote removes what the dead have left, as the zygote would have done."""

import os
import sys
from types import ModuleType

import pytest

from pydock_lab.linux.tiers import Tier
from pydock_lab.sandbox.worker import Ground


@pytest.mark.parametrize(("is_dead", "removed"), [(True, ["removed"]), (False, [])])
def test_who_mourns(is_dead: bool, removed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    jobs, found = ModuleType("jobs_of_this_test"), []
    jobs.bereaved = lambda: found.append("removed")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, jobs.__name__, jobs)
    waits, end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(end)
        os.read(waits, 1)
        os._exit(0)
    zygote = os.pidfd_open(pid)
    if is_dead:
        os.close(end)
        os.waitid(os.P_PIDFD, zygote, os.WEXITED)
    Ground(tier=Tier.NONE, modules=frozenset({jobs.__name__}), zygote=zygote).mourn()
    assert found == removed
    if not is_dead:
        os.close(end)
        os.waitpid(pid, 0)
    os.close(waits)
    os.close(zygote)
