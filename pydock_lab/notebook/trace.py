"""`%trace`: a build to be stepped through; a click on a line, a bar or a layer chooses its step."""

from pydock_lab.notebook.picture import Picture, script
from pydock_lab.views import BuildTrace, TraceStep


class Trace(Picture):
    """A build, step by step."""

    _esm = script("trace.js")

    @property
    def step(self) -> TraceStep | None:
        """The step at which one stands; None for the whole build."""
        found, view = self._number("step"), self.view
        if not found or not isinstance(view, BuildTrace):
            return None
        return next((step for step in view.steps if step.number == found[0]), None)
