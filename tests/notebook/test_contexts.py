"""`%%context` and `%context` in a shell: files of build contexts, and what builds with them."""

from pathlib import Path
from typing import Any

import pytest
from samples.shell import Shell

from pydock_lab import locale
from pydock_lab.errors import PydockError
from pydock_lab.notebook import extension, magics
from pydock_lab.notebook.context_tree import ContextPicture


@pytest.fixture(autouse=True)
def here(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the notebook."""
    del home
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture
def real(bare: Any) -> Any:
    """A shell on the engine itself."""
    locale.set_lang("en")
    extension.load(bare)
    yield Shell(bare)
    extension.unload(bare)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["shop/app.py"], "shop/app.py written, 15 B, new\n"),
        (["shop/app.py"] * 2, "shop/app.py unchanged\n"),
        (["shop/app.py", "shop/app.py -a"], "shop/app.py changed: +1 \N{MINUS SIGN}0 lines\n"),
        (["shop/app.py", "--append shop/app.py"], "shop/app.py changed: +1 \N{MINUS SIGN}0 lines\n"),
        (["shop/app.py", "shop/app.py +x"], "shop/app.py: permissions 644 → 755\n"),
        (["shop/app.py", "--mode=600 shop/app.py"], "shop/app.py: permissions 644 → 600\n"),
        (["shop/{name}.py --mode 700"], "shop/app.py written, 15 B, new\n"),
        (
            ["shop/.dockerignore", 'shop/print("hello")'],
            "shop/print(hello) written, 15 B, new\n",
        ),
    ],
)
def test_what_a_cell_says(shell: Shell, here: Path, lines: list[str], said: str) -> None:
    shell.shell.user_ns["name"] = "app"
    for line in lines:
        shell.run(f'%%context {line}\nprint("hello")\n')
    assert shell.shown == said
    assert any((here / "shop").iterdir())


@pytest.mark.parametrize(
    ("cell", "key"),
    [
        ("%%context shop\nx", "no-file"),
        ("%%context ../app.py\nx", "outside"),
        ("%%context shop/a shop/b\nx", "written: %%context"),
        ("%%context shop/a --odd\nx", "does not know the option --odd"),
        ("%%context shop/a --mode 9\nx", "no permissions"),
        ("%%context shop/a --mode\nx", "no permissions"),
        ("%context --undo shop/app.py", "nothing to take back"),
        ("%context --undo", "written: %context --undo"),
        ("%context nowhere", "%%context nowhere/app.py"),
        ("%context ./nowhere", "no such directory"),
        ("%%dockerfile --context nowhere\nFROM scratch", "%%context nowhere/app.py"),
        ("%%dockerfile --context ./nowhere\nFROM scratch", "is no folder"),
        ("%context a b c", "written: %context"),
    ],
)
def test_mistakes_are_told_in_two_lines(real: Shell, here: Path, cell: str, key: str) -> None:
    result = real.run(cell)
    assert isinstance(result.error_in_exec, PydockError)
    told = str(result.error_in_exec)
    assert key in told or key in result.error_in_exec.key
    assert len(told.splitlines()) == 2
    assert list(here.iterdir()) == []


def test_undo_and_help(shell: Shell, here: Path) -> None:
    shell.run("%%context shop/app.py\n1\n")
    shell.run("%%context shop/app.py\n22\n")
    shell.run("%context --undo shop/app.py")
    assert shell.shown == "shop/app.py is as it was before, 2 B\n"
    shell.run("%context --undo shop/app.py")
    assert shell.shown == "shop/app.py is gone: it was not there before\n"
    assert not (here / "shop/app.py").exists()
    shell.run("%context --help")
    assert "%context --undo NAME/FILE" in shell.shown


def test_what_the_ignore_file_leaves_out_is_said_at_once(shell: Shell) -> None:
    shell.run("%%context shop/.dockerignore\n# no\n*.env\n")
    shell.run("%%context shop/secret.env\nx=1\n")
    assert shell.shown.splitlines()[1] == "Line 2 of .dockerignore leaves it out: no COPY finds it."


def test_contexts_are_listed(real: Shell, here: Path) -> None:
    real.run("%context")
    assert "%%context shop/app.py" in real.shown
    real.run("%%context shop/app.py\n1\n")
    real.run("%%context shop/.dockerignore\n*.pyc\n")
    real.run("%%context shop/app.pyc\n1234\n")
    for name in ("blog/Dockerfile", "notes/todo.txt", ".hidden/Dockerfile"):
        (here / name).parent.mkdir()
        (here / name).write_text("FROM scratch\n")
    real.run("%context")
    assert [line.split() for line in real.shown.splitlines()] == [
        ["CONTEXT", "FILES", "SIZE", "LEFT", "OUT"],
        ["blog", "1", "13", "B", "-"],
        ["shop", "2", "8", "B", "1", "(5", "B)"],
    ]
    (here / "shop/.dockerignore").write_text("[\n")
    real.run("%context")
    assert "[" in real.shown.splitlines()[2]


def test_a_cell_builds_with_the_files_of_others(real: Shell) -> None:
    real.run("%%context shop/app.py\nprint(1)\n")
    real.run("%%dockerfile -t shop:1 --context shop\nFROM scratch\nCOPY app.py /\n")
    shown = real.run("%context shop").result
    assert isinstance(shown, ContextPicture)
    assert [(copy.text, copy.files) for copy in shown.tree.copies] == [("COPY app.py /", 1)]
    real.run("%%context shop/Dockerfile\nFROM scratch\nCOPY app.py /\n")
    real.run("%docker build -t shop:2 shop")
    found = next(one for one in real.shell.configurables if isinstance(one, magics.DockerMagics))
    first, second = (found.engine.image(f"shop:{tag}").id for tag in (1, 2))
    assert first == second


def test_the_picture_is_opened_from_python_and_from_the_page(real: Shell, here: Path) -> None:
    for number in range(30):
        path = here / "shop" / f"part{number % 3}" / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    picture = real.run("%context shop").result
    assert {row.depth for row in picture.tree.rows} == {0}
    key = next(row.key for row in picture.tree.rows if row.path == "part1")
    picture._listen(picture, {"type": "expand", "key": key}, [])
    assert sum(row.path.startswith("part1/") for row in picture.tree.rows) == 10
    picture.selected = key
    assert picture.file.path == "part1"
    picture._listen(picture, {"type": "collapse", "key": key}, [])
    picture.expand("part2")
    assert sum(row.path.startswith("part2/") for row in picture.tree.rows) == 10
    picture.filter = "29"
    assert [row.path for row in picture.tree.rows] == ["part2/29.txt"]
    assert not picture._still().can_open
    deeper = real.run("%context shop part0").result
    assert any(row.path == "part0/0.txt" for row in deeper.tree.rows)


def test_a_context_that_there_is_not_names_those_that_there_are(real: Shell) -> None:
    real.run("%%context shop/app.py\n1\n")
    result = real.run("%%dockerfile -t a:1 --context shp\nFROM scratch\n")
    assert "There are: shop." in str(result.error_in_exec)


def test_a_copy_without_a_context_names_those_that_there_are(real: Shell) -> None:
    cell = "%%dockerfile -t a:1\nFROM scratch\nCOPY app.py /\n"
    assert not real.run(cell).success
    assert "no --context" not in real.shown
    real.run("%%context shop/app.py\n1\n")
    assert not real.run(cell).success
    assert "(line 3 of the cell) (this cell has no --context; there is: shop)" in real.shown
    assert not real.run(cell.replace("a:1", "a:1 --context shop").replace("app", "other")).success
    assert "no --context" not in real.shown


def test_docker_files_shows_the_same(real: Shell) -> None:
    real.run("%%context shop/app.py\n1\n")
    real.run("%docker files shop")
    assert "app.py" in real.shown
