"""`pydock files`: a build context as text."""

from pathlib import Path

import pytest
from samples.faces import RememberingFace

from pydock_lab import cli
from pydock_lab.engine.local import LocalEngine
from pydock_lab.errors import PydockError
from pydock_lab.views import ContextTree


@pytest.fixture
def shop(home: Path, tmp_path: Path) -> Path:
    """A context."""
    del home
    folder = tmp_path / "shop"
    (folder / "src").mkdir(parents=True)
    (folder / "src/app.py").write_text("1")
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY src /src\n")
    (folder / "other").write_text("FROM scratch\nCOPY . /\n")
    (tmp_path / "elsewhere").write_text("FROM scratch\nCOPY src/app.py /\n")
    (tmp_path / "elsewhere.dockerignore").write_text("other\n")
    return folder


def shown(*words: str) -> ContextTree:
    face = RememberingFace()
    assert cli.invoke(["files", *words], open_engine=LocalEngine, face=face, program="pydock") == 0
    found = face.shown[-1]
    assert isinstance(found, ContextTree)
    return found


@pytest.mark.parametrize(
    ("file", "text", "ignored"),
    [("", "COPY src /src", 0), ("shop/other", "COPY . /", 0), ("elsewhere", "COPY src/app.py /", 1)],
)
def test_the_dockerfile_that_is_meant(
    shop: Path, monkeypatch: pytest.MonkeyPatch, file: str, text: str, ignored: int
) -> None:
    monkeypatch.chdir(shop.parent)
    found = shown(*(["-f", file] if file else []), "shop")
    assert ([copy.text for copy in found.copies], found.top.ignored_files) == ([text], ignored)


def test_a_path_is_opened(shop: Path) -> None:
    for number in range(40):
        (shop / f"{number}.txt").touch()
    assert any(row.path == "src/app.py" for row in shown(str(shop), "src").rows)
    assert not any(row.path == "src/app.py" for row in shown(str(shop)).rows)


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["nowhere"], "build.no-context"),
        (["shop", "a/b"], "engine.context-no-path"),
        (["-f", "x", "shop"], "cli.no-dockerfile"),
    ],
)
def test_what_is_not_there(shop: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], key: str) -> None:
    monkeypatch.chdir(shop.parent)
    with pytest.raises(PydockError) as caught:
        shown(*words)
    assert caught.value.key == key
