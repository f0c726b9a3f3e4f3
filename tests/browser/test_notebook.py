"""Magics in JupyterLab: highlighting, live pictures, completion, the stop button, and what is saved."""

import time
from typing import Any

import pytest
from samples import views
from samples.jupyter import Lab

from pydock_lab import drawing

pytestmark = pytest.mark.browser

LOAD = "%load_ext pydock_lab"
MIME_TYPES = """() => window.jupyterapp.shell.currentWidget.content.widgets.map((cell) => cell.model.mimeType)"""


def test_dockerfile_cells_are_coloured_also_after_a_restart(notebook: Any) -> None:
    notebook.open("x = 1", "%%dockerfile -t a\nFROM lab/base\nRUN echo hi")
    wanted = "(types) => (types[1] === 'text/x-dockerfile' && types[0] !== types[1])"
    notebook.page.wait_for_function(f"() => ({wanted})(({MIME_TYPES})())")
    cell = notebook.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell").nth(1)
    cell.locator(".cm-line span", has_text="FROM").wait_for()
    notebook.shot("highlighting")
    notebook.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    notebook.wait_idle()
    notebook.page.wait_for_function(f"() => ({wanted})(({MIME_TYPES})())")


def test_typing_and_deleting_the_magic_changes_the_colours(notebook: Any) -> None:
    notebook.open("x = 1")
    source = "window.jupyterapp.shell.currentWidget.content.widgets[0].model.sharedModel"
    notebook.page.evaluate(f"{source}.setSource('%%dockerfile\\nFROM a')")
    notebook.page.wait_for_function(f"() => ({MIME_TYPES})()[0] === 'text/x-dockerfile'")
    notebook.page.evaluate(f"{source}.setSource('x = 1')")
    notebook.page.wait_for_function(f"() => ({MIME_TYPES})()[0] !== 'text/x-dockerfile'")


def test_a_picture_is_kept_for_readers_without_a_kernel(notebook: Any) -> None:
    notebook.open(f"{LOAD}\nfrom samples import views\nviews.SHOP")
    notebook.run_all()
    data = notebook.outputs()[0]["data"]
    assert {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"} <= data.keys()
    assert '<img alt="Layers of shop:1.2' in "".join(data["text/html"])


def test_a_saved_notebook_shows_its_pictures_without_the_widget(notebook: Any) -> None:
    view = {"model_id": "gone", "version_major": 2, "version_minor": 0}
    bundle = {"application/vnd.jupyter.widget-view+json": view} | drawing.mimebundle(views.SHOP, language="en")
    output = {"output_type": "display_data", "metadata": {}, "data": bundle}
    notebook.open("%layers shop:1.2", outputs=(output,))
    image = notebook.page.locator(".jp-OutputArea-output img[alt^='Layers of shop:1.2']")
    image.wait_for(timeout=20_000)
    assert image.bounding_box()["width"] > 400
    assert notebook.outputs()[0]["data"].keys() == bundle.keys()
    notebook.shot("saved")


def test_errors_are_two_lines_and_not_on_stderr(notebook: Any) -> None:
    notebook.open(LOAD, "%%dockerfile -t a\nFROM scratch\nFORM x", "%docker rn")
    notebook.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    notebook.wait_idle()
    notebook.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-cell')")
    notebook.wait_idle()
    outputs = notebook.outputs()
    assert all(output.get("name") != "stderr" for output in outputs)
    errors = [output for output in outputs if output["output_type"] == "error"]
    assert errors
    assert all(len(output["traceback"]) == 2 for output in errors)


def test_the_stop_button_ends_a_build_with_one_line(notebook: Any) -> None:
    notebook.open(f"{LOAD}\nimport time\nfrom pydock_lab.notebook import attended",
                  "with attended.interruptible():\n    time.sleep(30)")  # fmt: skip
    notebook.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    busy = "() => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'busy'"
    notebook.page.wait_for_function(busy)
    notebook.page.wait_for_timeout(1500)
    began = time.monotonic()
    notebook.page.evaluate("() => window.jupyterapp.commands.execute('notebook:interrupt-kernel')")
    notebook.wait_idle()
    assert time.monotonic() - began < 5
    notebook.page.wait_for_timeout(300)
    errors = [output for output in notebook.outputs() if output["output_type"] == "error"]
    assert [error["ename"] for error in errors] == ["Interrupted"]


def test_instances_follow_what_happens(notebook: Any) -> None:
    notebook.open(
        "from samples import views\nfrom pydock_lab.notebook.instances import LiveInstances\n"
        "from pydock_lab.views import Instances\nseen = [Instances(images=(views.BASE_INSTANCES,))]\n"
        "w = LiveInstances(seen[0], look=lambda: seen[-1])\nw"
    )
    notebook.run_all()
    notebook.page.locator("[data-pick^='container-']").first.wait_for()
    notebook.until("w.is_watching", "True")
    notebook.value("seen.append(views.INSTANCES)")
    notebook.page.locator("[data-pick^='container-']").nth(2).wait_for()
    notebook.page.evaluate("() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    notebook.until("w.is_watching", "False")


def test_nobody_asks_a_student_about_news(lab: Lab, chromium: Any) -> None:
    """With the configuration of `pydock lab`: the first thing on a new page is the lesson."""
    context = chromium.new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{lab.url}/lab?token={lab.token}&reset", wait_until="domcontentloaded")
    page.wait_for_function("() => window.jupyterapp?.restored", timeout=60_000)
    page.evaluate("async () => { await window.jupyterapp.restored; }")
    page.wait_for_timeout(2000)
    assert page.locator(".Toastify__toast, .jp-Dialog").count() == 0
    assert not [url for url in asked if "/lab/api/news" in url]
    context.close()


def test_tab_offers_instructions(notebook: Any) -> None:
    notebook.open(LOAD, "")
    notebook.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    notebook.wait_idle()
    notebook.page.evaluate(
        """async () => {
            window.jupyterapp.shell.currentWidget.content.activeCellIndex = 1;
            await window.jupyterapp.commands.execute('notebook:enter-edit-mode');
        }"""
    )
    notebook.page.keyboard.type("%%dockerfile -t a\nFROM scratch\nWO", delay=20)
    notebook.page.keyboard.press("Tab")
    notebook.page.locator(".jp-Completer-item", has_text="WORKDIR").wait_for()
    notebook.shot("completion")
    notebook.page.keyboard.press("Enter")
    source = "() => window.jupyterapp.shell.currentWidget.content.widgets[1].model.sharedModel.getSource()"
    notebook.page.wait_for_function(f"() => ({source})().endsWith('WORKDIR')")
