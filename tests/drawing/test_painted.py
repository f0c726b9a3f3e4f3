"""Colours in a terminal: the same words, and no stranger chooses one."""

import re
from dataclasses import replace

import pytest
from samples import views
from samples.gallery import HOSTILE_VIEWS, USUAL

from pydock_lab import locale
from pydock_lab.drawing import to_text

_CODE = re.compile("\x1b\\[[0-9]+m")
_ALL = {**USUAL, **{f"hostile-{name}": view for name, view in HOSTILE_VIEWS.items()}}


@pytest.mark.parametrize("language", locale.LANGUAGES)
@pytest.mark.parametrize("name", _ALL)
def test_without_its_colours_it_is_the_plain_text(name: str, language: str) -> None:
    painted = to_text(_ALL[name], language=language, colours=True)
    assert _CODE.sub("", painted) == to_text(_ALL[name], language=language)
    assert "\x1b" not in _CODE.sub("", painted)


@pytest.mark.parametrize(
    ("name", "painted"),
    [
        ("layers", "\x1b[34mbuilt now\x1b[0m"),
        ("layers", "\x1b[32mfrom the cache\x1b[0m"),
        ("layers", "\x1b[31m6.1 MB still below\x1b[0m"),
        ("instances", "\x1b[32m●\x1b[0m \x1b[1mweb1\x1b[0m"),
        ("tags", "\x1b[35m1.2, latest\x1b[0m"),
        ("trace", "\x1b[32mfrom the cache\x1b[0m   "),
        ("failed-trace", "\x1b[31mfailed"),
    ],
)
def test_words_have_the_colours_of_the_pictures(name: str, painted: str) -> None:
    assert painted in to_text(USUAL[name], language="en", colours=True)


def test_a_file_that_is_called_like_a_state_has_no_colour() -> None:
    row = replace(views.SHOP.rows[0], instruction="COPY running built now from the cache /")
    shown = to_text(replace(views.SHOP, rows=(row,)), language="en", colours=True)
    assert "COPY running built now from the cache /" in shown
