"""The house itself: one direction of imports, a small face, words in both languages, a light start."""

import re
import string
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import pydock_lab
from pydock_lab import locale

PACKAGE = Path(pydock_lab.__file__).parent
FIELDS = string.Formatter()


def python(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_package_imports_only_from_the_rows_below_its_own():
    command = [Path(sys.executable).parent / "lint-imports", "--no-cache"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PACKAGE.parent)
    assert done.returncode == 0, done.stdout
    assert "1 kept, 0 broken" in done.stdout


def test_every_package_has_its_row():
    contract = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    rows = {name.strip() for row in contract["layers"] for name in row.split("|")}
    here = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert here - {"__init__", "__main__"} == rows


def test_the_face_is_small_and_every_name_is_there():
    assert len(pydock_lab.__all__) <= 15
    assert all(getattr(pydock_lab, name) for name in pydock_lab.__all__)


def test_importing_it_loads_nothing_heavy():
    loaded = python("import sys, pydock_lab; print(*sys.modules)").split()
    heavy = {"IPython", "ipywidgets", "requests", "click", "ctypes", "pydock_lab.engine", "pydock_lab.locale"}
    assert not heavy & set(loaded)


@pytest.mark.parametrize("path", sorted((PACKAGE / "locale" / "en").glob("*.toml")), ids=lambda path: path.stem)
def test_every_text_is_there_in_both_languages_with_the_same_fields(path):
    english, french = (locale.catalog(language, path.stem) for language in ("en", "fr"))
    assert english.keys() == french.keys()
    for key, text in english.items():
        fields = [{name for _, name, _, _ in FIELDS.parse(one) if name} for one in (text, french[key])]
        # A text without fields is not formatted, so a brace in it is a brace.
        if "{{.ID}}" not in text:
            assert fields[0] == fields[1], key


@pytest.mark.parametrize("path", sorted((PACKAGE / "locale" / "fr").glob("*.toml")), ids=lambda path: path.stem)
def test_the_apostrophe_of_french_is_the_printers(path):
    elided = re.compile(r"\b(?:[cdjlmnst]|(?:jus|lors|puis|quel|pres|quoi)?qu|aujourd)'\w", re.IGNORECASE)
    assert [text for text in locale.catalog("fr", path.stem).values() if elided.search(text)] == []


def test_no_language_has_an_area_of_its_own():
    names = [{path.name for path in (PACKAGE / "locale" / language).glob("*.toml")} for language in locale.LANGUAGES]
    assert names[0] == names[1]


def test_every_key_that_the_code_raises_has_a_text():
    makers = r"(?:\w+Error|NotFound|Conflict|Corrupt|Interrupted|Invalid\w+|locale\.text)"
    pattern = re.compile(makers + r'\(\s*"([a-z]+\.[a-z-]+)"')
    raised = {key for path in PACKAGE.rglob("*.py") for key in pattern.findall(path.read_text())}
    assert len(raised) > 100
    assert sorted(key for key in raised if locale.find(key, "en") is None) == []
