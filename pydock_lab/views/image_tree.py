"""All images of a store as one tree: which stands on which, what each adds, and who uses it."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydock_lab.views.base import View


@dataclass(frozen=True, kw_only=True, slots=True)
class TreeLayer:
    """One layer: the bytes that are stored for it, and the instruction that made it."""

    diff_id: str
    size: int
    instruction: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class TreeContainer:
    """A container of an image."""

    name: str
    runs: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class TreeImage:
    """An image, `layers` being those that it has on top of what it stands on; `children` stand on it.

    Without an `image_id` it is no image: only the layers that its children share.
    """

    image_id: str = ""
    names: tuple[str, ...] = ()
    layers: tuple[TreeLayer, ...] = ()
    containers: tuple[TreeContainer, ...] = ()
    created: str = ""
    children: tuple["TreeImage", ...] = ()

    @property
    def own_size(self) -> int:
        """Bytes of its own layers."""
        return sum(layer.size for layer in self.layers)

    @property
    def title(self) -> str:
        """Its first name, or the beginning of its id; "" where it is no image."""
        return self.names[0] if self.names else self.image_id.removeprefix("sha256:")[:12]


@dataclass(frozen=True, kw_only=True, slots=True)
class TreeBranch:
    """An image where it stands in the tree: so many others below it, which have so many bytes and layers."""

    image: TreeImage
    depth: int
    below_size: int
    below_layers: int

    @property
    def size(self) -> int:
        """Bytes of all its layers."""
        return self.below_size + self.image.own_size


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageTree(View):
    """All images; `roots` stand on nothing."""

    roots: tuple[TreeImage, ...]

    def branches(self) -> Iterator[TreeBranch]:
        """All of it, each image before those that stand on it."""
        yield from _branches(self.roots, 0, 0, 0)

    @property
    def stored(self) -> int:
        """Bytes of all layers, each once."""
        return sum(branch.image.own_size for branch in self.branches())

    @property
    def unshared(self) -> int:
        """Bytes that it would be if every image had its layers for itself."""
        return sum(branch.size for branch in self.branches() if branch.image.image_id)


def _branches(images: tuple[TreeImage, ...], depth: int, size: int, layers: int) -> Iterator[TreeBranch]:
    for image in images:
        yield TreeBranch(image=image, depth=depth, below_size=size, below_layers=layers)
        yield from _branches(image.children, depth + 1, size + image.own_size, layers + len(image.layers))
