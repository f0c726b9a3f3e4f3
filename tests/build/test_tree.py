import os

import pytest
from samples.trees import file, folder, link, tree

from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.build.source import checksum, clean, resolve, select, walk
from pydock_lab.errors import BuildError


def names(found) -> list[str]:
    return [entry.path.decode() for entry in walk(found, b"")]


@pytest.mark.parametrize(
    ("layers", "left"),
    [
        ([[file("a")], [file("b")]], ["", "a", "b"]),
        ([[file("a"), file("b")], [file(".wh.a")]], ["", "b"]),
        (
            [[folder("d"), file("d/x"), file("d/y")], [folder("d"), file("d/.wh..wh..opq"), file("d/z")]],
            ["", "d", "d/z"],
        ),
        ([[folder("d"), file("d/x")], [file("d", "now a file")]], ["", "d"]),
        ([[folder("d"), file("d/x")], [file(".wh.d")], [folder("d")]], ["", "d"]),
        ([[file("deep/er/x")]], ["", "deep", "deep/er", "deep/er/x"]),
    ],
)
def test_layers_lie_on_each_other(layers, left):
    assert names(tree(*layers)) == left


def test_the_bytes_come_from_the_layer_that_wrote_last():
    assert tree([file("a", "old")], [file("a", "new")]).read(b"a") == b"new"


def test_of_a_path_that_comes_twice_in_a_layer_the_last_one_counts():
    assert tree([file("a", "old"), file("b", "b"), file("a", "newer")]).read(b"a") == b"newer"


def test_a_hard_link_has_the_bytes_of_its_first_name():
    second = (Entry(path=b"second", type=EntryType.HARDLINK, target=b"first"), b"")
    assert tree([file("first", "same"), second]).read(b"second") == b"same"


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("bin/sh", "usr/bin/sh"),
        ("loop/../bin", "usr/bin"),
        ("up/etc", "etc"),
        ("absolute/x", "usr/bin/x"),
        ("not/there", "not/there"),
    ],
)
def test_links_are_followed_inside_the_root(path, leads_to):
    found = tree([folder("usr/bin"), link("bin", "usr/bin"), link("up", "../../.."), link("absolute", "/usr/bin")])
    assert resolve(found, clean(path)).decode() == leads_to


def test_a_loop_of_links_is_an_error():
    with pytest.raises(BuildError, match="loop"):
        resolve(tree([link("a", "b"), link("b", "a")]), b"a")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.py", ["a.py", "b.py"]),
        ("lib/*", ["lib/c.py", "lib/d"]),
        ("*/c.py", ["lib/c.py"]),
        ("./a.py", ["a.py"]),
        ("../../a.py", ["a.py"]),
        ("[a-a].py", ["a.py"]),
        ("[^a].py", ["b.py"]),
        ("[\\-\\]a].py", ["a.py"]),
        ("[b-a].py", []),
        ("[^b-a].py", ["a.py", "b.py"]),
        ("\\*.py", []),
        ("missing", []),
    ],
)
def test_sources_and_their_wildcards(pattern, found):
    source = tree([file("a.py"), file("b.py"), file("lib/c.py"), file("lib/d")])
    assert [path.decode() for path in select(source, pattern)] == found


@pytest.mark.parametrize("pattern", ["[", "[a", "[a-", "[]", "[-a]", "[]a]", "[\\", "\\"])
def test_a_broken_wildcard_is_an_error(pattern):
    with pytest.raises(BuildError, match="wildcard"):
        select(tree([file("a")]), pattern)


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        (file("f", "x"), file("f", "x", mtime=99), True),
        (file("f", "x"), file("f", "y"), False),
        (file("f", "x"), file("f", "x", mode=0o755), False),
        (file("f", "x"), file("f", "x", uid=33), False),
    ],
)
def test_a_checksum_looks_at_all_but_times(before, after, same):
    assert (checksum(tree([before]), b"") == checksum(tree([after]), b"")) is same


def test_the_checksum_of_a_file_is_buildkits():
    known = "sha256:cd8e75bca50f2d695f220d0cb0997d8ead387e4f926e8669a92d7f104cc9885b"
    assert checksum(tree([file("foo", "data0")]), b"foo") == known


def test_contents_can_be_read_more_than_once():
    found = tree([file("a", "1"), file("b", "2")])
    entries = [found.entry(b"a"), found.entry(b"b")]
    with found.contents(entries) as contents:
        read = [os.read(contents.descriptor(entry), 9) for entry in [*entries, *entries]]
    assert read == [b"1", b"2", b"1", b"2"]
