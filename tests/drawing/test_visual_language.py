"""The page on the visual language names every element that there is."""

import inspect
import re
from pathlib import Path
from types import ModuleType

import pytest

from pydock_lab.drawing import frame, marks, shapes
from pydock_lab.drawing.metrics import Font
from pydock_lab.drawing.palette import Meaning

PAGE = (Path(__file__).parents[2] / "docs" / "visual-language.md").read_text(encoding="utf-8")
_NAMES = set(re.findall(r"`([a-z_-]+)`", PAGE))
_NO_ELEMENTS = {"pill_width", "finish"}  # they measure, and put together


def drawers(module: ModuleType) -> set[str]:
    """The public functions of a module, each of which draws an element."""
    found = inspect.getmembers(module, inspect.isfunction)
    return {name for name, one in found if one.__module__ == module.__name__ and not name.startswith("_")}


@pytest.mark.parametrize("module", [shapes, marks, frame])
def test_every_shape_is_named(module: ModuleType) -> None:
    assert drawers(module) - _NO_ELEMENTS - _NAMES == set()


def test_every_colour_and_every_font_is_named() -> None:
    assert {str(meaning) for meaning in Meaning} - _NAMES == set()
    assert {font.css for font in Font} - _NAMES == set()


def test_what_is_named_where_is_there() -> None:
    for cell in re.findall(r"\| ((?:`[a-z_]+\.py`(?:, )?)+) \|$", PAGE, re.MULTILINE):
        for name in re.findall(r"`([a-z_]+\.py)`", cell):
            assert Path(shapes.__file__).with_name(name).exists(), name
