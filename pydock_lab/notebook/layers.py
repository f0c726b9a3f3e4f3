"""`%layers`: an image as its layers."""

from pydock_lab.notebook.picture import Picture, script
from pydock_lab.views import LayerRow, LayerStack


class Layers(Picture):
    """The layer stack of an image."""

    _esm = script("layers.js")

    @property
    def layer(self) -> LayerRow | None:
        """The selected step."""
        found, view = self._number("layer"), self.view
        return view.rows[found[0]] if found and isinstance(view, LayerStack) else None
