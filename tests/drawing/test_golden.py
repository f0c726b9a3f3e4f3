"""Pictures as they were looked at and found good; `PYDOCK_UPDATE_GOLDEN=1 pytest tests/drawing` writes them anew.

Without their stylesheets, which the palette's own tests are about.
"""

import os
from pathlib import Path

import pytest
from samples.gallery import USUAL

from pydock_lab.drawing import Theme, to_dot, to_svg, to_text

GOLDEN = Path(__file__).parent / "golden"


def compare(name: str, shown: str) -> None:
    path = GOLDEN / name
    if os.environ.get("PYDOCK_UPDATE_GOLDEN"):
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", USUAL)
@pytest.mark.parametrize(("width", "language"), [(480, "fr"), (1000, "en")])
def test_pictures(name: str, width: int, language: str) -> None:
    svg = to_svg(USUAL[name], width=width, theme=Theme.HOST, language=language)
    # One element a line, so that a difference can be read.
    compare(f"{name}-{width}-{language}.svg", svg.replace("><", ">\n<") + "\n")


@pytest.mark.parametrize("name", USUAL)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_texts(name: str, language: str) -> None:
    compare(f"{name}-{language}.txt", to_text(USUAL[name], language=language) + "\n")


@pytest.mark.parametrize("name", USUAL)
def test_graphs(name: str) -> None:
    compare(f"{name}.dot", to_dot(USUAL[name], language="en"))
