"""A picture of which parts are opened when somebody wants to see them: the page asks, the kernel reads and draws."""

from collections.abc import Callable
from typing import Any

import traitlets

from pydock_lab.errors import PydockError
from pydock_lab.notebook.picture import Picture
from pydock_lab.views import View


class Explored(Picture):
    """With something that `explores`, parts can be opened further, and filtered by a text in their names.

    `said` is what could not be had, in words.
    """

    filter = traitlets.Unicode("").tag(sync=True)
    explores = traitlets.Bool(False).tag(sync=True)

    def __init__(self, view: View, *, explores: bool, **traits: Any) -> None:
        super().__init__(view, explores=explores, **traits)
        self.observe(self._sift, "filter")

    def _look(self) -> None:
        """Draw what is open now; may raise PydockError."""
        raise NotImplementedError

    def _sift(self, _change: object) -> None:
        if self.explores:
            self._try(self._look)

    def _try(self, do: Callable[[], object]) -> None:
        """Do it, or say why it cannot be done."""
        try:
            do()
            self.said = ""
        except PydockError as error:
            self.said = error.message(self.language)
