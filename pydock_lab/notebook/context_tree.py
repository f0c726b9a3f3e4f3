"""`%context NAME`: a build context, whose folders are opened as somebody wants to see them."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydock_lab.notebook.explored import Explored
from pydock_lab.notebook.picture import script
from pydock_lab.views import ContextFile, ContextTree, View

if TYPE_CHECKING:
    from pydock_lab.engine.context_trees import ContextExplorer


class ContextPicture(Explored):
    """A build context; with its `explorer`, whose view is drawn, its folders can be opened."""

    _esm = script("opens.js", "context.js")

    def __init__(self, view: ContextTree, *, explorer: "ContextExplorer | None" = None, **traits: Any) -> None:
        self._explorer = explorer
        super().__init__(view, explores=explorer is not None, **traits)
        self.on_msg(self._listen)

    @property
    def tree(self) -> ContextTree:
        """What is drawn."""
        assert isinstance(self.view, ContextTree)  # noqa: S101 - for mypy
        return self.view

    @property
    def file(self) -> ContextFile | None:
        """The selected file or folder."""
        return next((row for row in (self.tree.top, *self.tree.rows) if row.key == self.selected), None)

    def expand(self, path: str) -> None:
        """Open a folder, and those on the way to it; raises NotFound."""
        if self._explorer is not None:
            self._explorer.open_path(path)
            self._look()

    def _still(self) -> View:
        # Nobody is there to open anything.
        return replace(self.tree, can_open=False)

    def _look(self) -> None:
        assert self._explorer is not None  # noqa: S101 - for mypy
        self._explorer.filter = self.filter
        self.view = self._explorer.view()

    def _listen(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        """What was done on the page; a key that there is not any more means nothing."""
        if self._explorer is not None and content.get("type") in ("expand", "collapse"):
            self._explorer.toggle(str(content.get("key", "")))
            self._try(self._look)
