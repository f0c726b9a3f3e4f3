"""`%explain`: a build beside an earlier one; a click on a step shows both of its keys."""

from pydock_lab.notebook.picture import Picture, script
from pydock_lab.views import Explanation, StepExplanation


class Explained(Picture):
    """Why steps of a build were not in the cache."""

    _esm = script("plain.js")

    @property
    def step(self) -> StepExplanation | None:
        """The selected step."""
        found, view = self._number("explained"), self.view
        if not found or not isinstance(view, Explanation):
            return None
        return next((step for step in view.steps if step.number == found[0]), None)
