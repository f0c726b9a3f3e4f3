"""The lowest layer of all containers of a store."""

import os
import stat
from pathlib import Path

import pytest

from pydock_lab.snapshot.stub import make_stub


@pytest.mark.parametrize("umask", [0, 0o027, 0o077])
def test_it_is_the_same_whatever_the_umask_is(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        make_stub(str(tmp_path / "stub"), has_single_uid=True)
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    found = [tmp_path / "stub", *(tmp_path / "stub").rglob("*")]
    assert len(found) > 8
    assert {stat.S_IMODE(path.stat().st_mode) for path in found} == {0o755, 0o644}
