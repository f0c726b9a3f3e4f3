"""Files of contexts that cells write: where they may be, what is said of them, and how they come back."""

import errno
import os
from pathlib import Path

import pytest

from pydock_lab.build.modes import ModeChange
from pydock_lab.engine.context_files import ContextFiles, ContextPlace, Done, lines_changed
from pydock_lab.errors import CommandError, Conflict, NotFound

APP = ContextPlace.parse("shop/app.py")


@pytest.fixture
def files(tmp_path: Path) -> ContextFiles:
    """On an empty folder `here`."""
    (tmp_path / "here").mkdir()
    return ContextFiles(tmp_path / "home", tmp_path / "here")


@pytest.fixture
def here(files: ContextFiles, tmp_path: Path) -> Path:
    """Where the contexts are."""
    del files
    return tmp_path / "here"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("shop", "no-file"),
        ("shop/", "no-file"),
        ("shop/src/", "no-file"),
        ("shop/.", "no-file"),
        ("/etc/passwd", "outside"),
        ("~/app.py", "outside"),
        ("shop/../../etc/passwd", "outside"),
        ("../app.py", "outside"),
        ("shop//etc/passwd", "outside"),
        (".hidden/app.py", "name"),
        ("a b/app.py", "name"),
        ("shop\x1b/app.py", "name"),
        ("", "name"),
        ("shop/a\x00b", "file-name"),
        ("shop/a\\b", "file-name"),
    ],
)
def test_what_is_no_file_of_a_context(text: str, key: str) -> None:
    with pytest.raises(CommandError) as caught:
        ContextPlace.parse(text)
    assert caught.value.key == f"engine.context-{key}"
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 2


def test_a_place_in_folders() -> None:
    place = ContextPlace.parse("shop-2.0/src//lib/./app.py")
    assert (place.name, place.file) == ("shop-2.0", "src/lib/app.py")


def test_new_changed_and_unchanged(files: ContextFiles, here: Path) -> None:
    new = files.write(APP, b"one\ntwo\n")
    assert (new.done, new.size) == (Done.NEW, 8)
    assert files.write(APP, b"one\ntwo\n").done is Done.UNCHANGED
    changed = files.write(APP, b"one\n2\n3\n")
    assert (changed.done, changed.added, changed.removed) == (Done.CHANGED, 2, 1)
    assert (here / "shop/app.py").read_bytes() == b"one\n2\n3\n"
    assert sorted(os.listdir(here / "shop")) == ["app.py"]
    assert files.names() == {"shop"}


def test_contexts_of_another_folder_are_not_here(tmp_path: Path) -> None:
    for here in (tmp_path, tmp_path / "deeper"):
        here.mkdir(exist_ok=True)
        ContextFiles(tmp_path / "home", here).write(ContextPlace.parse(f"{here.name}-shop/app.py"), b"1")
    assert ContextFiles(tmp_path / "home", tmp_path).names() == {f"{tmp_path.name}-shop"}


def test_append_and_mode(files: ContextFiles, here: Path) -> None:
    files.write(APP, b"#!/bin/sh\n", mode=ModeChange.parse("+x"))
    assert (here / "shop/app.py").stat().st_mode & 0o777 == 0o755
    files.write(APP, b"ls\n", append=True)
    assert (here / "shop/app.py").read_bytes() == b"#!/bin/sh\nls\n"
    assert (here / "shop/app.py").stat().st_mode & 0o777 == 0o755
    moded = files.write(APP, b"", append=True, mode=ModeChange.parse("600"))
    assert (moded.done, moded.old_mode, moded.mode) == (Done.MODE, 0o755, 0o600)


def test_undo_goes_back_step_by_step(files: ContextFiles, here: Path) -> None:
    for content in (b"1", b"2", b"3"):
        files.write(APP, content)
    for left in (b"2", b"1"):
        files.undo(APP)
        assert (here / "shop/app.py").read_bytes() == left
    assert files.undo(APP).done is Done.GONE
    assert not (here / "shop/app.py").exists()
    with pytest.raises(NotFound):
        files.undo(APP)


