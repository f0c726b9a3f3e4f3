"""`%layers IMAGE --beside IMAGE`: two images and what they share."""

from pydock_lab.notebook.picture import Picture, script
from pydock_lab.views import LayerRow, SharedLayers


class Beside(Picture):
    """Two images side by side."""

    _esm = script("plain.js")

    @property
    def layer(self) -> LayerRow | None:
        """The selected layer."""
        kind, _, number = self.selected.partition("-")
        if not isinstance(self.view, SharedLayers) or not number.isdigit():
            return None
        stack = self.view.second if kind == "second" else self.view.first
        return stack.rows[int(number)] if int(number) < len(stack.rows) else None

    @property
    def is_shared(self) -> bool:
        """Whether both images have the selected layer."""
        return self.selected.startswith("shared-")
