"""The build checks in a notebook: as the answer to --check, and as notes below a build."""

from collections.abc import Iterator
from typing import Any

import pytest
from samples.shell import Shell

from pydock_lab import locale
from pydock_lab.engine.face import Engine
from pydock_lab.errors import BuildError
from pydock_lab.notebook import extension, magics

DOCKERFILE = 'FROM scratch as web\nCMD ["a"]\n'


@pytest.fixture
def real(bare: Any, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A shell on the real engine."""
    monkeypatch.setattr(magics, "_local_engine", lambda: engine.full)
    locale.set_lang("fr")
    extension.load(bare)
    yield Shell(bare)
    extension.unload(bare)


def test_check_in_a_cell_builds_nothing(real: Shell, engine: Engine) -> None:
    assert real.run(f"%%dockerfile -t web:1 --check\n{DOCKERFILE}").success
    assert real.shown.startswith("Vérification terminée, 1 avertissement !")
    assert "Écrivez plutôt : FROM scratch AS web" in real.shown
    assert engine.images() == ()


def test_a_build_shows_notes_with_the_line_of_the_cell(real: Shell) -> None:
    assert real.run(f"%%dockerfile -t web:1\n{DOCKERFILE}").success
    assert "! 1 avertissement :" in real.shown
    assert (
        "FromAsCasing: « as » et « FROM » ne sont pas dans la même casse (ligne 1) (ligne 2 de la cellule)\n"
        in real.shown
    )


def test_findings_fail_the_cell_where_the_file_says_so(real: Shell) -> None:
    result = real.run(f"%%dockerfile -t web:1\n# check=error=true\n{DOCKERFILE}")
    assert isinstance(result.error_in_exec, BuildError)
    assert "règles non respectées : FromAsCasing" in real.shown
