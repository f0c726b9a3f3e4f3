"""Which widget shows which view."""

from typing import Any

from pydock_lab.engine.layer_files import LayerExplorer
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
from pydock_lab.notebook.shared_layers import Beside
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
    SharedLayers,
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
    SharedLayers: Beside,
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


def picture_of_layers(explorer: LayerExplorer) -> Picture:
    """The widget for an image's layers, which can be opened."""
    return Layers(explorer.view(), explorer=explorer)


def has_picture(view: View) -> bool:
    """Whether there is a widget for a view."""
    return isinstance(view, tuple(_WIDGETS))
