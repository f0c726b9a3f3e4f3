"""A container that nobody has named gets a name, also while others are getting theirs."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from pydock_lab.engine import names
from pydock_lab.engine.run_options import RunOptions
from pydock_lab.errors import Conflict

_MANY = 12


@pytest.fixture
def one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two names, before numbers are added."""
    monkeypatch.setattr(names, "_WHO", ["turing"])
    monkeypatch.setattr(names, "_HOW", ["keen", "calm"])


@pytest.mark.usefixtures("containers", "one_name")
def test_many_at_once_have_each_their_own(engine) -> None:
    engine.image("lab/busybox")
    create = lambda _number: engine.full.create(RunOptions(image="lab/busybox"))  # noqa: E731
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(create, range(_MANY)))
    made = [one.name for one in engine.full.containers(all_=True)]
    assert len(set(made)) == len(made) == _MANY
    assert {"keen_turing", "calm_turing"} <= set(made)


@pytest.mark.usefixtures("containers")
def test_a_name_that_was_asked_for_is_never_another(engine) -> None:
    engine.full.create(RunOptions(image="lab/busybox", name="mine"))
    with pytest.raises(Conflict) as caught:
        engine.full.create(RunOptions(image="lab/busybox", name="mine"))
    assert caught.value.key == "engine.name-taken"
