"""`%instances`: images and the containers on them, as they are now.

    page on screen ──▶ "here" every few seconds ──▶ a thread asks the engine: once a second,
                                                    five times while something changes
    page closed, or silent for minutes          ──▶ the thread ends

A picture that nobody looks at must cost nothing: the page says that it is there, and the thread lives on that. One
that is looked at must not cost much: of many containers it comes less often.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from pydock_lab.drawing import instance_keys
from pydock_lab.errors import PydockError
from pydock_lab.notebook.newness import Newness
from pydock_lab.notebook.picture import Picture, script
from pydock_lab.views import ContainerView, Instances, View

_POLL_SECONDS, _QUICK_SECONDS = 1.0, 0.2
_SHARE = 0.12  # of a core, at most: the kernel is there for the reader's own cells
# A kernel that runs a long cell hears nothing from the page meanwhile: silence alone is no reason to stop soon.
_SILENCE_SECONDS = 300.0


class LiveInstances(Picture):
    """Containers on their images; with `look`, which asks the engine again, the picture follows what happens."""

    _esm = script("plain.js")

    def __init__(self, view: View, *, look: Callable[[], View] | None = None, **traits: Any) -> None:
        self._look = look
        self._heard = 0.0
        self._gone = threading.Event()
        self._thread: threading.Thread | None = None
        self._newness = Newness()
        self._newness.marked(view)
        super().__init__(view, live=look is not None, **traits)
        self.on_msg(self._listen)

    @property
    def container(self) -> ContainerView | None:
        """The selected container."""
        images = self.view.images if isinstance(self.view, Instances) else ()
        found = (one for image in images for one in image.containers)
        return next((one for one in found if instance_keys.container(one) == self.selected), None)

    @property
    def is_watching(self) -> bool:
        """Whether the engine is being asked."""
        return self._thread is not None and self._thread.is_alive()

    def close(self) -> None:
        """Stop watching, and leave the page."""
        self._gone.set()
        super().close()

    def _listen(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        if content.get("type") == "gone":
            self._gone.set()
        elif content.get("type") == "here" and self._look:
            self._heard = time.monotonic()
            if not self.is_watching:
                self._gone.clear()
                self._thread = threading.Thread(target=self._watch, name="pydock instances", daemon=True)
                self._thread.start()

    def _watch(self) -> None:
        while self._look and time.monotonic() - self._heard < _SILENCE_SECONDS:
            began, worked = time.monotonic(), time.thread_time()
            pause = _QUICK_SECONDS if self._is_new(self._look) else _POLL_SECONDS
            worked = time.thread_time() - worked
            if self._gone.wait(max(pause, worked / _SHARE) - (time.monotonic() - began)):
                return

    def _is_new(self, look: Callable[[], View]) -> bool:
        """Look again; whether something has changed, and is drawn anew."""
        try:
            view = self._newness.marked(look())
        except PydockError:
            return False  # the store is busy, or a container is just going: ask again
        if view == self.view:
            return False
        self.view = view
        return True
