"""Work that outlives its cell: who waits for it, and who is told."""

import threading

import pytest

from pydock_lab.notebook.beside import Beside


def told(*words):
    raise AssertionError(words)


def test_an_answer_before_it_has_begun_is_the_cells():
    assert Beside(lambda: 7, told).do() == 7


def test_an_error_before_it_has_begun_is_the_cells():
    with pytest.raises(ZeroDivisionError):
        Beside(lambda: 1 // 0, told).do()


@pytest.mark.parametrize("error", [None, ValueError("late")])
def test_what_comes_later_is_told(error):
    go_on, is_told = threading.Event(), threading.Event()
    heard = []

    def work():
        assert beside.begin()
        go_on.wait(10)
        if error:
            raise error
        return 3

    def at_end(*words):
        heard.extend(words)
        is_told.set()

    beside = Beside(work, at_end)
    assert beside.do() is None
    assert heard == []
    go_on.set()
    assert is_told.wait(10)
    assert heard == [None if error else 3, error]


def test_a_cell_that_was_stopped_wants_it_no_more(monkeypatch):
    is_stopped, is_over = threading.Event(), threading.Event()
    begun = []

    def work():
        is_stopped.wait(10)
        begun.extend([beside.is_wanted, beside.begin()])
        is_over.set()

    beside = Beside(work, told)

    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(beside._changed, "wait", stopped)
    with pytest.raises(KeyboardInterrupt):
        beside.do()
    is_stopped.set()
    assert is_over.wait(10)
    assert begun == [False, False]
