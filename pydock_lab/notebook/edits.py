"""`%docker whatif`: edits that would have kept the cache; a click on one shows the whole text with it."""

from pydock_lab.notebook.picture import Picture, script
from pydock_lab.views import Proposal, WhatIf


class Edits(Picture):
    """Edits that would have kept steps of a build in the cache."""

    _esm = script("plain.js")

    @property
    def proposal(self) -> Proposal | None:
        """The selected edit."""
        found, view = self._number("proposal"), self.view
        return view.proposals[found[0] - 1] if found and isinstance(view, WhatIf) else None
