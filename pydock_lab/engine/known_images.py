"""What is to be known of images for pictures that are looked at again and again: understood once, while it is the same.

What an image is follows from its id; which images there are, and their names, is said by the layout's index.
"""

from pydock_lab.build.tree import LayeredTree
from pydock_lab.engine.home import Home
from pydock_lab.engine.images import FoundImage, ImageShelf
from pydock_lab.errors import StoreError
from pydock_lab.store.layout import NamedImage
from pydock_lab.views import LayerStack

_NOTHING = LayeredTree((), lambda _: iter(()))


class KnownImages:
    """Images by their id, for one engine."""

    def __init__(self, home: Home, images: ImageShelf) -> None:
        self._home, self._images = home, images
        self._names: tuple[NamedImage, ...] = ()
        self._found: dict[str, FoundImage] = {}
        self._trees: dict[str, LayeredTree] = {}
        self._stacks: dict[str, tuple[FoundImage, str, LayerStack]] = {}

    def find(self, image_id: str) -> FoundImage:
        """The image; raises NotFound, Corrupt."""
        names = self._home.layout.images()
        if names is not self._names:  # the layout reads its index only where it has changed
            self._names, self._found = names, {}
        if image_id not in self._found:
            self._found[image_id] = self._images.find(image_id)
        return self._found[image_id]

    def stack(self, image_id: str) -> LayerStack:
        """Its layers; raises as `find` does."""
        found = self.find(image_id)
        stamp = self._build_stamp(found)
        known = self._stacks.get(image_id)
        if known is None or known[0] is not found or known[1] != stamp:
            known = self._stacks[image_id] = (found, stamp, self._images.stack(image_id))
        return known[2]

    def forget(self, used: set[str]) -> None:
        """Keep nothing of images other than these: a tree may have a hundred thousand files."""
        for known in (self._trees, self._stacks):
            for gone in known.keys() - used:
                known.pop(gone, None)

    def _build_stamp(self, found: FoundImage) -> str:
        try:
            return self._home.images.stamp(found.image_id.hex)
        except StoreError:  # not built here
            return ""

    def tree(self, image_id: str) -> LayeredTree:
        """Its read-only tree, from its layers' indexes; an empty one where the image was removed by force."""
        try:
            found = self.find(image_id)
        except StoreError:
            return _NOTHING
        if image_id not in self._trees:
            pairs = zip(found.config.diff_ids, found.manifest.layers, strict=True)
            indexes = [self._home.indexes.get(*pair) for pair in pairs]
            self._trees[image_id] = LayeredTree(indexes, lambda _: iter(()))
        return self._trees[image_id]
