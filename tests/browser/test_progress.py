"""A build as it goes on in a cell: its lines while it runs, and what the saved notebook keeps."""

from typing import Any

import pytest

pytestmark = pytest.mark.browser

GO = """
import time
from samples import happenings
from pydock_lab import locale
from pydock_lab.notebook.face import NotebookFace
locale.set_lang("en")
with NotebookFace(body="FROM a").progress(quiet=False, plain=False) as watch:
    at = 0.0
    for second, event in happenings.{name}:
        time.sleep(max(0.0, second - at))
        at = second
        watch(event)
"""


def test_steps_run_side_by_side_and_fold_when_all_is_well(notebook: Any) -> None:
    notebook.open(GO.format(name="PARALLEL"))
    notebook.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    story = notebook.page.locator(".pydock-story")
    story.get_by_text("reading sources").wait_for()
    running = story.locator("[aria-label=running]")
    assert running.count() == 2
    assert story.get_by_text("from the cache").count() == 1
    assert notebook.axe(".pydock-story") == []
    notebook.wait_idle()
    story.locator("summary", has_text="app:1: 9 steps, 1 from the cache").click()
    folded = story.locator("summary", has_text="RUN make -C /src")
    assert not story.get_by_text("ld -o app").is_visible()
    folded.click()
    assert story.get_by_text("ld -o app").is_visible()
    notebook.shot("story-parallel")
    assert notebook.axe(".pydock-story") == []
    assert [output["output_type"] for output in notebook.outputs()] == ["display_data"]
    assert "ld -o app" in "".join(notebook.outputs()[0]["data"]["text/html"])


def test_a_failed_step_stays_open(notebook: Any) -> None:
    notebook.open(GO.format(name="FAILING"))
    notebook.run_all()
    story = notebook.page.locator(".pydock-story")
    story.get_by_text("main.c:3: error").wait_for()
    assert story.locator("[aria-label=failed]").count() == 1
    assert story.get_by_text("given up").is_visible()
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        notebook.theme(theme)
        notebook.page.wait_for_timeout(600)
        notebook.shot(f"story-failed-{theme.split()[1].lower()}")
        assert notebook.axe(".pydock-story") == []
