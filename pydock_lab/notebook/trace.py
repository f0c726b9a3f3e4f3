"""`%trace` and `%explain CONTAINER`: a build, or a start, to be stepped through; a click chooses a step."""

from pydock_lab.notebook.picture import Picture, script
from pydock_lab.views import BuildTrace, RunStep, RunTrace, TraceStep


class Trace(Picture):
    """A build or a container's start, step by step."""

    _esm = script("trace.js")

    @property
    def step(self) -> TraceStep | RunStep | None:
        """The step at which one stands; None for the whole."""
        found, view = self._number("step"), self.view
        if not found or not isinstance(view, BuildTrace | RunTrace):
            return None
        return next((step for step in view.steps if step.number == found[0]), None)
