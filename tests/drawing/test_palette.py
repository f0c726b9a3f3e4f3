"""Colours that can be read and told apart, and a stylesheet that knows every class in use."""

import re
from collections.abc import Mapping
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest
from samples.gallery import HOSTILE_VIEWS, USUAL

from pydock_lab.drawing import Theme, host_stylesheet, to_svg
from pydock_lab.drawing.palette import DARK, LIGHT, Meaning, stylesheet

THEMES = pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])


def channels(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))


def luminance(colour: str) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@THEMES
@pytest.mark.parametrize("ink", ["ink", "muted"])
def test_words_can_be_read_on_every_surface(colours: Mapping[str, str], ink: str) -> None:
    surfaces = ["paper", "panel", *(f"{meaning}-fill" for meaning in Meaning)]
    assert {on: ratio for on in surfaces if (ratio := contrast(colours[ink], colours[on])) < 4.5} == {}


@THEMES
@pytest.mark.parametrize("meaning", Meaning)
def test_words_in_colour_can_be_read(colours: Mapping[str, str], meaning: Meaning) -> None:
    surfaces = ["paper", "plain-fill", f"{meaning}-fill"]
    assert min(contrast(colours[f"{meaning}-text"], colours[on]) for on in surfaces) >= 4.5


@THEMES
def test_signs_of_changes_can_be_read_where_they_stand(colours: Mapping[str, str]) -> None:
    signs = ["cached-text", "built-text", "deleted-text"]
    grounds = ["base-fill", "cached-fill", "built-fill", "writable-fill", "paper"]
    assert min(contrast(colours[sign], colours[on]) for sign in signs for on in grounds) >= 4.5


@THEMES
def test_outlines_stand_out(colours: Mapping[str, str]) -> None:
    faint = [name for name in colours if name.endswith("-line") and contrast(colours[name], colours["paper"]) < 2.5]
    assert faint == []


@THEMES
def test_no_two_cells_of_a_print_are_alike(colours: Mapping[str, str]) -> None:
    cells = [channels(colours[f"print-{cell}"]) for cell in range(8)]
    nearest = min(sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) for one, other in combinations(cells, 2))
    assert nearest > 0.03


def test_both_themes_have_the_same_colours() -> None:
    assert LIGHT.keys() == DARK.keys()


@pytest.mark.parametrize("css", [stylesheet(Theme.AUTO), host_stylesheet()], ids=["auto", "host"])
def test_every_class_in_use_has_a_rule(css: str) -> None:
    used: set[str] = set()
    for view in (*USUAL.values(), *HOSTILE_VIEWS.values()):
        for node in ET.fromstring(to_svg(view, width=1200)).iter():
            used |= set(node.get("class", "").split())
    known = set(re.findall(r"\.([a-z0-9-]+)[{,\s]", css))
    # What JavaScript looks for, and the inherited size of body text, need no rule.
    assert used - known - {"pick", "picks", "print", "chip", "body", "trace-state", "whole-rows"} == set()


def test_plain_themes_need_no_custom_properties() -> None:
    assert "var(" not in stylesheet(Theme.LIGHT) + stylesheet(Theme.DARK)
    assert "prefers-color-scheme" in stylesheet(Theme.AUTO)
    assert stylesheet(Theme.HOST) == ""
