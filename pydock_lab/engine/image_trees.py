"""Which image stands on which: told by their layers alone, since nothing else of FROM is left in an image.

lab/python   A B          A B ─┬─ C      shop:1      an image stands on the one whose layers it begins with;
shop:1       A B C             └─ D E    blog:1      where nobody has a name for what two begin with, it is
blog:1       A B D E                                 a place in the tree without an image
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from pydock_lab.engine.images import FoundImage
from pydock_lab.engine.layerstack import shown_instruction
from pydock_lab.engine.values import ContainerSummary
from pydock_lab.views import ImageTree, TreeContainer, TreeImage, TreeLayer

_UP = ("running", "paused", "restarting")


def image_tree(images: Iterable[FoundImage], containers: Iterable[ContainerSummary]) -> ImageTree:
    """The tree of these images, with the containers that are on them."""
    users: dict[str, list[TreeContainer]] = {}
    for one in containers:
        users.setdefault(one.image_id, []).append(TreeContainer(name=one.name, runs=one.state in _UP))
    whole = {str(image.image_id): _whole(image, users) for image in images}
    return ImageTree(roots=_grown(list(whole.values()), 0))


def _whole(image: FoundImage, users: Mapping[str, Sequence[TreeContainer]]) -> TreeImage:
    """An image with all its layers."""
    made = [shown_instruction(entry.created_by) for entry in image.config.history if not entry.empty_layer]
    instructions = [*made, *[""] * len(image.manifest.layers)]
    parts = zip(image.config.diff_ids, image.manifest.layers, instructions, strict=False)
    return TreeImage(
        image_id=image.image_id,
        names=tuple(sorted(reference.familiar for reference in image.references)),
        layers=tuple(TreeLayer(diff_id=diff_id, size=layer.size, instruction=text) for diff_id, layer, text in parts),
        containers=tuple(users.get(image.image_id, ())),
        created=image.config.created,
    )


def _grown(images: list[TreeImage], below: int) -> tuple[TreeImage, ...]:
    """The trees of images that have their first `below` layers in common, the oldest first."""
    bare = [image for image in images if len(image.layers) == below]  # without a single layer of their own
    rest = sorted((image for image in images if len(image.layers) > below), key=_ids)
    grown = [_tree(list(group), below) for _, group in groupby(rest, key=lambda one: one.layers[below].diff_id)]
    return tuple(sorted([*(_cut(image, below) for image in bare), *grown], key=_age))


def _tree(images: list[TreeImage], below: int) -> TreeImage:
    """One tree of images that share one more layer, at least."""
    ids = [_ids(image) for image in images]
    common = next((at for at, same in enumerate(zip(*ids, strict=False)) if len(set(same)) > 1), min(map(len, ids)))
    # Several may have just these layers, and differ in configuration: the oldest is what the others stand on.
    exact = sorted((image for image in images if len(image.layers) == common), key=_age)
    if not exact:
        return TreeImage(layers=images[0].layers[below:common], children=_grown(images, common))
    first = exact[0]
    others = [image for image in images if image is not first]
    return replace(_cut(first, below), children=_grown(others, common))


def _cut(image: TreeImage, below: int) -> TreeImage:
    return replace(image, layers=image.layers[below:])


def _ids(image: TreeImage) -> list[str]:
    return [layer.diff_id for layer in image.layers]


def _age(image: TreeImage) -> tuple[str, str]:
    """Older ones first; what is no image is as old as its oldest child."""
    if not image.image_id:
        return min(map(_age, image.children))
    return image.created, image.title
