"""What a container's start consists of: steps, each with the system calls that it was, and how long they took.

Several processes take part in a start (the worker, the container's first process), and each keeps its own log. Their
clock is the same one, so that `in_order` makes one list of them. Writing each step at once would be most of a start's
time: a log stays in memory until the program runs.

A step is told when it has been done. One that may fail is also said to be begun: a start that fails ends with it.
"""

from collections.abc import Iterable, Sequence
from time import perf_counter
from typing import Any, TypeAlias

from pydock_lab.linux import journal

Step: TypeAlias = dict[str, Any]

START_FILE = "start.json"
_PLAIN = frozenset({str, int, bool, type(None), list, float})


class StepLog:
    """Collects the steps of one process.

    `is_ahead`: they are done before anybody knows for which container; `is_outside`: by who makes the container, while
    its own first process may be at work as well.
    """

    def __init__(self, *, is_ahead: bool = False, is_outside: bool = False) -> None:
        journal.take()
        self.steps: list[Step] = []
        self.notes: list[dict[str, Any]] = []
        self._is_ahead, self._is_outside = is_ahead, is_outside
        self._begun = ("", "")
        self._last = perf_counter()

    def begin(self, name: str, detail: str = "") -> None:
        """What is done next is this step, should it fail."""
        self._begun = (name, detail)

    def add(self, name: str, detail: str = "", **facts: Any) -> None:
        """A step has just been done: all that was asked of the kernel since the one before belongs to it.

        `facts` are what the step changed in words that need no calls to be understood. Times in seconds; `at` is when
        it began, by the machine's monotonic clock.
        """
        now = perf_counter()
        step: Step = {"name": name, "detail": detail, "at": self._last, "seconds": now - self._last}
        if self._is_ahead:
            step["ahead"] = True
        if self._is_outside:
            step["outside"] = True
        if facts:
            step["facts"] = facts
        if calls := journal.take():
            step["calls"] = _told(calls)
        self.steps.append(step)
        self._begun = ("", "")
        self._last = now

    def fail(self, error: BaseException) -> None:
        """What was begun last has failed, and with it the start: it is the last step."""
        # The last one is told before it is done: nothing can be told afterwards.
        if self._begun[0] or not (self.steps and self.steps[-1]["name"] == "exec"):
            self.add(self._begun[0] or "stopped", self._begun[1])
        step = self.steps[-1]
        step["failed"] = True
        step["calls"] = [*step.get("calls", ()), *_told(journal.refused(error))]

    def note(self, key: str, **fields: Any) -> None:
        """Something that was asked for is not in force: who asked is to hear of it, by the key of a text."""
        self.notes.append({"noted": key, "fields": fields})

    def skip(self, *, is_ahead: bool | None = None) -> None:
        """Time has passed that belongs to no step: somebody else was at work, or there was nothing to do."""
        journal.take()
        self._last = perf_counter()
        self._is_ahead = self._is_ahead if is_ahead is None else is_ahead


def _told(calls: Iterable[journal.Asked]) -> list[tuple[Any, ...]]:
    return [
        (name, _plain(arguments), seconds) if result is None else (name, _plain(arguments), seconds, result)
        for name, arguments, seconds, result in calls
    ]


def _plain(arguments: tuple[Any, ...]) -> Sequence[Any]:
    """Arguments as JSON has them: flags as numbers, and of bytes only how many."""
    return arguments if _PLAIN.issuperset(map(type, arguments)) else list(map(_plainly, arguments))


def _plainly(one: Any) -> Any:
    if isinstance(one, int):
        return int(one)
    return len(one) if isinstance(one, bytes) else one


def in_order(*logs: Iterable[Step]) -> list[Step]:
    """The steps of several processes in the order in which they began; the one that failed is the last."""
    return sorted((step for log in logs for step in log), key=lambda step: ("failed" in step, float(step["at"])))
