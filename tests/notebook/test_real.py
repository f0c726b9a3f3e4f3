"""The whole of it: a real shell, the real engine, real containers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from samples.shell import Shell

from pydock_lab import locale
from pydock_lab.engine.face import Engine
from pydock_lab.errors import BuildError
from pydock_lab.notebook import extension, magics
from pydock_lab.views import Origin

pytestmark = pytest.mark.usefixtures("containers")


@pytest.fixture
def real(bare: Any, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A shell on the real engine."""
    monkeypatch.setattr(magics, "_local_engine", lambda: engine.full)
    locale.set_lang("en")
    extension.load(bare)
    yield Shell(bare)
    extension.unload(bare)


def test_a_cell_becomes_an_image_and_the_image_a_container(real: Shell) -> None:
    cell = "%%dockerfile -t hello:1 --out built\nFROM lab/base\nRUN echo hello > /greeting\nRUN rm /greeting\n"
    assert real.run(cell).success
    built = real.shell.user_ns["built"]
    assert [row.origin for row in built.stack.rows[-2:]] == [Origin.BUILT, Origin.BUILT]
    assert "still in the layers below" in real.shown
    assert real.run(cell).success
    assert "3 steps, 2 from the cache" in real.shown
    real.run("%docker run --name one hello:1 sh -c 'echo out; echo err >&2; exit 3'")
    assert real.shell.user_ns["_exit_code"] == 3
    assert all(written in real.shown for written in (">out<", ">err<"))
    instances = real.run("%instances").result.view
    assert [(each.name, each.state) for each in instances.images[0].containers] == [("one", "exited")]


def test_a_step_that_fails_names_its_line_and_keeps_its_words(real: Shell) -> None:
    result = real.run("%%dockerfile -t bad:1\nFROM lab/base\nRUN echo last words; exit 7\n")
    assert isinstance(result.error_in_exec, BuildError)
    assert "exit code: 7 (line 3 of the cell)" in real.shown
    assert "last words" in real.shown


def test_files_of_the_context_are_copied(real: Shell, tmp_path: Path) -> None:
    context = tmp_path / "a context"
    context.mkdir()
    (context / "page.html").write_text("<p>hi</p>")
    real.shell.user_ns["context"] = context
    assert real.run("%%dockerfile -t page:1 --context {context}\nFROM lab/base\nCOPY page.html /srv/\n").success
    real.run("%docker run --rm page:1 cat /srv/page.html")
    assert "&lt;p&gt;hi&lt;/p&gt;" in real.shown


def test_a_program_reads_the_body_of_the_cell(real: Shell) -> None:
    real.run("%%dockerfile -t base:1 --quiet\nFROM lab/base\n")
    real.run("%%docker run --rm -i base:1 cat\nsaid in the cell\n")
    assert "said in the cell" in real.shown
    real.run("%%docker run --rm -i base:1 head -c 3\n" + "abc" * 100_000)
    assert ">abc<" in real.shown
    real.run("%docker run -d --name one base:1 sleep 60")
    real.run("%%docker exec -i one sh\necho $((40 + 2))\nexit 5\n")
    assert ">42<" in real.shown
    assert real.shell.user_ns["_exit_code"] == 5


def test_push_and_look_into_the_registry(real: Shell) -> None:
    real.run("%registry start 0 --out host")
    real.run("%%dockerfile -t {host}/app:1 --quiet\nFROM lab/base\nRUN echo 1 > /x\n")
    assert real.run("%docker push {host}/app:1").success
    [repository] = real.run("%registry").result.view.repositories
    assert [(repository.name, tag.name) for tag in repository.tags] == [("app", "1")]
