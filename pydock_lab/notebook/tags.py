"""`%registry`: a registry as its repositories, tags, digests and layers."""

from pydock_lab.drawing.branches import branches
from pydock_lab.notebook.picture import Picture, script
from pydock_lab.views import TagTree


class Tags(Picture):
    """The tag tree of a registry."""

    _esm = script("tags.js")

    @property
    def digest(self) -> str:
        """The digest of the selected image, or that the selected tag points to; else ""."""
        found, view = self._number("tag") or self._number("manifest"), self.view
        if not found or not isinstance(view, TagTree):
            return ""
        return branches(view.repositories[found[0]])[found[1]].digest
