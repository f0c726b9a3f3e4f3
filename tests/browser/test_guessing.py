"""Predict, then reveal in JupyterLab: by mouse, by keyboard alone, and in a cell of a real build."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser

Opener = Callable[[str, str], Any]
QUESTION = "guessing.Guessing(builds.Guess(forecast=builds.EXPLAINED))"


def pick(notebook: Any, key: str) -> Any:
    return notebook.page.locator(f"[data-pick='{key}']")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_by_mouse(open_picture: Opener, language: str) -> None:
    notebook = open_picture(QUESTION, language)
    for key in ("cached-3", "missed-4", "missed-5", "cached-6"):
        pick(notebook, key).click()
    notebook.until("w.marks", "{3: 'cached', 4: 'missed', 5: 'missed', 6: 'cached'}")
    notebook.shot(f"guess-marked-{language}")
    pick(notebook, "missed-7").click()
    pick(notebook, "reveal").click()
    notebook.until("w.score", "0.8")
    notebook.page.locator(".pydock-status", has_text="4 of 5" if language == "en" else "4 sur 5").wait_for()
    notebook.page.locator(
        ".pydock-picture", has_text={"en": "4 of 5 right", "fr": "4 sur 5 justes"}[language]
    ).wait_for()
    pick(notebook, "guess-6").click()
    notebook.page.locator(".pydock-folded").first.wait_for()
    notebook.shot(f"guess-revealed-{language}")
    assert notebook.axe(".pydock") == []


def test_by_keyboard_alone(open_picture: Opener) -> None:
    notebook = open_picture(QUESTION, "en")
    keyboard = notebook.page.keyboard
    notebook.page.locator(".picks").focus()
    keyboard.press("Home")
    # Passing by marks nothing: Enter, or the space bar, does.
    while notebook.page.locator(".pick.selected").get_attribute("data-pick") != "missed-4":
        keyboard.press("ArrowDown")
    assert notebook.value("w.marks") == "{}"
    keyboard.press("Enter")
    notebook.until("w.marks", "{4: 'missed'}")
    notebook.page.wait_for_function("() => document.querySelector('.pick.selected').ariaLabel.includes('my mark')")
    assert notebook.page.evaluate("document.activeElement.classList.contains('picks')")
    keyboard.press("End")
    keyboard.press(" ")
    notebook.until("w.revealed", "True")


def test_of_a_real_build(gallery: Any) -> None:
    gallery.rewrite(
        "%load_ext pydock_lab\n"
        "from pydock_lab import Engine\n"
        "folder = __import__('samples').__path__[0]\n"
        "e, one = Engine(), 'FROM lab/base\\nCOPY bpf.py /srv/\\nLABEL a=1\\nCOPY web.py /srv/\\n'\n"
        "e.build(one, 'guessed:1', context=folder)\n"
        "from pydock_lab.notebook.pictures import picture_of\n"
        "w = picture_of(e.guess(one.replace('web', 'users'), 'guessed:1', context=folder))\nw"
    )
    gallery.run_all()
    pick(gallery, "cached-2").click()
    pick(gallery, "missed-4").click()
    gallery.until("w.guess.is_complete", "True")
    pick(gallery, "reveal").click()
    gallery.until("w.score", "1.0")
