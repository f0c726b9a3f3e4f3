"""A registry's tree in JupyterLab, read as far as it is opened: by mouse, by keyboard, by a filter."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser

# A registry in the kernel: 40 versions, an index of 9 platforms, and repositories that nobody opened yet.
EXPLORED = """(lambda engine, address: tags.Tags(engine.explorer(address).view(), explorer=engine.explorer(address)))(
    *__import__('samples.registries').registries.for_ever(40, 9))"""
Opener = Callable[[str, str], Any]


@pytest.fixture
def notebook(open_picture: Opener) -> Any:
    return open_picture(EXPLORED, "en")


def names(notebook: Any) -> list[str]:
    return notebook.page.locator("[data-pick^='tag-']").evaluate_all("all => all.map(one => one.textContent)")  # type: ignore[no-any-return]


def pick(notebook: Any, label: str) -> Any:
    return notebook.page.locator(f".pick[aria-label^='{label}']")


def test_more_tags_and_closed_repositories_by_mouse(notebook: Any) -> None:
    assert "1.39" in names(notebook)
    assert "1.2" not in names(notebook)
    pick(notebook, "+ 29 more tags").click()
    notebook.page.locator("[data-pick^='tag-']", has_text="latest").first.wait_for()
    notebook.page.wait_for_function("() => document.querySelectorAll(\"[data-pick^='tag-0']\").length === 41")
    assert pick(notebook, "team/app7").get_attribute("aria-expanded") == "false"
    pick(notebook, "team/app7").click()
    notebook.page.wait_for_selector(".pick[aria-label^='team/app7'][aria-expanded='true']")
    notebook.until("w.repository", "'team/app7'")
    notebook.shot("explored")
    pick(notebook, "team/app7").click()  # it is the selected one: once more closes it
    notebook.page.wait_for_selector(".pick[aria-label^='team/app7'][aria-expanded='false']")


def test_an_index_by_keyboard_alone(notebook: Any) -> None:
    notebook.page.locator(".picks").focus()
    index = ".pick[aria-label*='index of 9 platforms']"
    for _ in range(60):
        notebook.page.keyboard.press("ArrowDown")
        if notebook.page.locator(f"{index}.selected").count():
            break
    assert notebook.page.locator(f"{index}[aria-expanded='false']").count() == 1
    notebook.page.keyboard.press("ArrowRight")
    notebook.page.wait_for_selector(f"{index}[aria-expanded='true']")
    assert notebook.page.evaluate("document.activeElement.classList.contains('picks')")
    assert "linux/cpu8" in notebook.page.locator(".pydock-picture").inner_text()
    assert notebook.axe(".pydock") == []
    notebook.shot("explored-index")
    notebook.page.keyboard.press("ArrowLeft")
    notebook.page.wait_for_selector(f"{index}[aria-expanded='false']")


def test_a_filter(notebook: Any) -> None:
    field = notebook.page.get_by_role("searchbox")
    field.fill("app:1.1")
    notebook.page.wait_for_function("() => document.querySelectorAll(\"[data-pick^='tag-0']\").length === 11")
    assert sorted(names(notebook)) == sorted(["1.1", *(f"1.1{number}" for number in range(10))])
    assert notebook.page.evaluate("document.activeElement.type") == "search"
    notebook.shot("explored-filtered")
    field.fill("nowhere")
    notebook.page.locator(".pydock-picture", has_text="nothing has nowhere in its name").wait_for()
    assert notebook.axe(".pydock") == []
    field.fill("")
    notebook.page.locator("[data-pick^='tag-']", has_text="latest").first.wait_for()


def test_python_opens_it_too(notebook: Any) -> None:
    notebook.value("w.expand('team/app6')")
    notebook.page.wait_for_selector(".pick[aria-label^='team/app6'][aria-expanded='true']")
    notebook.value("setattr(w, 'filter', 'team')")
    notebook.page.wait_for_function("() => !document.querySelector(\".pick[aria-label^='lab/app']\")")


def test_what_cannot_be_had_is_said(notebook: Any) -> None:
    notebook.value("samples_servers[-1].stop()")
    pick(notebook, "team/app5").click()
    notebook.page.locator(".pydock-status", has_text="cannot be reached").or_(
        notebook.page.locator(".pydock-status", has_text="listens")
    ).wait_for()
