"""A place in a cell's output that is written again and again: at most ten times a second, whoever writes.

    events, output ──▶ content() ──▶ 0.1 s ──▶ the same place on the page

One display for the whole of a build, however many events it has: thousands of messages would make the page slow and
the saved notebook large. A thread writes what came since, so that the last words before a silence are not kept back.
"""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from IPython.core.getipython import get_ipython
from IPython.display import DisplayHandle

_SECONDS = 0.1

Content = Callable[[], dict[str, str]]


class Region:
    """Shows what `content` gives (a MIME bundle, `{}` for nothing yet) while the `with` block lasts.

    With `pulse` also every so many seconds, where nothing is new but the time.
    """

    def __init__(self, content: Content, *, pulse: float | None = None) -> None:
        self._content, self._pulse = content, pulse
        self._handle: DisplayHandle | None = None
        # IPython in a terminal cannot write in the same place again: there it is shown once, at the end.
        self._live = hasattr(get_ipython(), "kernel")
        self._changed, self._over = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="pydock region", daemon=True)

    def touch(self) -> None:
        """There is something new; from any thread."""
        self._changed.set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._changed.set()
        self._thread.join()
        self._write()

    def _run(self) -> None:
        while not self._over.is_set():
            self._changed.wait(self._pulse)
            self._changed.clear()
            if self._live:
                self._write()
            self._over.wait(_SECONDS)

    def _write(self) -> None:
        with self._lock:
            bundle = self._content()
            if not bundle:
                return
            if self._handle is None:
                self._handle = DisplayHandle()  # type: ignore[no-untyped-call]
                self._handle.display(bundle, raw=True)  # type: ignore[no-untyped-call]
            else:
                self._handle.update(bundle, raw=True)  # type: ignore[no-untyped-call]
