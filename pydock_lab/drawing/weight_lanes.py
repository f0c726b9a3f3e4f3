"""Lanes at the left of an image by weight: ways that would cross each other run side by side.

lane 1  lane 0
  │  ┌─── 5
  └──│─── 4        4 hides something of 2, while 5 hides something of 3
     └──▸ 3
  └─────▸ 2
"""

from pydock_lab.drawing.weighed_rows import Pair, WeightRow

_LANES = 4  # no more: a picture is not a wiring diagram


def lanes_of(rows: list[WeightRow]) -> dict[Pair, int]:
    """The lane of each pair of layers, those with most bytes first; a pair for which there is none left has no way."""
    sizes: dict[Pair, int] = {}
    for row in rows:
        for one in row.waste:
            sizes[one.pair] = sizes.get(one.pair, 0) + one.size
    taken: list[list[Pair]] = [[] for _ in range(_LANES)]
    found: dict[Pair, int] = {}
    for pair in sorted(sizes, key=lambda one: (-sizes[one], one)):
        free = next((at for at, lane in enumerate(taken) if not any(_meet(pair, other) for other in lane)), None)
        if free is not None:
            taken[free].append(pair)
            found[pair] = free
    return found


def _meet(one: Pair, other: Pair) -> bool:
    return one[1] <= other[0] and other[1] <= one[0]
