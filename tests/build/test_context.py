import os

import pytest
from samples.trees import on_disk

from pydock_lab.build.cancelled import Cancelled
from pydock_lab.build.context import BuildContext
from pydock_lab.build.source import checksum, walk
from pydock_lab.dockerfile.ignore import IgnoreRules
from pydock_lab.errors import BuildError

FILES = {"a.py": "a", "docs/x.md": "x", "docs/keep.md": "k", ".git/HEAD": "ref"}


def listed(root: str, ignore: str = "") -> list[str]:
    rules = IgnoreRules.parse(ignore)
    context = BuildContext(root, rules.ignores, reinclude=rules.has_exceptions)
    return [entry.path.decode() for entry in walk(context, b"")][1:]


@pytest.mark.parametrize(
    ("ignore", "left"),
    [
        ("", [".git", ".git/HEAD", "a.py", "docs", "docs/keep.md", "docs/x.md"]),
        (".git\ndocs", ["a.py"]),
        ("*\n!docs/keep.md", ["docs", "docs/keep.md"]),
        ("**/*.md\n.git", ["a.py", "docs"]),
    ],
)
def test_what_the_ignore_file_lets_through(ignore, left):
    with on_disk(FILES) as root:
        assert listed(root, ignore) == left


def test_no_folder_is_an_empty_context():
    assert [entry.path for entry in walk(BuildContext(None), b"")] == [b""]


def test_the_same_files_elsewhere_and_later_are_the_same_context():
    with on_disk(FILES) as one, on_disk(FILES) as other:
        os.utime(os.path.join(other, "a.py"), (1, 1))
        assert checksum(BuildContext(one), b"") == checksum(BuildContext(other), b"")


def test_a_file_that_vanishes_before_it_is_read_is_named():
    with on_disk(FILES) as root:
        context = BuildContext(root)
        entry = context.entry(b"a.py")
        os.unlink(os.path.join(root, "a.py"))
        with pytest.raises(BuildError, match=r"a\.py"):
            context.file_checksum(entry)


def test_who_reads_checksums_can_be_stopped(tmp_path):
    (tmp_path / "a").write_text("a")
    context = BuildContext(tmp_path)
    context.stop()
    with pytest.raises(Cancelled):
        checksum(context, b"")


def test_a_checksum_that_somebody_has_made_already_is_taken(tmp_path):
    (tmp_path / "a").write_text("a")
    own = checksum(BuildContext(tmp_path), b"a")
    context = BuildContext(tmp_path)
    entry = context.entry(b"a")
    assert entry is not None
    context.know_checksum(entry, own.hex)
    (tmp_path / "a").unlink()
    assert checksum(context, b"a") == own
    assert context.facts.hashed == 1
