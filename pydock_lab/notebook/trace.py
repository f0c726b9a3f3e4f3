"""`%trace`, `%explain CONTAINER`, `%explain pull`: a build, a start, a transfer, to be stepped through."""

from pydock_lab.notebook.picture import Picture, script
from pydock_lab.views import BuildTrace, RequestStep, RunStep, RunTrace, TraceStep, TransferTrace


class Trace(Picture):
    """A build, a container's start, a pull or push, step by step."""

    _esm = script("trace.js")
    _saved_with = "trace.js"

    @property
    def step(self) -> TraceStep | RunStep | RequestStep | None:
        """The step at which one stands; None for the whole."""
        found, view = self._number("step"), self.view
        if not found or not isinstance(view, BuildTrace | RunTrace | TransferTrace):
            return None
        return next((step for step in view.steps if step.number == found[0]), None)
