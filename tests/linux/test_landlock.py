"""What a process gives up by Landlock the kernel refuses it, and nothing else."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pydock_lab.linux import landlock
from pydock_lab.linux.landlock import ALL, READ, Allowed


def in_a_child(action: Callable[[], object]) -> str:
    """The name of the error that an action ends with, in a process of its own; "" if with none."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            action()
        except OSError as error:
            os.write(writer, type(error).__name__.encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader) as pipe:
        said = pipe.read()
    os.waitpid(pid, 0)
    return said


@pytest.fixture
def place(tmp_path: Path) -> Path:
    assert landlock.is_usable(), "Linux 5.19 with Landlock"
    for name in ("inside", "shown", "outside"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("as it was")
    (tmp_path / "inside/link").symlink_to("../outside/file")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "read_fails", "write_fails"),
    [
        ("inside/file", "", ""),
        ("inside/new", "FileNotFoundError", ""),
        ("shown/file", "", "PermissionError"),
        ("outside/file", "PermissionError", "PermissionError"),
        ("outside/new", "FileNotFoundError", "PermissionError"),
        ("inside/link", "PermissionError", "PermissionError"),
        ("inside/../outside/file", "PermissionError", "PermissionError"),
    ],
)
def test_only_what_is_allowed(place: Path, path: str, read_fails: str, write_fails: str) -> None:
    allowed = [Allowed(path=f"{place}/inside", access=ALL), Allowed(path=f"{place}/shown", access=READ)]
    wanted = f"{place}/{path}"

    def read() -> None:
        landlock.restrict(allowed)
        os.close(os.open(wanted, os.O_RDONLY))

    def write() -> None:
        landlock.restrict(allowed)
        os.close(os.open(wanted, os.O_WRONLY | os.O_CREAT))

    assert in_a_child(lambda: os.close(os.open(wanted, os.O_WRONLY))) in ("", "FileNotFoundError")
    assert in_a_child(read) == read_fails
    assert in_a_child(write) == write_fails


def test_nothing_is_given_up_by_others(place: Path) -> None:
    assert in_a_child(lambda: landlock.restrict([])) == ""
    assert (place / "outside/file").read_text() == "as it was"
