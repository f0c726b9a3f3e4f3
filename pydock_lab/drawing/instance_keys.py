"""The keys of what can be chosen in the picture of images and containers.

They name the thing, not its place: what is chosen stays chosen while its neighbours come and go.
"""

from pydock_lab.drawing.svg import clean
from pydock_lab.views import ContainerView, ImageInstances, NetworkView, VolumeView

_SHORT = 12  # as `docker ps` shows ids


def container(view: ContainerView) -> str:
    """A container's card."""
    return f"container-{view.id[:_SHORT]}"


def file(view: ContainerView, place: int) -> str:
    """A file of the image that it has changed or hidden, by its place on the card."""
    return f"file-{view.id[:_SHORT]}-{place}"


def image(view: ImageInstances) -> str:
    """The line under an image's layers."""
    return f"image-{_image(view)}"


def layer(view: ImageInstances, at: int) -> str:
    """One of them, counted from 0."""
    return f"layer-{_image(view)}-{at}"


def more(view: ImageInstances) -> str:
    """Those that are only counted."""
    return f"more-{_image(view)}"


def network(view: NetworkView) -> str:
    """A network's panel."""
    return f"network-{clean(view.name)}"


def volume(view: VolumeView) -> str:
    """A volume's panel."""
    return f"volume-{clean(view.name)}"


def _image(view: ImageInstances) -> str:
    return view.image_id.rpartition(":")[2][:_SHORT]
