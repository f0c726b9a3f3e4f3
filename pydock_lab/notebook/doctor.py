"""`%doctor`: what this machine can do for containers."""

from pydock_lab.notebook.picture import Picture, script
from pydock_lab.views import Doctor, FacetView


class Facets(Picture):
    """The facets of isolation."""

    _esm = script("plain.js")

    @property
    def facet(self) -> FacetView | None:
        """The selected facet."""
        found, view = self._number("facet"), self.view
        return view.facets[found[0]] if found and isinstance(view, Doctor) else None
