from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples.gallery import HOSTILE_VIEWS
from samples.views import HOSTILE

from pydock_lab.drawing import Theme, mimebundle, to_svg, to_text
from pydock_lab.drawing.svg import Finished, clean, element, number
from pydock_lab.views import View

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)


@given(ANY_TEXT, ANY_TEXT)
def test_any_text_comes_back_as_it_was_cleaned(content: str, attribute: str) -> None:
    read = ET.fromstring(element("text", content, class_=attribute).write())
    assert (read.text or "", read.get("class")) == (clean(content), clean(attribute))


@given(ANY_TEXT)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    ("dirty", "shown"),
    [
        ("a\n  b\tc ", "a b c"),
        ("\x1b[31mred", "␛[31mred"),
        ("\x00", "␀"),
        ("\u202egnp.exe", "\ufffdgnp.exe"),
        ("\udc80", "\ufffd"),
        ("\uffff\x85x", "\ufffd x"),
        ("🐳 一", "🐳 一"),
    ],
)
def test_what_is_shown_of_a_dirty_text(dirty: str, shown: str) -> None:
    assert clean(dirty) == shown


@pytest.mark.parametrize(("value", "text"), [(1, "1"), (1.0, "1"), (1.25, "1.2"), (-0.5, "-0.5"), (100.0, "100")])
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize("view", HOSTILE_VIEWS.values(), ids=HOSTILE_VIEWS)
@pytest.mark.parametrize("theme", Theme)
def test_hostile_names_stay_text(view: View, theme: Theme) -> None:
    tags = {node.tag.rpartition("}")[2] for node in ET.fromstring(to_svg(view, theme=theme)).iter()}
    assert tags <= {"svg", "style", "g", "rect", "text", "tspan", "path", "circle", "polygon"}


@pytest.mark.parametrize("view", HOSTILE_VIEWS.values(), ids=HOSTILE_VIEWS)
def test_hostile_names_leave_the_page_and_the_terminal_whole(view: View) -> None:
    bundle = mimebundle(view)
    assert "<script" not in bundle["text/html"]
    assert "\x1b" not in bundle["text/plain"]
    assert "\u202e" not in to_text(view)
    bundle["text/plain"].encode()
    assert HOSTILE not in bundle["text/html"]


def test_what_is_finished_is_written_as_it_was() -> None:
    one = element("g", element("text", "a < b", x=1), class_="pick")
    assert Finished.of(one).write() == one.write()
    assert element("g", Finished.of(one)).write() == f"<g>{one.write()}</g>"
