"""Which widget shows which view, and the values that show themselves as pictures when they end a cell."""

from collections.abc import Callable
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from pydock_lab.engine.results import BuildResult, Image
from pydock_lab.notebook.argument_vector import Argv
from pydock_lab.notebook.context_tree import ContextPicture
from pydock_lab.notebook.doctor import Facets
from pydock_lab.notebook.edits import Edits
from pydock_lab.notebook.explained import Explained
from pydock_lab.notebook.guessing import Guessing
from pydock_lab.notebook.image_tree import Forest
from pydock_lab.notebook.instances import LiveInstances
from pydock_lab.notebook.layers import Layers
from pydock_lab.notebook.picture import Picture
from pydock_lab.notebook.sides import Sides
from pydock_lab.notebook.tags import Story, Tags
from pydock_lab.notebook.trace import Trace
from pydock_lab.notebook.weighed import WeighedContext, WeighedImage
from pydock_lab.views import (
    ArgumentVector,
    BuildTrace,
    ContextTree,
    ContextWeight,
    Doctor,
    Explanation,
    Guess,
    ImageTree,
    Instances,
    LayerStack,
    Namespaces,
    RunTrace,
    TagStory,
    TagTree,
    TransferTrace,
    View,
    Weight,
    WhatIf,
)

_WIDGETS: dict[type[View], type[Picture]] = {
    LayerStack: Layers,
    Instances: LiveInstances,
    TagTree: Tags,
    Doctor: Facets,
    Namespaces: Sides,
    BuildTrace: Trace,
    RunTrace: Trace,
    TransferTrace: Trace,
    TagStory: Story,
    ArgumentVector: Argv,
    Explanation: Explained,
    Guess: Guessing,
    ImageTree: Forest,
    Weight: WeighedImage,
    ContextTree: ContextPicture,
    ContextWeight: WeighedContext,
    WhatIf: Edits,
}


def picture_of(view: View, **options: Any) -> Picture:
    """The widget for a view; raises TypeError for a view that has no drawing."""
    for kind, widget in _WIDGETS.items():
        if isinstance(view, kind):
            return widget(view, **options)
    raise TypeError(f"{type(view).__name__} has no drawing")


def _layers_of(image: Image) -> Picture:
    explorer = image.layer_explorer()
    return Layers(explorer.view(), explorer=explorer)


_PICTURES: dict[type, Callable[[Any], Picture]] = {
    **dict.fromkeys(_WIDGETS, picture_of),
    Image: _layers_of,
    BuildResult: lambda result: _layers_of(result.image),
}


def has_picture(view: View) -> bool:
    """Whether there is a widget for a view."""
    return isinstance(view, tuple(_WIDGETS))


def register(shell: InteractiveShell) -> None:
    """Images, build results and views show themselves as widgets."""
    for kind, picture in _PICTURES.items():
        _mimebundles(shell).for_type(kind, _formatter(picture))


def unregister(shell: InteractiveShell) -> None:
    """They show themselves as static pictures again."""
    for kind in _PICTURES:
        _mimebundles(shell).type_printers.pop(kind, None)


def _mimebundles(shell: InteractiveShell) -> Any:
    display_formatter: Any = shell.display_formatter
    return display_formatter.mimebundle_formatter


def _formatter(picture: Callable[[Any], Picture]) -> Callable[[Any], Any]:
    return lambda value: picture(value)._repr_mimebundle_()
