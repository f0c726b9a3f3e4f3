"""What changes in a context between two builds, seen by a cache that knows the first: found, and nothing else read."""

import os
import stat
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pydock_lab.build import context as context_module
from pydock_lab.build import stat_cache
from pydock_lab.build.context import BuildContext
from pydock_lab.build.source import checksum, walk
from pydock_lab.build.stat_cache import StatCache
from pydock_lab.dockerfile.ignore import IgnoreRules

FILES = {"a.txt": "aaaa", "b.txt": "bbbb", "d/one": "1111", "d/two": "2222", "d/e/deep": "deep", "f/last": "last"}


@dataclass
class Looked:
    """What a look at the context gave: its checksum, and how many files were read for it."""

    digest: str
    read: int


@dataclass
class Project:
    """A folder that is looked at again and again; `opened` are the files of it that were opened."""

    root: Path
    cache: StatCache
    opened: list[str] = field(default_factory=list)

    def context(self, ignore: str = "", cache: StatCache | None = None) -> BuildContext:
        rules = IgnoreRules.parse(ignore)
        return BuildContext(self.root, rules.ignores, reinclude=rules.has_exceptions, cache=cache)

    def look(self, *paths: str, ignore: str = "") -> Looked:
        """As a build that copies these paths does, "" being all."""
        context = self.context(ignore, self.cache)
        digests = [checksum(context, path.encode()) for path in paths or ("",)]
        context.save()
        return Looked(" ".join(digests), context.facts.hashed)

    def truth(self, *paths: str, ignore: str = "") -> str:
        """The same without a cache."""
        context = self.context(ignore)
        return " ".join(checksum(context, path.encode()) for path in paths or ("",))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    root = tmp_path / "context"
    for path, content in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    (root / "link").symlink_to("a.txt")
    (root / "d" / "link").symlink_to("one")
    made = Project(root, StatCache(tmp_path / "store"))
    really_open = os.open

    def watched(path, *arguments, **more):
        if os.fspath(path).startswith(os.fsencode(root)) if isinstance(path, bytes) else False:
            made.opened.append(os.fsdecode(path)[len(str(root)) + 1 :])
        return really_open(path, *arguments, **more)

    monkeypatch.setattr(os, "open", watched)
    return made


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """All files are old enough to be believed when they are looked at first, as if one had waited."""
    monkeypatch.setattr(stat_cache, "_RACY_NS", -(10**12))


def rewritten(root: Path) -> None:
    """Other bytes, as many, at the same time of the same file."""
    before = (root / "d/one").stat()
    with (root / "d/one").open("r+") as file:
        file.write("9999")
    os.utime(root / "d/one", ns=(before.st_atime_ns, before.st_mtime_ns))
    after = (root / "d/one").stat()
    same = ("st_size", "st_mtime_ns", "st_ino", "st_mode")
    assert all(getattr(before, name) == getattr(after, name) for name in same)


def replaced(root: Path) -> None:
    """Another file moved over it, as editors do, with its size and time."""
    before = (root / "d/one").stat()
    (root / "new").write_text("9999")
    os.utime(root / "new", ns=(before.st_atime_ns, before.st_mtime_ns))
    (root / "new").rename(root / "d/one")


def exchanged(root: Path) -> None:
    """Two files of one size, each under the other's name."""
    (root / "d/one").rename(root / "d/x")
    (root / "d/two").rename(root / "d/one")
    (root / "d/x").rename(root / "d/two")


def folders_exchanged(root: Path) -> None:
    (root / "d").rename(root / "x")
    (root / "f").rename(root / "d")
    (root / "x").rename(root / "f")


def link_instead(root: Path) -> None:
    (root / "d/one").unlink()
    (root / "d/one").symlink_to("two")


def link_elsewhere(root: Path) -> None:
    (root / "d/link").unlink()
    (root / "d/link").symlink_to("two")


def file_instead_of_link(root: Path) -> None:
    (root / "d/link").unlink()
    (root / "d/link").write_text("one")


def folder_instead(root: Path) -> None:
    (root / "d/one").unlink()
    (root / "d/one").mkdir()


# What is done to the context, and how many files have to be read to see it.
CHANGES = {
    "nothing": (Path.exists, 0),
    "bytes, with the old time": (rewritten, 1),
    "another file, with the old time": (replaced, 1),
    "two names": (exchanged, 2),
    "two folders": (folders_exchanged, 4),
    "renamed": (lambda root: (root / "d/one").rename(root / "d/three"), 1),
    "a folder renamed": (lambda root: (root / "d").rename(root / "g"), 3),
    "removed": (lambda root: (root / "d/one").unlink(), 0),
    "added": (lambda root: (root / "d/e/more").write_text("more"), 1),
    "an empty folder": (lambda root: (root / "d/empty").mkdir(), 0),
    "a link instead": (link_instead, 0),
    "a link elsewhere": (link_elsewhere, 0),
    "a file instead of a link": (file_instead_of_link, 1),
    "a folder instead": (folder_instead, 0),
    "a mode": (lambda root: (root / "d/one").chmod(0o755), 1),
    "a folder's mode": (lambda root: (root / "d/e").chmod(0o700), 0),
    "longer": (lambda root: (root / "a.txt").write_text("aaaaa"), 1),
}
SAME = ("nothing",)


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("paths", [("",), ("d",), ("d/one", "d/two", "d/e")], ids=str)
def test_every_change_is_found(project: Project, change: str, paths: tuple[str, ...]) -> None:
    first = project.look(*paths)
    assert first.digest == project.truth(*paths)
    edit, _ = CHANGES[change]
    edit(project.root)
    now = project.look(*paths)
    assert now.digest == project.truth(*paths)
    assert project.look(*paths) == Looked(now.digest, 0)


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize(("change", "reads"), [(name, reads) for name, (_, reads) in CHANGES.items()])
def test_only_what_has_changed_is_read(project: Project, change: str, reads: int) -> None:
    before = project.look()
    assert before.read == len(FILES)
    CHANGES[change][0](project.root)
    now = project.look()
    assert (now.digest != before.digest, now.read) == (change not in SAME, reads)


