"""`%layers`: an image as its layers, whose files are read as far as somebody opens them.

page                                     kernel
Enter on a layer or folder  --expand-->  LayerExplorer.open, .toggle
a file is chosen            --selected-> LayerExplorer.choose: its beginning is read out of the layer
a word in the filter        --filter-->  LayerExplorer.filter
                            <--svg-----  the layers as they are opened now
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydock_lab.notebook.explored import Explored
from pydock_lab.notebook.picture import script
from pydock_lab.views import FileNode, LayerRow, LayerStack, Opened, View

if TYPE_CHECKING:
    from pydock_lab.engine.layer_files import LayerExplorer

_TABS = (Opened.CHANGES, Opened.TOGETHER)


class Layers(Explored):
    """The layer stack of an image; with its `explorer`, whose view is drawn, its layers can be opened."""

    _esm = script("opens.js", "layers.js")

    def __init__(self, view: LayerStack, *, explorer: "LayerExplorer | None" = None, **traits: Any) -> None:
        self._explorer = explorer
        super().__init__(view, explores=explorer is not None, **traits)
        self.on_msg(self._listen)
        self.observe(self._choose, "selected")

    @property
    def stack(self) -> LayerStack:
        """What is drawn."""
        assert isinstance(self.view, LayerStack)  # noqa: S101 - for mypy
        return self.view

    @property
    def layer(self) -> LayerRow | None:
        """The selected step, or the one in which something is selected."""
        kind, _, rest = self.selected.partition("-")
        number = rest.partition("-")[0]
        is_row = kind in ("layer", "file", "more", *_TABS) and number.isdigit() and int(number) < len(self.stack.rows)
        return self.stack.rows[int(number)] if is_row else None

    @property
    def file(self) -> FileNode | None:
        """The selected file or folder."""
        return next((node for row in self.stack.rows for node in row.files if node.key == self.selected), None)

    @property
    def content(self) -> str:
        """The beginning of the selected file; "" where there is none."""
        found = self.stack.content
        return found.text if found and found.key == self.selected else ""

    def expand(self, row: int, path: str = "", *, together: bool = False) -> None:
        """Open the layer of a row (0 is the base): its own files, or `together` with all below; down to a `path`."""
        if self._explorer is not None:
            self._explorer.open(row, Opened.TOGETHER if together else Opened.CHANGES)
            if path:
                self._explorer.open_path(row, path)
            self._look()

    def collapse(self, row: int) -> None:
        """Close the layer of a row again."""
        if self._explorer is not None:
            self._explorer.open(row, Opened.CLOSED)
            self._look()

    def _still(self) -> View:
        # Nobody is there to open anything.
        return replace(self.stack, can_open=False)

    def _look(self) -> None:
        assert self._explorer is not None  # noqa: S101 - for mypy
        self._explorer.filter = self.filter
        self.view = self._explorer.view()

    def _choose(self, _change: object) -> None:
        if self._explorer is not None:
            self._try(self._follow)

    def _follow(self) -> None:
        """Show the content of a file that is chosen now, and no more that of another one."""
        assert self._explorer is not None  # noqa: S101 - for mypy
        if self._explorer.choose(self.selected):
            self._look()

    def _listen(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        """What was done on the page; a key that there is not any more means nothing."""
        key, does = str(content.get("key", "")), content.get("type")
        kind, _, number = key.partition("-")
        if self._explorer is None or does not in ("expand", "collapse", "act"):
            return
        if does == "act":
            if kind in _TABS and number.isdigit():
                self._explorer.open(int(number), Opened(kind))
        elif kind == "layer" and number.isdigit():
            self._explorer.open(int(number), Opened.CHANGES if does == "expand" else Opened.CLOSED)
        else:
            self._explorer.toggle(key)
        self._try(self._look)
