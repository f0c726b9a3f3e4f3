"""Layers in JupyterLab, opened down to what is in a file: by mouse, by keyboard, by a filter; and a real image."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser

EXPLORED = "(lambda found: layers.Layers(found.view(), explorer=found))(opened.explorer())"
Opener = Callable[[str, str], Any]


def row(notebook: Any, label: str) -> Any:
    return notebook.page.locator(f".pick[aria-label^='{label}']")


def opened(notebook: Any, label: str) -> None:
    notebook.page.wait_for_selector(f".pick[aria-label^='{label}'][aria-expanded='true']")


def test_a_deleted_file_is_read_by_mouse(open_picture: Opener) -> None:
    notebook = open_picture(EXPLORED, "en")
    row(notebook, "4. RUN rm").click()
    opened(notebook, "4. RUN rm")
    row(notebook, "/srv/notes/, deleted").click()
    row(notebook, "/srv/notes/todo.txt, deleted").click()
    notebook.until("w.content", "'acheter du café\\n'")
    assert notebook.value("(w.file.path, w.file.holder, w.layer.number)") == "('/srv/notes/todo.txt', 1, 3)"
    panel = notebook.page.locator(".pydock-panel")
    panel.locator("pre", has_text="acheter du café").wait_for()
    assert "Deleted means hidden" in panel.inner_text()
    assert "docker save notes:1 | tar -xO blobs/sha256/" in panel.inner_text()
    notebook.shot("layers-deleted-file")
    row(notebook, "4. RUN rm").click()
    row(notebook, "4. RUN rm").click()  # it is the selected one: once more closes it
    notebook.page.wait_for_selector(".pick[aria-label^='4. RUN rm'][aria-expanded='false']")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_tree_up_to_a_layer_by_keyboard_alone(open_picture: Opener, language: str) -> None:
    notebook = open_picture(EXPLORED, language)
    keyboard = notebook.page.keyboard
    notebook.page.locator(".picks").focus()
    keyboard.press("Home")
    keyboard.press("Enter")
    opened(notebook, "5. COPY")
    keyboard.press("ArrowDown")
    keyboard.press("ArrowDown")
    notebook.until("w.selected", "'together-4'")
    assert notebook.value("w.layer.opened.value") == "'changes'"  # passing by does nothing
    keyboard.press("Enter")
    row(notebook, "/usr/share").wait_for()
    for _ in range(2):
        keyboard.press("ArrowDown")
    assert row(notebook, "/usr/share").get_attribute("aria-selected") == "true"
    keyboard.press("ArrowRight")
    opened(notebook, "/usr/share")
    assert notebook.page.evaluate("document.activeElement.classList.contains('picks')")
    assert notebook.page.locator(".pick[aria-level='3']").count() == 41
    assert notebook.axe(".pydock") == []
    notebook.shot(f"layers-together-{language}")
    keyboard.press("ArrowLeft")
    notebook.page.wait_for_selector(".pick[aria-label^='/usr/share'][aria-expanded='false']")


@pytest.mark.parametrize(("width", "theme"), [(520, "Light"), (900, "Dark"), (1700, "Dark")])
def test_at_every_width(open_picture: Opener, width: int, theme: str) -> None:
    notebook = open_picture(EXPLORED, "fr")
    notebook.theme(f"JupyterLab {theme}")
    notebook.page.set_viewport_size({"width": width + 340, "height": 1300})
    notebook.value("[w.expand(1, '/srv/notes'), w.expand(3, '/srv/notes'), w.expand(4, '/srv', together=True)]")
    row(notebook, "/srv/notes/photo.raw, effacé").click()
    notebook.page.locator(".pydock-folded", has_text="pas du texte").wait_for()
    notebook.page.wait_for_timeout(500)
    notebook.shot(f"layers-opened-{width}")
    assert notebook.axe(".pydock") == []


def test_a_filter(open_picture: Opener) -> None:
    notebook = open_picture(EXPLORED, "en")
    row(notebook, "1. FROM").click()
    opened(notebook, "1. FROM")
    notebook.page.get_by_role("searchbox").fill("page1")
    notebook.page.wait_for_function("() => document.querySelectorAll(\"[data-pick^='file-0']\").length === 11")
    assert notebook.page.evaluate("document.activeElement.type") == "search"
    notebook.page.get_by_role("searchbox").fill("")
    row(notebook, "/usr/, added").wait_for()


def test_of_a_real_image(gallery: Any) -> None:
    gallery.rewrite(
        "%load_ext pydock_lab\n"
        "from pydock_lab import Engine\n"
        "Engine().build('FROM lab/base\\nCOPY . /srv\\n', 'seen:1', context=__import__('samples').__path__[0])\n"
        "w = get_ipython().run_line_magic('layers', 'seen:1')\nw"
    )
    gallery.run_all()
    row(gallery, "2. COPY").click()
    opened(gallery, "2. COPY")
    row(gallery, "/srv").click()
    row(gallery, "/srv/opened.py").click()
    gallery.until("w.content[:24]", repr('"""An image whose layers'))
    gallery.shot("layers-real")
