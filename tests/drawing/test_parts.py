"""Prints, ghosts, branches: what the pictures know before they are drawn."""

import pytest
from samples.views import BASE, REGISTRY, SHOP, blob, change, digest, layer, manifest

from pydock_lab.drawing import prints, to_svg
from pydock_lab.drawing.branches import branches, sharing
from pydock_lab.drawing.ghosts import ghosts
from pydock_lab.views import LayerRow, ManifestView, Origin, RepositoryView, TagTree, TagView


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("sha256:00081018ff07" + "0" * 52, [(0, 0), (0, 1), (0, 2), (0, 3), (7, 3), (7, 0)]),
        ("", []),
        ("sha256:xyz", []),
    ],
)
def test_a_print_is_the_first_six_bytes(text: str, cells: list[tuple[int, int]]) -> None:
    assert list(prints.cells(text)) == cells


def test_a_print_in_a_terminal_is_always_six_wide() -> None:
    assert {len(prints.text(text)) for text in ("", digest("a"), digest("b"))} == {6}


@pytest.mark.parametrize(
    ("whole", "short"),
    [("sha256:" + "0123456789ab" * 5 + "cdef", "sha256:0123…cdef"), ("", ""), ("sha256:12", "sha256:12")],
)
def test_digests_are_shortened(whole: str, short: str) -> None:
    assert prints.short(whole) == short


def test_a_deleted_folder_is_found_in_the_base() -> None:
    assert [(found.upper, found.lower, found.size) for found in ghosts(SHOP.rows)] == [(5, 0, 6_100_000)]


@pytest.mark.parametrize(
    ("deleted", "size"),
    [("/a", 30), ("/a/x", 10), ("/a/y", 20), ("/a.txt", 5), ("/b", 0)],
)
def test_a_deletion_hides_a_path_and_what_is_below_it(deleted: str, size: int) -> None:
    lower = layer(
        0, "COPY", Origin.BUILT, 35, change("+", "/a/x", 10), change("+", "/a.txt", 5), change("~", "/a/y", 20)
    )
    upper = layer(1, "RUN", Origin.BUILT, 0, change("-", deleted))
    assert sum(found.size for found in ghosts((lower, upper))) == size


def test_many_changes_are_quick() -> None:
    rows: list[LayerRow] = [
        layer(at, str(at), Origin.BUILT, 1, *(change(sign, f"/{at % 3}/{n}", 1) for n in range(200) for sign in "+-"))
        for at in range(40)
    ]
    assert ghosts(rows)


def test_tags_meet_in_their_digest() -> None:
    shop, base, empty = (branches(repository) for repository in REGISTRY.repositories)
    assert [branch.tags for branch in shop] == [("1.2", "latest"), ("1.1",)]
    assert [(branch.tags, branch.depth) for branch in base] == [(("stable", "2026-11"), 0), ((), 1), ((), 1), ((), 0)]
    assert empty == ()


def test_a_tag_of_nothing_and_a_ring_of_indexes_are_shown_once() -> None:
    ring = ManifestView(digest=digest("ring"), media_type="", size=1, children=(digest("ring"), digest("gone")))
    repository = RepositoryView(name="r", tags=(TagView(name="t", digest=digest("gone")),), manifests=(ring,))
    assert [(branch.digest, branch.manifest) for branch in branches(repository)] == [
        (digest("ring"), ring),
        (digest("gone"), None),
    ]


def test_a_shared_layer_is_stored_once() -> None:
    one, two = manifest("one", blob("base", 100), blob("a", 1)), manifest("two", blob("base", 100))
    view = TagTree(host="h", repositories=(RepositoryView(name="r", tags=(), manifests=(one, two)),))
    found = sharing(view)
    assert (found.stored, found.unshared, found.users[digest("blob base")]) == (101, 201, 2)


def test_the_base_has_no_ghost() -> None:
    assert ghosts((BASE,)) == ()


@pytest.mark.parametrize("name", ["1", "1.0", "latest", "2026-11"])
def test_a_tag_alone_is_not_clipped(name: str) -> None:
    """Its pill is made for it: not a hundredth of a pixel may be missing."""
    poem = manifest("poem")
    shelf = RepositoryView(name="poem", tags=(TagView(name=name, digest=poem.digest),), manifests=(poem,))
    assert f">{name}<" in to_svg(TagTree(host="h", repositories=(shelf,)))
