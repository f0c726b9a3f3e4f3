"""A journal of what this process has asked of the kernel: every call that makes a container, in order, with its time.

    mount("proc", "/proc", "proc", ...)      ["mount", ["proc", "/proc", "proc", 14, null], 0.000031]

It is always on. A call costs a microsecond more, and is written down as it is: numbers stay numbers until somebody
wants to read them. Each process has its own; a child begins with what its parent had, and `take` empties it.

A call that fails is nothing that a container is made of: many are mere attempts. It goes along with its OSError, and
who gives up because of that finds it there (`refused`).
"""

from collections import deque
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any, ParamSpec, TypeAlias, TypeVar

Asked: TypeAlias = tuple[str, tuple[Any, ...], float, int | None]

_MOST = 10_000  # a process that goes on for days, and never takes, forgets the oldest

_calls: deque[Asked] = deque(maxlen=_MOST)
_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


def take() -> list[Asked]:
    """What was asked since the last time: (name, arguments, seconds, result) of each call that did not fail.

    The result is that of calls which give a descriptor, by which later ones speak of it; else None.
    """
    taken = list(_calls)
    _calls.clear()
    return taken


def put(calls: Iterable[Asked]) -> None:
    """Note what another process has asked for on our behalf."""
    _calls.extend(calls)


def ask(name: str, function: Callable[..., _Result], *arguments: Any) -> _Result:
    """Call a function of Python's own that is the system call `name`, and note it."""
    began = perf_counter()
    try:
        result = function(*arguments)
    except OSError as error:
        _refuse(error, name, arguments, perf_counter() - began)
        raise
    _calls.append((name, arguments, perf_counter() - began, None))
    return result


def noted(
    name: str, *, gives_descriptor: bool = False
) -> Callable[[Callable[_Parameters, _Result]], Callable[_Parameters, _Result]]:
    """Make a function note each of its calls under the name of the system call that it is."""

    def decorate(function: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
        def call(*arguments: _Parameters.args, **named: _Parameters.kwargs) -> _Result:
            began = perf_counter()
            try:
                result = function(*arguments, **named)
            except OSError as error:
                _refuse(error, name, (*arguments, *named.values()), perf_counter() - began)
                raise
            given: Any = result if gives_descriptor else None
            _calls.append((name, (*arguments, *named.values()), perf_counter() - began, given))
            return result

        call.__name__, call.__doc__ = function.__name__, function.__doc__
        return call

    return decorate


def _refuse(error: OSError, name: str, arguments: tuple[Any, ...], seconds: float) -> None:
    # As the kernel has it: the negative errno is the result.
    error.asked = (name, arguments, seconds, -(error.errno or 0))  # type: ignore[attr-defined]


def refused(error: BaseException) -> list[Asked]:
    """The calls whose failure led to this error, the first one first."""
    found: list[Asked] = []
    cause: BaseException | None = error
    while cause is not None:
        asked: Asked | None = getattr(cause, "asked", None)
        found += [asked] if asked else []
        cause = cause.__cause__ or cause.__context__
    return found[::-1]
