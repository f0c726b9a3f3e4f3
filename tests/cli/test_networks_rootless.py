"""The same options as an ordinary user: with a range of ids, and with one alone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from samples.users import ordinary_user, run_as

from pydock_lab.linux.tiers import Tier

INSIDE = "options_of_run or find_each_other or taken_port or running_container or of_another_one"


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("tier", [Tier.ROOTLESS, Tier.ROOTLESS_SINGLE])
def test_what_options_do_inside(tier: Tier, need: Callable[[str], str]) -> None:
    need("newuidmap")
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-x", "--no-header", "-k", INSIDE]
    with ordinary_user() as user:
        suite = str(Path(__file__).with_name("test_networks.py"))
        done = run_as(user, *words, suite, tier=tier)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
