"""What is copied in and out, as an ordinary user: in every tier without root."""

from collections.abc import Callable
from pathlib import Path

import pytest
from samples.users import ordinary_user, run_as

from pydock_lab.linux.tiers import Tier


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("tier", [Tier.ROOTLESS, Tier.ROOTLESS_SINGLE, Tier.TRACED])
def test_files_in_and_out(tier: Tier, need: Callable[[str], str]) -> None:
    need("newuidmap")
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-x", "--no-header"]
    with ordinary_user() as user:
        suite = str(Path(__file__).with_name("test_cp.py"))
        done = run_as(user, *words, suite, tier=tier, PYDOCK_EXPECTED_TIER=tier)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
