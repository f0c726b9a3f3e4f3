import pytest
from samples.trees import file, folder, link, tree

from pydock_lab.build.copying import Copier, CopyRequest
from pydock_lab.build.modes import ModeChange
from pydock_lab.build.selection import selected
from pydock_lab.build.steps import PathSource
from pydock_lab.errors import BuildError

SOURCE = [
    file("a.py", "a", mtime=50),
    file("b.py", "b", mode=0o600),
    folder("lib", mode=0o711),
    file("lib/c.py", "c", uid=5, gid=6),
    link("lib/l", "c.py"),
    link("to-a", "a.py"),
]
BELOW = [folder("usr"), folder("usr/bin", mode=0o751, uid=7, mtime=3), link("bin", "usr/bin"), file("etc", "a file")]


def select_paths(source, pattern, *excludes):
    return selected(PathSource(written=pattern, path=f"/{pattern}"), source, excludes)


def copied(*patterns: str, to: str, below=BELOW, **more):
    copier = Copier(tree(below))
    source = tree(SOURCE)
    for pattern in patterns:
        for one in select_paths(source, pattern):
            copier.copy(one, CopyRequest(destination=to, **more))
    return {entry.path.decode(): entry for entry in copier.finish().in_order()}


@pytest.mark.parametrize(
    ("patterns", "to", "paths"),
    [
        (["a.py"], "/x", ["x"]),
        (["a.py"], "/x/", ["x", "x/a.py"]),
        (["a.py"], "/usr/bin", ["usr", "usr/bin", "usr/bin/a.py"]),
        (["a.py"], "/bin/", ["usr", "usr/bin", "usr/bin/a.py"]),
        (["a.py", "lib"], "/app/", ["app", "app/a.py", "app/c.py", "app/l"]),
        (["lib"], "/app", ["app", "app/c.py", "app/l"]),
        (["*.py"], "/d/", ["d", "d/a.py", "d/b.py"]),
        (["to-a"], "/d/", ["d", "d/to-a"]),
        (["."], "/all", ["all", "all/a.py", "all/b.py", "all/lib", "all/lib/c.py", "all/lib/l", "all/to-a"]),
    ],
)
def test_where_files_go(patterns, to, paths):
    assert list(copied(*patterns, to=to)) == paths


def test_folders_on_the_way_are_as_they_are_below():
    found = copied("a.py", to="/bin/")["usr/bin"]
    assert (found.mode, found.uid, found.mtime) == (0o751, 7, 3)


def test_new_folders_are_root_s_and_as_new_as_what_is_in_them():
    found = copied("a.py", to="/new/")["new"]
    assert (found.mode, found.uid, found.mtime) == (0o755, 0, 50)


def test_a_copied_folder_keeps_its_mode_unless_the_slash_made_it():
    assert copied("lib", to="/x")["x"].mode == 0o711
    assert copied("lib", to="/x/")["x"].mode == 0o755


@pytest.mark.parametrize(
    ("more", "owner", "mode"),
    [
        ({}, (0, 0), 0o644),
        ({"keep_owner": True}, (5, 6), 0o644),
        ({"owner": (1, 2)}, (1, 2), 0o644),
        ({"mode": ModeChange.parse("700")}, (0, 0), 0o700),
        ({"mode": ModeChange.parse("u+x,go-r")}, (0, 0), 0o700),
    ],
)
def test_owner_and_mode(more, owner, mode):
    found = copied("lib", to="/x", **more)["x/c.py"]
    assert ((found.uid, found.gid), found.mode) == (owner, mode)


@pytest.mark.parametrize(
    ("patterns", "to", "says"),
    [
        (["missing"], "/x", "missing"),
        (["lib"], "/etc", "/etc"),
        (["a.py"], "/etc/x", "/etc"),
    ],
)
def test_what_cannot_be_copied(patterns, to, says):
    with pytest.raises(BuildError, match=says):
        copied(*patterns, to=to)


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("755", 0o600, 0o755),
        ("0644", 0o777, 0o644),
        ("u+x", 0o644, 0o744),
        ("a=rX", 0o640, 0o444),
        ("a=rX", 0o740, 0o555),
        ("go-w,u+s", 0o666, 0o4644),
        ("+t", 0o755, 0o1755),
    ],
)
def test_modes(text, before, after):
    assert ModeChange.parse(text).apply(before, is_folder=False) == after


@pytest.mark.parametrize("text", ["", "9", "u*x", "rwx", "77777"])
def test_modes_that_are_none(text):
    with pytest.raises(BuildError, match="chmod"):
        ModeChange.parse(text)
