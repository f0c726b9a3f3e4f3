"""`%docker weigh`: an image or a build context by weight; a click shows the files behind a bar, and what to do."""

from pydock_lab.notebook.picture import Picture, script
from pydock_lab.views import ContextFolder, ContextWeight, Secret, StepWeight, WastedFile, Weight


class WeighedImage(Picture):
    """An image by weight."""

    _esm = script("plain.js")

    @property
    def step(self) -> StepWeight | None:
        """The selected layer."""
        found, view = self._number("weight"), self.view
        return view.steps[found[0]] if found and isinstance(view, Weight) else None

    @property
    def wasted(self) -> tuple[WastedFile, ...]:
        """The files of the selected layer that nobody sees."""
        found, view = self._number("weight"), self.view
        if not found or not isinstance(view, Weight):
            return ()
        return tuple(file for file in view.wasted if file.written_layer == found[0])

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What looks like a secret in the selected step, also where that has no layer."""
        alone, view = self._number("secret"), self.view
        number = alone[0] if alone else self.step.number if self.step else 0
        if not number or not isinstance(view, Weight):
            return ()
        return tuple(one for one in view.secrets if one.step == number)


class WeighedContext(Picture):
    """A build context by weight."""

    _esm = script("plain.js")

    @property
    def part(self) -> ContextFolder | None:
        """The selected folder or file."""
        found, view = self._number("part"), self.view
        if not found or not isinstance(view, ContextWeight):
            return None
        part = view.top
        for at in found:
            part = part.inside[at]
        return part

    @property
    def advised(self) -> tuple[str, ...]:
        """The lines that are advised for the ignore file."""
        return self.view.advised if isinstance(self.view, ContextWeight) else ()
