"""The print of a digest: six small cells that look the same in every drawing.

    sha256:5a 3f 81 04 c7 20 ...
           ▅  █  ▃  ▃  █  ▅         colour: the lower three bits of a byte, height: the next two

Two images that share a layer, two tags that are one image, a container on the same layers: seen before a hexadecimal
digit is read. Heights differ as well as colours, so that the print is told apart without colours too. It is a help
for the eye (30 bits), not a proof: the digest is.
"""

from collections.abc import Iterator

from pydock_lab.drawing.svg import Element, element, group

CELLS = 6
WIDTH = 35
HEIGHT = 13
_CELL, _STEP = 5, 6
_HEIGHTS = (4, 7, 10, 13)
_BARS = "▂▄▆█"


def cells(digest: str) -> Iterator[tuple[int, int]]:
    """Colour (0 to 7) and height (0 to 3) of each cell; none for a text that is no digest."""
    try:
        first = bytes.fromhex(digest.rpartition(":")[2][: 2 * CELLS])
    except ValueError:
        return
    yield from ((byte & 7, byte >> 3 & 3) for byte in first)


def draw(x: float, y: float, digest: str) -> Element:
    """The print with its foot at `y`."""
    bars = (
        element("rect", x=x + at * _STEP, y=y - _HEIGHTS[height], width=_CELL, height=_HEIGHTS[height], rx=1,
                class_=f"print-{colour}")
        for at, (colour, height) in enumerate(cells(digest))
    )  # fmt: skip
    return group(*bars, class_="print")


def text(digest: str) -> str:
    """The print for a terminal: its heights."""
    return "".join(_BARS[height] for _, height in cells(digest)).ljust(CELLS)


def short(digest: str) -> str:
    """A digest as people write it: `sha256:9c1e…4af2`."""
    algorithm, colon, digits = digest.rpartition(":")
    if len(digits) < 2 * CELLS:
        return digest
    return f"{algorithm}{colon}{digits[:4]}…{digits[-4:]}"
