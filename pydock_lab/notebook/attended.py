"""An engine with somebody beside it: the stop button ends any call with `Interrupted`, and the last build is kept.

The command line asks the engine; between the two stands click, which takes Ctrl-C for its own and writes a line on
the standard error. So the button is heard here, before click sees it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from pydock_lab.errors import Interrupted

if TYPE_CHECKING:
    from pydock_lab.engine.base import Engine
    from pydock_lab.engine.results import BuildResult


@contextmanager
def interruptible() -> Iterator[None]:
    """The notebook's stop button ends the block with one line, as every other failure."""
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted("notebook.interrupted") from None


class AttendedEngine:
    """Every method of `engine`, interruptible; `result` is what the last build gave."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self.result: BuildResult | None = None

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._engine, name)
        return self._attended(found) if callable(found) else found

    def _attended(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def call(*values: Any, **named: Any) -> Any:
            with interruptible():
                answer = method(*values, **named)
            if method.__name__ == "build":
                self.result = answer
            # `docker logs --follow` waits not in the call but between one line and the next.
            return _each(answer) if isinstance(answer, GeneratorType) else answer

        return call


def _each(answers: Iterator[Any]) -> Iterator[Any]:
    with interruptible():
        yield from answers
