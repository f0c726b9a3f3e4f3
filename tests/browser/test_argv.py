"""The argument vector in JupyterLab: what is typed is composed at once, and what cannot be read is said."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser

Opener = Callable[[str, str], Any]


def test_it_is_composed_as_it_is_typed(open_picture: Opener) -> None:
    notebook = open_picture("argument_vector.Argv(arguments.PLAIN)", "en")
    fields = notebook.page.locator(".pydock-fields input")
    assert fields.evaluate_all("all => all.map(one => one.value)") == [
        '["echo", "-n"]',
        '["hello", "$USER"]',
        "good 'bye now'",
        "",
    ]
    fields.nth(2).fill("")
    notebook.until("w.result", "('echo', '-n', 'hello', '$USER')")
    fields.nth(1).fill("hello you")
    notebook.until("w.result", "('echo', '-n', '/bin/sh', '-c', 'hello you')")
    notebook.page.locator(".pydock-picture", has_text="handed to ENTRYPOINT as plain words").wait_for()
    assert notebook.page.evaluate("document.activeElement.value") == "hello you"
    notebook.shot("argv-typed")
    assert notebook.axe(".pydock") == []


def test_what_cannot_be_read_is_said_and_the_picture_stays(open_picture: Opener) -> None:
    notebook = open_picture("argument_vector.Argv(arguments.PLAIN)", "fr")
    field = notebook.page.locator(".pydock-fields input").nth(2)
    field.fill("'ouvert")
    notebook.page.locator(".pydock-status", has_text="illisibles").wait_for()
    assert notebook.value("w.result") == "('echo', '-n', 'good', 'bye now')"
    field.fill("fermé")
    notebook.until("w.result", "('echo', '-n', 'fermé')")
    assert notebook.page.locator(".pydock-status").inner_text() == ""


def test_python_changes_the_fields(open_picture: Opener) -> None:
    notebook = open_picture("argument_vector.Argv(arguments.PLAIN)", "en")
    notebook.value("setattr(w, 'option', 'cat')")
    notebook.page.wait_for_function("() => document.querySelectorAll('.pydock-fields input')[3].value === 'cat'")
    notebook.until("w.result", "('cat', 'good', 'bye now')")
