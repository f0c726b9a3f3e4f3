"""Following a file that others append to, and put aside."""

from pathlib import Path

import pytest

from pydock_lab.store.tail import Tail, rotated


def put_aside(path: Path, kept: int) -> None:
    for number in range(kept, 0, -1):
        if Path(rotated(str(path), number - 1)).exists():
            Path(rotated(str(path), number - 1)).replace(rotated(str(path), number))


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_a_line_is_told_once_and_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    tail = Tail(str(path))
    assert tail.read() == b""
    append(path, "one\ntw")
    assert tail.read() == b"one\n"
    append(path, "o\n")
    assert [tail.read(), tail.read()] == [b"two\n", b""]


@pytest.mark.parametrize(("kept", "told"), [(3, "two three four five"), (1, "two four five")])
def test_however_often_it_was_put_aside_all_that_is_kept_is_told(tmp_path: Path, kept: int, told: str) -> None:
    path = tmp_path / "log"
    append(path, "before\none\n")
    tail = Tail(str(path))
    assert tail.read() == b"before\none\n"
    for text in ("two\n", "three\n", "four\n"):
        append(path, text)
        put_aside(path, kept)
    append(path, "five\n")
    assert tail.read().decode().split() == told.split()


def test_a_file_that_is_removed_is_read_to_its_end(tmp_path: Path) -> None:
    """Its place on the disk is free at once, and a new file may get its inode."""
    path = tmp_path / "log"
    append(path, "one\n")
    tail = Tail(str(path))
    assert tail.read() == b"one\n"
    append(path, "two\n")
    path.unlink()
    append(path, "three\n")
    assert tail.read() == b"two\nthree\n"


def test_only_what_is_new(tmp_path: Path) -> None:
    path = tmp_path / "log"
    append(path, "old\n")
    tail = Tail(str(path), at_end=True)
    append(path, "new\n")
    assert tail.read() == b"new\n"
