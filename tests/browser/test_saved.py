"""Saved pictures: without a kernel they are chosen from and stepped through, on both pages; nothing else gets in."""

import json
import os
import zlib
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from samples import traces, views
from samples.jupyter import Lab

from pydock_lab.notebook.layers import Layers
from pydock_lab.notebook.trace import Trace

pytestmark = pytest.mark.browser

MIME = "application/vnd.pydock-lab.picture+json"
TRUST = "(is) => { window.jupyterapp.shell.currentWidget.content.widgets[0].model.trusted = is; }"
EVIL = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 99 99" onload="window.evil = 1" style="color:red">
<script>window.evil = 2</script><image href="/logout"/><style>* { display: none }</style>
<foreignObject><iframe srcdoc="a"/></foreignObject>
<g class="picks" role="listbox"><g class="pick jp-mod-x y(z" data-pick="layer-0" aria-label="good" id="pd-1"
 data-commandlinker-command="kernelmenu:shutdown"><rect x="1" y="1" width="9" height="9" onclick="window.evil = 3"
 fill="url(/logout)"/><a href="javascript:window.evil = 4"><text>bad</text></a></g></g></svg>"""


def bundle(widget: Any) -> dict[str, Any]:
    """What is saved of a widget."""
    data, _ = widget._repr_mimebundle_()
    return dict(data)


def output(data: dict[str, Any]) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": data}


@pytest.fixture
def saved(notebook: Any) -> Callable[[dict[str, Any], str], Any]:
    """A notebook with that saved output, on the page; its kernel knows nothing of it."""

    def show(data: dict[str, Any], trust: str) -> Any:
        notebook.open("# of yesterday", outputs=(output(data),))
        notebook.page.evaluate(TRUST, trust == "trusted")
        return notebook

    return show


@pytest.mark.parametrize("trust", ["trusted", "untrusted"])
def test_a_layer_is_chosen(saved: Callable[..., Any], trust: str) -> None:
    notebook = saved(bundle(Layers(views.SHOP, language="fr")), trust)
    notebook.page.locator("[data-pick='layer-5']").click()
    panel = notebook.page.locator(".pydock-panel")
    panel.locator(".pydock-title", has_text="6. RUN rm -r /usr/share/doc").wait_for()
    assert "/usr/share/doc" in panel.locator(".pydock-deleted").inner_text()
    notebook.page.keyboard.press("ArrowDown")
    panel.locator(".pydock-title", has_text="5. ").wait_for()
    assert panel.locator("button").inner_text() == "copier"
    notebook.shot(f"saved-layers-{trust}")
    assert notebook.axe(".pydock") == []
    assert notebook.outputs()[0]["data"].keys() == bundle(Layers(views.SHOP)).keys()


@pytest.mark.parametrize("trust", ["trusted", "untrusted"])
def test_a_build_is_stepped_through(saved: Callable[..., Any], trust: str) -> None:
    notebook = saved(bundle(Trace(traces.TRACE, language="en")), trust)
    forward = notebook.page.locator(".pydock-steps button").nth(2)
    for at in (1, 2):
        forward.click()
        notebook.page.locator(".pydock-place", has_text=f"{at} /").wait_for()
    assert notebook.page.locator(".trace-state:not([display])").count() == 1
    assert notebook.page.locator(".pydock-title").inner_text()
    notebook.theme("JupyterLab Dark")
    notebook.shot(f"saved-trace-{trust}")


def test_a_strangers_picture_brings_nothing_with_it(saved: Callable[..., Any]) -> None:
    packed = b64encode(zlib.compress(json.dumps(EVIL).encode())).decode()
    data = bundle(Layers(views.SHOP, language="en"))
    data[MIME] |= {"drawn": packed, "words": {"hint": "<img src=x onerror='window.evil = 5'>"}}
    notebook = saved(data, "untrusted")
    notebook.page.locator("[data-pick='layer-0'] rect").wait_for()
    notebook.page.locator("[data-pick='layer-0']").click(force=True)
    inside = notebook.page.locator(".pydock-picture").evaluate("(node) => node.innerHTML")
    for word in ("script", "style", "href", "image", "foreign", "url(", "onclick", "onload", "commandlinker", "jp-mod"):
        assert word not in inside, word
    assert notebook.page.evaluate("window.evil") is None


@pytest.mark.parametrize("broken", [{"drawn": "AAAA"}, {"script": "../../x.js"}, {"behind": 7}])
def test_what_cannot_be_read_leaves_the_still_picture(saved: Callable[..., Any], broken: dict[str, Any]) -> None:
    data = bundle(Layers(views.SHOP, language="en"))
    data[MIME] |= broken
    notebook = saved(data, "untrusted")
    notebook.page.locator("img[alt^='Layers of shop:1.2']").wait_for()
    notebook.page.wait_for_timeout(500)
    assert notebook.page.locator("img[alt^='Layers of shop:1.2']").is_visible()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_in_notebook_7(lab: Lab, chromium: Any, language: str) -> None:
    """The other page: widgets with a kernel, and saved ones without; Dockerfiles are coloured there, too."""
    name = f"seven-{language}.ipynb"
    imports = "%load_ext pydock_lab\nfrom samples import views\nfrom pydock_lab.notebook import layers"
    cells = f"{imports}\nlayers.Layers(views.SHOP, language={language!r})", "%%dockerfile -t a\nFROM lab/base"
    (lab.root / name).write_text(json.dumps(document(cells, bundle(Trace(traces.TRACE, language=language)))))
    context = chromium.new_context(viewport={"width": 1280, "height": 1400})
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(f"{error}\n{error.stack}"))
    page.goto(f"{lab.url}/notebooks/{name}?token={lab.token}", wait_until="domcontentloaded")
    page.locator(".pydock-steps button").nth(2).click(timeout=60_000)
    page.locator(".pydock-place", has_text="1 /").wait_for()
    page.get_by_text("FROM", exact=True).wait_for()
    # What is run before there is a kernel is not run at all.
    page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").wait_for(state="attached", timeout=60_000)
    page.locator(".jp-CodeCell").first.click()
    page.keyboard.press("Shift+Enter")
    page.locator("[data-pick='layer-5']").click(timeout=60_000)
    page.locator(".pydock-title", has_text="6. RUN rm -r /usr/share/doc").wait_for()
    page.locator("text=du cache" if language == "fr" else "text=from the cache").first.wait_for()
    if shots := os.environ.get("PYDOCK_SHOTS"):
        page.screenshot(path=f"{shots}/notebook-7-{language}.png")
    # Notebook 7.6 complains about settings of its own that are not there.
    assert [one for one in complaints if "pydock" in one or "blob:" in one] == []
    context.close()


def document(cells: tuple[str, ...], data: dict[str, Any]) -> dict[str, Any]:
    """A notebook whose last cell has a saved output."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    empty = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    shown = [dict(empty, id=f"cell-{at}", source=text) for at, text in enumerate((*cells, "# of yesterday"))]
    shown[-1]["outputs"] = [output(data)]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": shown}
