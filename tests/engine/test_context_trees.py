"""Which files of a context are left out by which line, and which instruction takes which."""

from pathlib import Path

import pytest

from pydock_lab.archive.entry import EntryType
from pydock_lab.build.source import walk
from pydock_lab.engine.context_folder import open_folder, read_ignore
from pydock_lab.engine.context_trees import ContextExplorer
from pydock_lab.engine.local import LocalEngine
from pydock_lab.errors import NotFound
from pydock_lab.views import ContextTree

FILES = {
    "app.py": "print()\n",
    "src/a.py": "a",
    "src/lib/b.py": "bb",
    "src/lib/b.pyc": "ccc",
    ".git/pack": "x" * 1000,
    "keep.log": "k",
    "other.log": "o",
    "secret.env": "s",
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with these files."""
    for name, content in FILES.items():
        path = tmp_path / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path / "shop"


@pytest.fixture
def explored(home: Path, shop: Path) -> "Explored":
    """Looks at the shop with a Dockerfile and an ignore file."""
    return Explored(LocalEngine(home), shop)


class Explored:
    """Gives the explorer of a folder, for a Dockerfile and an ignore file."""

    def __init__(self, engine: LocalEngine, folder: Path) -> None:
        self._engine, self._folder = engine, folder

    def __call__(self, dockerfile: str = "", ignore: str = "") -> ContextExplorer:
        for name, text in (("Dockerfile", dockerfile), (".dockerignore", ignore)):
            if text:
                (self._folder / name).write_text(text)
        return self._engine.context_explorer(self._folder)


def fates(view: ContextTree) -> dict[str, tuple[int, ...] | str]:
    """Of each file the lines that take it, or the line that leaves it out."""
    files = [row for row in view.rows if not row.is_directory]
    return {
        row.path: f"out {view.rules[row.ignored].line}"
        if row.is_out
        else tuple(view.copies[at].line for at in row.taken)
        for row in files
    }


def everything(explorer: ContextExplorer) -> ContextTree:
    for name in ("src", "src/lib", ".git"):
        explorer.open_path(name)
    return explorer.view()


DOCKERFILE = """FROM scratch AS one
COPY src /src
FROM scratch AS never
COPY secret.env /
FROM one
WORKDIR /app
COPY --exclude=*.py --exclude=**/*.pyc src/ ./
COPY app.* *.log ./
RUN --mount=type=bind,source=src/lib,target=/lib true
COPY --from=one /src /again
COPY . .
"""


def test_each_file_has_its_lines(explored: Explored) -> None:
    view = everything(explored(DOCKERFILE, "# comment\n.git\n*.log\n!keep.log\n*.env\n"))
    assert fates(view) == {
        "app.py": (8, 11),
        "src/a.py": (2, 11),
        "src/lib/b.py": (2, 7, 9, 11),
        "src/lib/b.pyc": (2, 9, 11),
        ".git/pack": "out 2",
        "keep.log": (8, 11),
        "other.log": "out 3",
        "secret.env": "out 5",
        "Dockerfile": (11,),
        ".dockerignore": (11,),
    }
    assert [(copy.line, copy.to, copy.files) for copy in view.copies] == [
        (2, "/src", 3), (7, "/app/", 1), (8, "/app/", 2), (9, "/lib", 2), (11, "/app/", 7)
    ]  # fmt: skip
    assert [(rule.text, rule.line, rule.files, rule.size) for rule in view.rules] == [
        (".git", 2, 1, 1000), ("*.log", 3, 1, 1), ("!keep.log", 4, 0, 0), ("*.env", 5, 1, 1)
    ]  # fmt: skip
    assert (view.top.files, view.top.ignored_files, view.top.untaken) == (7, 3, 0)


@pytest.mark.parametrize("ignore", ["", ".git\n", "src\n!src/lib\n", "**\n!app.py\n", "src/**\n**/*.log\n", "!x\n"])
def test_what_is_sent_is_what_a_build_would_send(explored: Explored, shop: Path, ignore: str) -> None:
    view = explored("FROM scratch\nCOPY . /\n", ignore).view()
    sent = sum(entry.type is not EntryType.DIRECTORY for entry in walk(open_folder(shop, ignore, None), b""))
    assert view.top.files == view.copies[0].files == sent


def test_a_copy_of_what_is_left_out_names_the_line(explored: Explored) -> None:
    view = explored("FROM scratch\nCOPY ./secret.env /\nCOPY nothing /\n", "*.env\n").view()
    assert [(bool(copy.problem), copy.ignored) for copy in view.copies] == [(True, 0), (True, -1)]


def test_a_base_image_that_is_not_here_hinders_nobody(explored: Explored) -> None:
    view = explored("FROM registry.example/not/here:1\nCOPY app.py .\nCOPY app.py /srv/\n").view()
    assert [(copy.files, copy.to) for copy in view.copies] == [(1, "/…/"), (1, "/srv/")]
    assert view.problem == ""


@pytest.mark.parametrize("text", ["FROM\n", "NOTHING\n", "COPY . .\n", "FROM scratch\nCOPY --from=9 a /\n"])
def test_a_dockerfile_that_means_nothing_is_said(explored: Explored, text: str) -> None:
    view = explored(text).view()
    assert view.problem
    assert not view.copies
    assert view.top.files == len(FILES) + 1


def test_a_cell_stands_in_for_a_dockerfile(home: Path, shop: Path) -> None:
    engine = LocalEngine(home)
    view = engine.context_explorer(shop, dockerfile="FROM scratch\nCOPY app.py /\n").view()
    assert (view.dockerfile, view.copies[0].files) == ("%%dockerfile", 1)
    (shop / "dockerfile").write_text("FROM scratch\n")
    assert engine.context_tree(shop).dockerfile == "dockerfile"


def test_own_ignore_file_of_a_dockerfile(home: Path, shop: Path) -> None:
    (shop / ".dockerignore").write_text("*\n")
    (shop / "other.dockerignore").write_text("*.log\n")
    view = LocalEngine(home).context_tree(shop, dockerfile_name="other")
    assert (view.ignore_file, [rule.text for rule in view.rules]) == ("other.dockerignore", ["*.log"])


def test_folders_are_opened_closed_and_cut(explored: Explored, shop: Path) -> None:
    for number in range(60):
        (shop / f"page{number:02}.txt").write_text("y" * (100 + number))
    explorer = explored()
    first = explorer.view()
    assert [row.name for row in first.rows[:3]] == [".git/", "page59.txt", "page58.txt"]
    more = first.rows[-1]
    assert (more.others, len(first.rows)) == (60 + 6 - 24, 25)
    explorer.toggle(more.key)
    assert not any(row.others for row in explorer.view().rows)
    src = next(row for row in explorer.view().rows if row.path == "src")
    explorer.toggle(src.key)
    assert {"src/a.py", "src/lib"} <= {row.path for row in explorer.view().rows}
    explorer.toggle(src.key)
    assert "src/a.py" not in {row.path for row in explorer.view().rows}
    explorer.toggle("file-not-there")
    explorer.filter = "b.py"
    assert [row.path for row in explorer.view().rows] == ["src/lib/b.py", "src/lib/b.pyc"]


def test_a_small_context_is_open_where_it_is_sent(explored: Explored) -> None:
    names = [row.path for row in explored(ignore=".git\n").view().rows]
    assert "src/lib/b.py" in names
    assert ".git/pack" not in names


def test_what_is_not_there(home: Path, shop: Path) -> None:
    engine = LocalEngine(home)
    with pytest.raises(NotFound):
        engine.context_tree(shop / "nowhere")
    with pytest.raises(NotFound):
        engine.context_explorer(shop).open_path("src/nowhere")


def test_names_that_are_no_text(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "\udcff.bin").write_bytes(b"1")
    (folder / "link").symlink_to("\udcff.bin")
    (folder / "loop").symlink_to("loop")
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY link loop /\n")
    view = LocalEngine(home).context_tree(folder)
    assert view.copies[0].files == 1
    assert view.copies[0].problem


def test_links_that_lead_nowhere_are_files_like_others(explored: "Explored", shop: Path) -> None:
    for name, target in ((".#app.py", "me@host.123"), ("out.py", "/opt/x.py"), ("ring.py", "ring.py")):
        (shop / name).symlink_to(target)
    view = explored("FROM scratch\nCOPY *.py /app/\n").view()
    assert {name: fates(view)[name] for name in (".#app.py", "out.py", "app.py")} == {
        ".#app.py": (2,),
        "out.py": (2,),
        "app.py": (2,),
    }


def test_an_ignore_file_that_is_a_link_out_shows_no_file_of_this_machine(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "private").write_text("password")
    (shop / ".dockerignore").symlink_to(tmp_path / "private")
    assert read_ignore(shop) == ""
    (shop / ".dockerignore").unlink()
    (shop / "inside").write_text("*.log")
    (shop / ".dockerignore").symlink_to("inside")
    assert read_ignore(shop) == "*.log"
