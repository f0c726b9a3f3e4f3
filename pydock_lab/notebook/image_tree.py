"""`%images`: all local images as one tree."""

from pydock_lab.notebook.picture import Picture, script
from pydock_lab.views import ImageTree, TreeImage


class Forest(Picture):
    """Which image stands on which."""

    _esm = script("plain.js")

    @property
    def image(self) -> TreeImage | None:
        """The selected image."""
        found, view = self._number("image"), self.view
        if not found or not isinstance(view, ImageTree):
            return None
        branches = tuple(view.branches())
        return branches[found[0]].image if found[0] < len(branches) else None
