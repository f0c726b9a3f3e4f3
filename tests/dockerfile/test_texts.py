"""Every error has its words, in both languages, with the same fields."""

import re
import string
from pathlib import Path

import pytest

import pydock_lab.dockerfile
from pydock_lab import locale

SOURCES = Path(pydock_lab.dockerfile.__file__).parent
ENGLISH = locale.catalog("en", "dockerfile")
FRENCH = locale.catalog("fr", "dockerfile")


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_texts() -> None:
    assert set(ENGLISH) == set(FRENCH)


@pytest.mark.parametrize("name", ENGLISH)
def test_both_languages_have_the_same_fields(name: str) -> None:
    assert fields(ENGLISH[name]) == fields(FRENCH[name])


def test_every_key_in_the_sources_has_a_text() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.py"))
    keys = set(re.findall(r'"dockerfile\.([a-z-]+)"', sources)) | set(re.findall(r'"(expand-[a-z-]+)"', sources))
    assert len(keys) > 50
    assert keys <= set(ENGLISH)


def test_every_text_is_used() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.py"))
    names = {name.removesuffix(".hint") for name in ENGLISH}
    assert [name for name in names if f'{name}"' not in sources] == []