@pytest.mark.usefixtures("later")
def test_a_time_is_no_change_but_read_again(project: Project) -> None:
    before = project.look()
    os.utime(project.root / "a.txt", (1, 1))
    assert project.look() == Looked(before.digest, 1)


def test_what_is_as_young_as_the_cache_is_not_believed(project: Project) -> None:
    before = project.look("d/one")
    # Within one tick of the clock nothing that stat(2) says need change.
    assert project.look("d/one") == Looked(before.digest, 1)


def same_tick(project: Project, monkeypatch: pytest.MonkeyPatch, path: str, content: str) -> None:
    """Write a file such that stat(2) says of it what it said before: from now on it always will."""
    known = os.lstat(project.root / path)
    (project.root / path).write_text(content)
    really = context_module._row

    def row(item):
        found = really(item)
        if found is None or item.inode() != known.st_ino:
            return found
        return found[0], known.st_mode, known.st_size, known.st_mtime_ns, known.st_ctime_ns, known.st_ino

    monkeypatch.setattr(context_module, "_row", row)


@pytest.mark.parametrize("between", [(), ("a.txt",), ("f",), ("d/e",)], ids=str)
def test_a_file_written_twice_in_one_tick_is_found(
    project: Project, monkeypatch: pytest.MonkeyPatch, between: tuple[str, ...]
) -> None:
    before = project.look("d")
    same_tick(project, monkeypatch, "d/one", "9999")
    # Whatever is looked at meanwhile, and however much later: the doubt stays.
    monkeypatch.setattr(time, "time_ns", lambda: os.lstat(project.root).st_mtime_ns + 3600 * 10**9)
    for path in between:
        project.look(path)
        project.look(path)
    assert project.look("d").digest == project.truth("d") != before.digest
    assert project.look("d") == Looked(project.truth("d"), 0)


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("", "*.txt"),
        ("*.txt", ""),
        ("d", "d\n!d/one"),
        ("d\n!d/one", "d\n!d/two"),
        ("d/e", "**/deep"),
        ("*\n!d", "*\n!f"),
        ("d\n!d/nothing", ""),
    ],
)
def test_the_ignore_file_changes(project: Project, first: str, then: str) -> None:
    assert project.look(ignore=first).digest == project.truth(ignore=first)
    now = project.look(ignore=then)
    assert now.digest == project.truth(ignore=then) != project.truth(ignore=first)
    assert project.look(ignore=then) == Looked(now.digest, 0)


@pytest.mark.usefixtures("later")
def test_two_dockerfiles_in_one_context_do_not_forget_what_the_other_one_knew(project: Project) -> None:
    one, other = project.look("d"), project.look("f", "a.txt")
    assert (one.read, other.read) == (3, 2)
    assert project.look("d") == Looked(one.digest, 0)
    assert project.look("f", "a.txt") == Looked(other.digest, 0)
    (project.root / "b.txt").write_text("of no interest to them")
    assert project.look("d") == Looked(one.digest, 0)
    assert project.look("f", "a.txt") == Looked(other.digest, 0)
    rewritten(project.root)
    assert project.look("f", "a.txt") == Looked(other.digest, 0)
    assert project.look("d") == Looked(project.truth("d"), 1)


@pytest.mark.usefixtures("later")
def test_a_link_of_which_nobody_has_asked_keeps_its_target(project: Project) -> None:
    project.look("d/one")
    (project.root / "d/more").write_text("more")  # the folder is listed again, with what is known of its rows
    context = project.context(cache=project.cache)
    targets = {
        entry.path: entry.target
        for entry in walk(context, b"")
        if stat.S_ISLNK(os.lstat(place(project, entry.path)).st_mode)
    }
    assert targets == {b"link": b"a.txt", b"d/link": b"one"}
    assert checksum(context, b"").encode() == project.truth().encode()


def place(project: Project, path: bytes) -> bytes:
    return os.path.join(os.fsencode(project.root), path)


@pytest.mark.usefixtures("later")
def test_ten_thousand_unchanged_files_are_not_opened(project: Project) -> None:
    for number in range(10_000):
        folder = project.root / "many" / str(number % 100)
        if number < 100:
            folder.mkdir(parents=True)
        (folder / str(number)).write_text(str(number))
    before = project.look()
    assert len(project.opened) == before.read == 10_000 + len(FILES)
    project.opened.clear()
    assert project.look() == Looked(before.digest, 0)
    assert project.opened == []
    (project.root / "many/42/42").write_text("43")
    assert project.look().digest != before.digest
    assert project.opened == ["many/42/42"]


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize(
    "content", ["", "{", '{"format": 99, "taken": 1}', '{"taken": 1}', '{"format": 1, "taken": 9}\nx', "\0"]
)
def test_a_broken_cache_is_no_cache(project: Project, content: str) -> None:
    before = project.look()
    for path in (project.cache._directory).glob("*.txt"):
        path.write_text(content)
    assert project.look() == Looked(before.digest, len(FILES))
    assert project.look() == Looked(before.digest, 0)
