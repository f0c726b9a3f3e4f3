"""Two images and the layers that both stand on."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from pydock_lab.views.base import View
from pydock_lab.views.layers import LayerRow, LayerStack


@dataclass(frozen=True, kw_only=True, slots=True)
class PlacedLayer:
    """A layer, at its place among the rows of its image (0 is the base)."""

    at: int
    row: LayerRow


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedLayers(View):
    """Two images side by side: a layer is shared where both have the same, and all below it, too."""

    first: LayerStack
    second: LayerStack

    @property
    def shared(self) -> tuple[PlacedLayer, ...]:
        """The layers that both stand on, base first, placed as in the first image."""
        return _layers(self.first)[: self._count]

    @property
    def only_first(self) -> tuple[PlacedLayer, ...]:
        """What the first image has on top of that."""
        return _layers(self.first)[self._count :]

    @property
    def only_second(self) -> tuple[PlacedLayer, ...]:
        """What the second image has on top of that."""
        return _layers(self.second)[self._count :]

    @property
    def shared_size(self) -> int:
        """Bytes of the files in the shared layers."""
        return _size(self.shared)

    @property
    def sizes(self) -> tuple[int, int]:
        """Bytes of the files that each image has for itself."""
        return _size(self.only_first), _size(self.only_second)

    @property
    def stored(self) -> int:
        """Bytes of both, the shared layers once."""
        return self.shared_size + sum(self.sizes)

    @property
    def apart(self) -> int:
        """Bytes that it would be if each image had all its layers for itself."""
        return self.stored + self.shared_size

    def twin(self, layer: PlacedLayer) -> PlacedLayer | None:
        """The other image's layer of the same content, where one of them does not stand on the same layers."""
        others = self.only_second if layer in self.only_first else self.only_first
        return next((other for other in others if other.row.diff_id == layer.row.diff_id), None)

    @property
    def _count(self) -> int:
        # ENV and CMD write no layer: they may differ below a layer that is the same.
        pairs = zip(_layers(self.first), _layers(self.second), strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0].row.diff_id == pair[1].row.diff_id, pairs))


def _layers(stack: LayerStack) -> tuple[PlacedLayer, ...]:
    return tuple(_placed(stack))


def _placed(stack: LayerStack) -> Iterator[PlacedLayer]:
    yield from (PlacedLayer(at=at, row=row) for at, row in enumerate(stack.rows) if not row.is_empty)


def _size(layers: tuple[PlacedLayer, ...]) -> int:
    return sum(layer.row.unpacked_size for layer in layers)
