"""A question that several threads ask is looked into once."""

import threading
from typing import Any

import pytest

from pydock_lab.build.answers import Answers
from pydock_lab.errors import BuildError


def test_whoever_asks_first_looks_and_the_others_wait() -> None:
    answers, begun, may_end = Answers(), threading.Event(), threading.Event()
    heard: list[Any] = []

    def look() -> str:
        begun.set()
        assert may_end.wait(10)
        return "the first one's"

    first = threading.Thread(target=lambda: heard.append(answers.ask("it", look)))
    first.start()
    assert begun.wait(10)
    second = threading.Thread(target=lambda: heard.append(answers.ask("it", lambda: "another")))
    second.start()
    assert answers.ask("else", lambda: "at once") == "at once"
    assert heard == []
    may_end.set()
    first.join()
    second.join()
    assert heard == ["the first one's"] * 2


def test_an_error_is_an_answer_too() -> None:
    answers, looks = Answers(), []

    def look() -> None:
        looks.append(1)
        raise BuildError("build.copy-missing", path="/x")

    for _ in range(2):
        with pytest.raises(BuildError, match="/x"):
            answers.ask("it", look)
    assert looks == [1]
