"""The same options as an ordinary user: with a range of ids, and with one alone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from samples.users import ordinary_user, run_as

from pydock_lab.linux.tiers import Tier


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("tier", [Tier.ROOTLESS, Tier.ROOTLESS_SINGLE])
def test_every_option_in_a_tier_without_root(tier: Tier, need: Callable[[str], str]) -> None:
    need("newuidmap")
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-x", "--no-header", "-k", "not leaves_nothing_behind"]
    with ordinary_user() as user:
        suite = str(Path(__file__).with_name("test_run_options.py"))
        done = run_as(user, *words, suite, tier=tier)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
