"""What a person sees, as plain frozen data: the engine fills them, `drawing` shows them, tests compare them.

Sizes are bytes, times RFC 3339 texts, digests full (`sha256:...`); a drawing shortens them.
"""

from pydock_lab.views.base import View
from pydock_lab.views.containers import ContainerView, ImageInstances, Instances, PortView
from pydock_lab.views.layers import ChangeKind, FileChange, LayerRow, LayerStack, Origin
from pydock_lab.views.machine import Doctor, FacetView
from pydock_lab.views.registry import BlobView, ManifestView, RepositoryView, TagTree, TagView

__all__ = [
    "BlobView",
    "ChangeKind",
    "ContainerView",
    "Doctor",
    "FacetView",
    "FileChange",
    "ImageInstances",
    "Instances",
    "LayerRow",
    "LayerStack",
    "ManifestView",
    "Origin",
    "PortView",
    "RepositoryView",
    "TagTree",
    "TagView",
    "View",
]
