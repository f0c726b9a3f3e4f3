"""Questions that several threads may ask, each looked into once: whoever asks first looks, the others wait."""

import threading
from collections.abc import Callable
from typing import Any


class _Answer:
    """What came of a question, once `known` is set."""

    def __init__(self) -> None:
        self.known = threading.Event()
        self.value: Any = None
        self.error: BaseException | None = None


class Answers:
    """The answers of one build, by question; an error is an answer too, raised for everybody who asks."""

    def __init__(self) -> None:
        self._answers: dict[str, _Answer] = {}
        self._lock = threading.Lock()

    def ask(self, question: str, look: Callable[[], Any]) -> Any:
        """The answer, found by `look` if nobody has asked before."""
        with self._lock:
            is_first = question not in self._answers
            answer = self._answers.setdefault(question, _Answer())
        if is_first:
            try:
                answer.value = look()
            except BaseException as error:  # noqa: BLE001 - raised below, and for all who wait
                answer.error = error
            answer.known.set()
        answer.known.wait()
        if answer.error is not None:
            raise answer.error
        return answer.value
