"""Notebooks that have become pages and paper: what nbconvert and nbviewer make of saved pictures."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter
from samples.gallery import USUAL

from pydock_lab.notebook.pictures import picture_of

pytestmark = pytest.mark.browser

NAMES = ("layers", "connected", "tags", "trace", "start", "argv", "explained", "images", "beside")
_PAPER = 1100  # pixels between the margins of A4, as Chromium prints it, at most


@pytest.fixture(scope="module")
def document() -> Any:
    """A notebook with a saved picture in each cell; no widget has left its state in it."""
    outputs = [picture_of(USUAL[name], language="fr")._repr_mimebundle_()[0] for name in NAMES]
    cells = [
        nbformat.v4.new_code_cell(
            f"# {name}", outputs=[nbformat.v4.new_output("display_data", {**data}, metadata={})], id=f"cell-{name}"
        )
        for name, data in zip(NAMES, outputs, strict=True)
    ]
    return nbformat.v4.new_notebook(cells=cells)


@pytest.mark.parametrize("template", ["lab", "classic", "basic"])  # nbviewer's is built on basic
def test_every_picture_is_on_the_page(document: Any, chromium: Any, tmp_path: Path, template: str) -> None:
    page = shown(document, chromium, tmp_path, template)
    pictures = page.locator("img").evaluate_all(
        "pictures => pictures.map(({ alt, naturalWidth, clientWidth }) => [alt, naturalWidth, clientWidth])"
    )
    assert len(pictures) == len(NAMES)
    assert all(alt and natural == 860 and 300 < wide <= 860 for alt, natural, wide in pictures)
    page.context.close()


def test_it_can_be_printed(document: Any, chromium: Any, tmp_path: Path) -> None:
    page = shown(document, chromium, tmp_path, "lab")
    page.emulate_media(media="print")
    printed = page.pdf(format="A4")
    assert page.locator("img").evaluate_all(f"all => all.every(one => one.getBoundingClientRect().right < {_PAPER})")
    page.evaluate("document.querySelectorAll('img').forEach((picture) => picture.remove())")
    # Lines and letters, no pixels: each takes some kilobytes.
    assert printed.startswith(b"%PDF")
    assert len(printed) - len(page.pdf(format="A4")) > 2000 * len(NAMES)
    page.context.close()


def shown(document: Any, chromium: Any, folder: Path, template: str) -> Any:
    """The page that nbconvert makes, without a network."""
    body, _ = HTMLExporter(template_name=template).from_notebook_node(document)
    (folder / "page.html").write_text(body, encoding="utf-8")
    context = chromium.new_context(offline=True)
    page = context.new_page()
    page.goto((folder / "page.html").as_uri())
    return page
