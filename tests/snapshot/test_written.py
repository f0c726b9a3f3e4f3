"""What an upper directory holds, as whoever may look into it tells it."""

import os
import subprocess
from pathlib import Path

import pytest
from samples.users import ordinary_user, run_as

from pydock_lab.archive import whiteout
from pydock_lab.oci.runtime_spec import Rootfs
from pydock_lab.snapshot import written
from pydock_lab.snapshot.snapshotter import CHANGES, Snapshotter

LOOK = "import sys; from pydock_lab.snapshot import written; print(written.rows(sys.argv[1])['total'])"


@pytest.fixture
def upper(tmp_path: Path) -> Path:
    """A file, a link, a folder with a file in it, a deleted one."""
    upper = tmp_path / "upper"
    (upper / "srv").mkdir(parents=True)
    (upper / "srv/app.py").write_text("x" * 10)
    (upper / "link").symlink_to("srv")
    whiteout.make_whiteout(os.fsencode(upper / "motd"))
    return upper


def test_each_path_is_a_row(upper: Path) -> None:
    found = written.rows(str(upper))
    assert [(row[0], row[1], row[2], row[4], row[5]) for row in found["rows"]] == [
        ("link", "A", 0, "srv", False),
        ("motd", "D", 0, "", False),
        ("srv", "A", 0, "", True),
        ("srv/app.py", "A", 10, "", False),
    ]
    assert (found["total"], found["size"]) == (4, 10)


def test_of_a_copy_the_time_of_the_contents_counts(upper: Path) -> None:
    os.utime(upper / "srv/app.py", ns=(5, 5))
    here, copied = (written.rows(str(upper), is_copy=is_copy)["rows"][-1].touched for is_copy in (False, True))
    assert (copied, here > 10**18) == (5, True)


def test_nothing_is_in_a_directory_that_is_not_there(tmp_path: Path) -> None:
    assert written.rows(str(tmp_path / "none")) == {"rows": [], "total": 0, "size": 0}


def test_the_rows_end_somewhere_and_the_count_does_not(upper: Path) -> None:
    found = written.rows(str(upper), most=2)
    assert (len(found["rows"]), found["total"], found["size"]) == (2, 4, 10)


def test_what_goes_while_it_is_looked_at_is_no_error(upper: Path) -> None:
    rows = written._walk(os.fsencode(upper), b"")
    assert [next(rows)[0] for _ in range(3)] == [b"link", b"motd", b"srv"]
    subprocess.run(["rm", "-r", upper / "srv"], check=True)
    assert list(rows) == []


@pytest.mark.usefixtures("as_root")
def test_who_may_not_look_hears_of_it(upper: Path) -> None:
    for path in (upper, *upper.parents):
        if path.is_relative_to("/tmp/pytest-of-root"):
            path.chmod(0o755)
    (upper / "srv").chmod(0o700)
    with ordinary_user() as user:
        refused = run_as(user, "-c", LOOK, str(upper))
        assert "PermissionError" in refused.stderr
        (upper / "srv").chmod(0o755)
        assert run_as(user, "-c", LOOK, str(upper)).stdout == "4\n"


@pytest.mark.parametrize(("is_materialised", "may_look", "asked"), [(0, 1, 0), (1, 1, 1), (0, 0, 1)])
def test_a_worker_is_asked_where_it_has_to_be(
    upper: Path, is_materialised: int, may_look: int, asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def call(job: str, _arguments: object, _descriptors: object) -> object:
        calls.append(job)
        return {"rows": [["x", "A", 1, 0, "", False, 7]], "total": 1, "size": 1}

    def refuse(_directory: str, *, most: int) -> object:  # noqa: ARG001 - as the real one
        raise PermissionError

    if is_materialised:
        upper.with_name("merged.made").touch()
    if not may_look:
        monkeypatch.setattr(written, "rows", refuse)
    rootfs = Rootfs(layers=(), mountpoint=str(upper.with_name("merged")), upper=str(upper), work="")
    found = Snapshotter(lambda: upper.parent, call).changes(rootfs)
    assert calls == [CHANGES] * asked
    assert found.total == (1 if asked else 4)
    assert all(type(row) is written.Row for row in found.rows)


def test_a_file_of_several_names_has_its_bytes_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(1000))
    os.link(tmp_path / "a", tmp_path / "b")
    (tmp_path / "c").write_bytes(bytes(10))
    found = written.rows(str(tmp_path))
    assert (found["total"], found["size"]) == (3, 1010)
