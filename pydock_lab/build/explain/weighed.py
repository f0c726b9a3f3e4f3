"""A layer that is to be weighed."""

from dataclasses import dataclass

from pydock_lab.archive.index import LayerIndex


@dataclass(frozen=True, kw_only=True, slots=True)
class WeighedLayer:
    """A layer and the step that made it (0: the base image); `compressed` in bytes."""

    index: LayerIndex
    number: int = 0
    text: str = ""
    line: int = 0
    compressed: int = 0
