"""What is new in a picture, and for how long."""

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace

import pytest
from samples.views import SHOP, SHOP_INSTANCES, WEB1, change

from pydock_lab.notebook import newness
from pydock_lab.notebook.newness import Newness
from pydock_lab.views import FileChange, Instances

OLD, NEW = change("~", "/old", 1), change("+", "/new", 1)
FOLDER = replace(change("~", "/srv"), is_directory=True, touched=9)


def fresh(marks: Newness, *changes: FileChange, identity: str = "one") -> Sequence[str]:
    one = replace(WEB1, id=identity, changes=changes)
    found = marks.marked(Instances(images=(replace(SHOP_INSTANCES, containers=(one,)),)))
    assert isinstance(found, Instances)
    return found.images[0].containers[0].fresh


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that is put on by hand."""
    found = SimpleNamespace(now=100.0)
    monkeypatch.setattr(newness, "time", SimpleNamespace(monotonic=lambda: found.now))
    return found


@pytest.mark.parametrize(
    ("changes", "new"),
    [
        ((OLD,), ()),
        ((OLD, NEW), ("/new",)),
        ((replace(OLD, size=2),), ("/old",)),
        ((replace(OLD, touched=5),), ("/old",)),
        ((OLD, FOLDER), ()),
        ((), ()),
    ],
)
def test_new_is_what_was_not_there_before(changes: tuple[FileChange, ...], new: tuple[str, ...]) -> None:
    marks = Newness()
    assert fresh(marks, OLD) == ()
    assert fresh(marks, *changes) == new


def test_a_mark_stays_for_some_seconds_and_as_long_as_the_file_is_written(clock: SimpleNamespace) -> None:
    marks = Newness()
    fresh(marks, OLD)
    for later, changes, new in [
        (0.0, (OLD, NEW), ("/new",)),
        (2.0, (OLD, NEW), ("/new",)),
        (0.5, (OLD, replace(NEW, touched=1)), ("/new",)),
        (2.5, (OLD, replace(NEW, touched=1)), ("/new",)),
        (1.0, (OLD, replace(NEW, touched=1)), ()),
        (0.0, (OLD,), ()),
        (0.0, (OLD, NEW), ("/new",)),
    ]:
        clock.now += later
        assert fresh(marks, *changes) == new


def test_nothing_is_new_of_a_container_that_has_just_come() -> None:
    marks = Newness()
    fresh(marks, OLD)
    assert fresh(marks, OLD, NEW, identity="two") == ()
    assert fresh(marks, NEW) == ()  # the first one was gone meanwhile


def test_other_views_have_no_marks() -> None:
    assert Newness().marked(SHOP) is SHOP
