import hashlib

import pytest
from samples.trees import file, folder, link, tree

from pydock_lab.build.content_key import Selector, content_digest
from pydock_lab.build.source import checksum
from pydock_lab.oci import Digest

TREE = tree(
    [
        folder("d"),
        file("d/a", "1"),
        folder("d/sub"),
        file("d/sub/b.txt", "2"),
        file("d/x.md", "3"),
        link("way", "d"),
        link("d/up", "a"),
    ]
)


def digest(path, **more):
    return content_digest(TREE, Selector(path=path, **more))


def listed(*parts):
    text = b"".join(name.encode() + str(checksum(TREE, path)).encode() for name, path in parts)
    return "sha256:" + hashlib.sha256(text).hexdigest()


@pytest.mark.parametrize("path", ["/d", "d", "/d/", "/way", "/x/../d"])
def test_a_path_is_the_checksum_of_what_it_leads_to(path):
    assert digest(path) == checksum(TREE, b"d")


def test_a_wildcard_is_a_list_of_names_and_checksums():
    assert digest("/d/[ax]*", wildcard=True) == listed(("\0a", b"d/a"), ("\0x.md", b"d/x.md"))


def test_a_link_that_is_meant_is_followed():
    assert digest("/d/u*", wildcard=True) == listed(("\0up", b"d/a"))


def test_the_plain_part_of_a_pattern_may_be_a_link():
    assert digest("/way/a*", wildcard=True) == digest("/d/a*", wildcard=True)


def test_one_file_of_the_name_that_was_asked_for_is_its_checksum():
    assert digest("/d/a", exclude=("*.md",)) == checksum(TREE, b"d/a")


@pytest.mark.parametrize(("path", "more"), [("/q*", {"wildcard": True}), ("/none", {"exclude": ("x",)})])
def test_nothing_is_a_digest_too(path, more):
    assert digest(path, **more) == Digest.of(b"")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"exclude": ("*.md",)}, {"exclude": ("x.*",)}),
        ({"include": ("sub/b.txt",)}, {"include": ("**/b.txt",)}),
        ({"include": ("sub",)}, {"exclude": ("a", "*.md", "up"), "include": ("sub",)}),
        ({"exclude": ("*", "!sub")}, {"exclude": ("[^s]*", "!sub")}),
    ],
)
def test_other_patterns_that_select_the_same_give_the_same(one, other):
    assert digest("/d/", **one) == digest("/d/", **other)


def test_what_is_excluded_does_not_count():
    assert digest("/d", exclude=("sub",)) != digest("/d")
    assert digest("/d", exclude=("sub",)) != digest("/d", exclude=("*.md",))
