"""A build that is stepped through in JupyterLab: buttons, keys and clicks; line, bar, layer and files follow."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser

Opener = Callable[[str, str], Any]
TRACE = "trace.Trace(traces.TRACE)"
SHOWN = """[...document.querySelectorAll('.trace-state')]
    .filter((state) => state.getBoundingClientRect().height > 0).map((state) => state.dataset.state)"""
LATER = "[...document.querySelectorAll('.pick.later')].map(pick => pick.dataset.pick)"


def button(notebook: Any, name: str) -> Any:
    return notebook.page.get_by_role("button", name=name, exact=True)


def test_buttons_go_forwards_and_backwards(open_picture: Opener) -> None:
    notebook = open_picture(TRACE, "en")
    page = notebook.page
    assert page.evaluate(SHOWN) == ["4"]
    assert page.locator(".pydock-place").inner_text() == "all steps"
    button(notebook, "First step").click()
    assert (page.evaluate(SHOWN), len(page.evaluate(LATER))) == (["1"], 16)
    button(notebook, "One step forward").click()
    button(notebook, "One step forward").click()
    assert page.locator(".pydock-place").inner_text() == "3 / 17"
    assert page.evaluate(SHOWN) == ["10"]
    notebook.until("getattr(w.step, 'number', 0)", "10")
    button(notebook, "One step back").click()
    assert page.evaluate(SHOWN) == ["7"]
    assert page.locator(".pydock-status").inner_text().startswith("step 7: FROM lab/base AS docs, stage docs")
    button(notebook, "All steps").click()
    assert (page.evaluate(SHOWN), page.evaluate(LATER)) == (["4"], [])
    notebook.until("w.step", "None")


def test_the_last_step_leads_to_the_whole_build_and_the_first_stays(open_picture: Opener) -> None:
    notebook = open_picture(TRACE, "fr")
    page = notebook.page
    button(notebook, "Une étape en arrière").click()
    assert page.locator(".pydock-place").inner_text() == "17 / 17"
    button(notebook, "Une étape en avant").click()
    assert page.locator(".pydock-place").inner_text() == "toutes les étapes"
    button(notebook, "Première étape").click()
    button(notebook, "Une étape en arrière").focus()
    page.keyboard.press("Enter")
    assert page.evaluate(SHOWN) == ["1"]
    assert button(notebook, "Une étape en arrière").get_attribute("aria-disabled") == "true"


@pytest.mark.parametrize("part", ["text:text-is('14')", "rect.built-bar", "g.print rect"])
def test_a_click_on_a_line_a_bar_or_a_layer_chooses_the_step(open_picture: Opener, part: str) -> None:
    notebook = open_picture(TRACE, "en")
    notebook.page.locator(f"[data-pick='step-9'] {part}").first.click()
    assert notebook.page.evaluate(SHOWN) == ["9"]
    notebook.until("getattr(w.step, 'text', '')", "'RUN mkdocs build --site-dir /site'")
    assert "site/index.html" in notebook.page.locator(".trace-state[data-state='9']").text_content()
    assert "pydock trace shop:1.2 --step 9" in notebook.page.locator(".pydock-panel").inner_text()


def test_keys_step_in_the_order_of_time(open_picture: Opener) -> None:
    notebook = open_picture(TRACE, "en")
    notebook.page.locator(".picks").focus()
    seen = []
    for key in ("Home", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp"):
        notebook.page.keyboard.press(key)
        seen += notebook.page.evaluate(SHOWN)
    assert seen == ["1", "7", "10", "11", "2", "11"]


def test_it_stays_at_its_step_when_the_page_changes(open_picture: Opener) -> None:
    notebook = open_picture(TRACE, "en")
    notebook.page.locator("[data-pick='step-6']").click()
    notebook.page.set_viewport_size({"width": 760, "height": 1100})
    notebook.page.wait_for_function("() => document.querySelector('.pydock-picture svg').width.baseVal.value < 560")
    assert notebook.page.evaluate(SHOWN) == ["6"]
    assert notebook.page.evaluate("document.querySelector('.pick.now').dataset.pick") == "step-6"
    notebook.shot("trace-narrow")


def test_it_works_without_a_kernel(open_picture: Opener) -> None:
    notebook = open_picture(TRACE, "en")
    notebook.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt()")
    button(notebook, "First step").click()
    button(notebook, "One step forward").click()
    assert notebook.page.evaluate(SHOWN) == ["7"]


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_a_failed_build_is_clear_in_both_themes(open_picture: Opener, theme: str) -> None:
    notebook = open_picture("trace.Trace(traces.FAILED)", "fr")
    notebook.theme(theme)
    notebook.page.wait_for_timeout(300)
    notebook.shot(f"trace-failed-{theme.split()[1].lower()}")
    assert notebook.page.evaluate(SHOWN) == ["3"]
    assert notebook.axe(".pydock") == []
