"""A journal of what this process has asked of the kernel: every call that makes a container, in order, with its time.

    mount("proc", "/proc", "proc", ...)      ["mount", ["proc", "/proc", "proc", 14, null], 0.000031]

It is always on. A call costs a microsecond more, and is written down as it is: numbers stay numbers until somebody
wants to read them. Each process has its own; a child begins with what its parent had, and `take` empties it.
"""

from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import Any, ParamSpec, TypeAlias, TypeVar

Asked: TypeAlias = tuple[str, tuple[Any, ...], float]

_MOST = 10_000  # a process that goes on for days, and never takes, forgets the oldest

_calls: deque[Asked] = deque(maxlen=_MOST)
_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


def take() -> list[Asked]:
    """What was asked since the last time: (name, arguments, seconds) of each call that did not fail."""
    taken = list(_calls)
    _calls.clear()
    return taken


def ask(name: str, function: Callable[..., _Result], *arguments: Any) -> _Result:
    """Call a function of Python's own that is the system call `name`, and note it."""
    began = perf_counter()
    result = function(*arguments)
    _calls.append((name, arguments, perf_counter() - began))
    return result


def noted(name: str) -> Callable[[Callable[_Parameters, _Result]], Callable[_Parameters, _Result]]:
    """Make a function note each of its calls under the name of the system call that it is."""

    def decorate(function: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
        def call(*arguments: _Parameters.args, **named: _Parameters.kwargs) -> _Result:
            began = perf_counter()
            result = function(*arguments, **named)
            _calls.append((name, (*arguments, *named.values()), perf_counter() - began))
            return result

        call.__name__, call.__doc__ = function.__name__, function.__doc__
        return call

    return decorate