def test_undo_after_another_start_and_of_more_than_are_kept(tmp_path: Path) -> None:
    for number in range(30):
        ContextFiles(tmp_path / "home", tmp_path).write(APP, b"%d" % number)
    files = ContextFiles(tmp_path / "home", tmp_path)
    for _ in range(20):
        files.undo(APP)
    assert (tmp_path / "shop/app.py").read_bytes() == b"9"
    with pytest.raises(NotFound):
        files.undo(APP)


def test_undo_does_not_lose_what_somebody_else_wrote(files: ContextFiles, here: Path) -> None:
    files.write(APP, b"1")
    files.write(APP, b"2")
    (here / "shop/app.py").write_bytes(b"by hand")
    with pytest.raises(Conflict):
        files.undo(APP)
    (here / "shop/app.py").rename(here / "shop/mine.py")
    files.undo(APP)
    assert (here / "shop/app.py").read_bytes() == b"1"


def test_what_was_there_before_any_cell_comes_back(files: ContextFiles, here: Path) -> None:
    (here / "shop").mkdir()
    (here / "shop/app.py").write_bytes(b"\xff\x00 by hand")
    (here / "shop/app.py").chmod(0o640)
    files.write(APP, b"cell", mode=ModeChange.parse("755"))
    files.undo(APP)
    assert (here / "shop/app.py").read_bytes() == b"\xff\x00 by hand"
    assert (here / "shop/app.py").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("target", ["/etc", "..", "../other"])
def test_a_link_out_of_the_context(files: ContextFiles, here: Path, target: str) -> None:
    (here / "shop").mkdir()
    (here / "other").mkdir()
    (here / "shop/link").symlink_to(target)
    with pytest.raises(CommandError) as caught:
        files.write(ContextPlace.parse("shop/link/new.txt"), b"x")
    assert caught.value.key == "engine.context-link"
    assert not (here / "other/new.txt").exists()


def test_a_link_inside_is_followed(files: ContextFiles, here: Path) -> None:
    (here / "shop").mkdir()
    (here / "shop/link.py").symlink_to("app.py")
    files.write(ContextPlace.parse("shop/link.py"), b"x")
    assert (here / "shop/app.py").read_bytes() == b"x"
    assert (here / "shop/link.py").is_symlink()


@pytest.mark.parametrize(
    ("place", "key"), [("shop/src", "not-a-file"), ("shop/pipe", "not-a-file"), ("shop/a/b", "write")]
)
def test_what_cannot_be_written(files: ContextFiles, here: Path, place: str, key: str) -> None:
    (here / "shop/src").mkdir(parents=True)
    (here / "shop/a").touch()
    os.mkfifo(here / "shop/pipe")
    with pytest.raises(CommandError) as caught:
        files.write(ContextPlace.parse(place), b"x")
    assert caught.value.key == f"engine.context-{key}"
    assert sorted(os.listdir(here / "shop")) == ["a", "pipe", "src"]


def test_what_could_not_be_written_is_not_noted(
    files: ContextFiles, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write(APP, b"1")
    files.write(APP, b"2")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fails)
        with pytest.raises(CommandError, match="No space left"):
            files.write(APP, b"3")
    assert os.listdir(here / "shop") == ["app.py"]
    files.undo(APP)
    assert (here / "shop/app.py").read_bytes() == b"1"


def fails(*_paths: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_home_that_is_none_is_said_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    with pytest.raises(CommandError, match="cells cannot be written"):
        ContextFiles(tmp_path / "home", tmp_path).write(APP, b"1")
    assert not (tmp_path / "shop").exists()


@pytest.mark.usefixtures("as_root")
def test_root_leaves_a_file_to_its_owner(files: ContextFiles, here: Path) -> None:
    (here / "shop").mkdir()
    (here / "shop/app.py").touch()
    os.chown(here / "shop/app.py", 1234, 1234)
    files.write(APP, b"1")
    found = (here / "shop/app.py").stat()
    assert (found.st_uid, found.st_gid) == (1234, 1234)


def test_lines_of_long_files_are_counted() -> None:
    old = b"".join(b"%d\n" % number for number in range(5000))
    assert lines_changed(old, old + b"new\n") == (1, 0)
