"""Wrong command lines, each with its exact text in both languages: what, where, what to do; and the exit status."""

import shlex
import tomllib
from pathlib import Path

import pytest
from samples.faces import RememberingFace

from pydock_lab import locale
from pydock_lab.cli import invoke
from pydock_lab.engine.local import LocalEngine
from pydock_lab.errors import PydockError

TABLE = tomllib.loads((Path(__file__).parent / "bad_command_lines.toml").read_text(encoding="utf-8"))["case"]


@pytest.mark.parametrize("case", TABLE, ids=lambda case: case["line"])
@pytest.mark.parametrize("language", locale.LANGUAGES)
def test_what_is_said(case, language, home, monkeypatch):
    monkeypatch.setenv("PYDOCK_LANG", language)
    face = RememberingFace()
    with pytest.raises(PydockError) as caught:
        invoke(shlex.split(case["line"]), open_engine=lambda: LocalEngine(home), face=face)
    assert str(caught.value) == case[language]
    assert caught.value.exit_status == case["status"]
    assert face.written == case.get("written", "")


def test_there_are_twenty_of_them():
    assert len(TABLE) >= 20
