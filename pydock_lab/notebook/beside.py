"""Work that goes on beside the notebook: a program with a terminal, which lives longer than the cell that started it.

cell ── work in a thread ──▶ it has begun                 ──▶ the cell is over, the work goes on
                         ──▶ it has ended before, or failed ──▶ the cell's own answer, or error
"""

import contextvars
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Beside(Generic[Answer]):
    """One piece of work; it says `begin` when the cell need not wait any more.

    From then on nobody waits for its answer or its error: `at_end` is given them.
    """

    def __init__(
        self, work: Callable[[], Answer], at_end: Callable[[Answer | None, BaseException | None], None]
    ) -> None:
        self._work, self._at_end = work, at_end
        self._lock, self._changed = threading.Lock(), threading.Event()
        self._is_begun = self._is_given_up = False
        self._answer: Answer | None = None
        self._error: BaseException | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether somebody still waits for it to begin."""
        return not self._is_given_up

    def begin(self) -> bool:
        """It goes on alone; False where the cell was stopped meanwhile, and nobody wants it any more."""
        with self._lock:
            self._is_begun = not self._is_given_up
        self._changed.set()
        return self._is_begun

    def do(self) -> Answer | None:
        """Its answer, or None where it goes on alone; raises what it raises before that, and KeyboardInterrupt."""
        # What it displays belongs to this cell: which one that is, is a context variable of ipykernel's.
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self._run,), name="pydock beside", daemon=True).start()
        try:
            self._changed.wait()
        except KeyboardInterrupt:
            with self._lock:
                self._is_given_up = not self._is_begun
            if self._is_given_up:
                raise
        if self._is_begun:
            return None
        if self._error is not None:
            raise self._error
        return self._answer

    def _run(self) -> None:
        try:
            self._answer = self._work()
        except BaseException as error:  # noqa: BLE001 - it is raised again, or told, where somebody waits for it
            self._error = error
        if self._is_begun:
            self._at_end(self._answer, self._error)
        self._changed.set()
