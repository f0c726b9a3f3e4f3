"""Which image stands on which, told by their layers; and of real images."""

from typing import Any

import pytest

from pydock_lab.engine.image_trees import image_tree
from pydock_lab.engine.values import ContainerSummary
from pydock_lab.views import ImageTree


class Found:
    """An image with these layers, one letter each."""

    def __init__(self, name: str, layers: str, age: int = 5) -> None:
        self.image_id, self.references = f"id-{name}", (Named(name),)
        self.config = Config(layers, f"2026-01-0{age}")
        self.manifest = Parts(layers)


class Named:
    def __init__(self, familiar: str) -> None:
        self.familiar = familiar


class Config:
    def __init__(self, layers: str, created: str) -> None:
        self.diff_ids, self.created, self.history = tuple(layers), created, ()


class Parts:
    def __init__(self, layers: str) -> None:
        self.layers = [Sized() for _ in layers]


class Sized:
    size = 10


def grown(*images: Any, containers: tuple[ContainerSummary, ...] = ()) -> ImageTree:
    return image_tree(images, containers)


def shape(tree: ImageTree) -> list[tuple[int, str, int]]:
    return [(branch.depth, branch.image.title, len(branch.image.layers)) for branch in tree.branches()]


def test_an_image_stands_on_the_longest_that_it_begins_with() -> None:
    tree = grown(Found("c", "ABC"), Found("a", "A", 1), Found("b", "AB", 2), Found("other", "X", 3))
    assert shape(tree) == [(0, "a", 1), (1, "b", 1), (2, "c", 1), (0, "other", 1)]
    assert (tree.stored, tree.unshared) == (40, 70)


def test_what_two_share_without_a_name() -> None:
    tree = grown(Found("base", "A", 1), Found("x", "ABCX", 2), Found("y", "ABCY", 3), Found("z", "AZ", 4))
    assert shape(tree) == [(0, "base", 1), (1, "", 2), (2, "x", 1), (2, "y", 1), (1, "z", 1)]
    assert not next(branch for branch in tree.branches() if not branch.image.title).image.image_id


def test_the_same_layers_and_another_configuration() -> None:
    tree = grown(Found("new", "AB", 3), Found("old", "AB", 2), Found("top", "ABC", 4), Found("base", "A", 1))
    assert shape(tree) == [(0, "base", 1), (1, "old", 1), (2, "new", 0), (2, "top", 1)]


def test_of_nothing_and_of_one() -> None:
    assert grown().roots == ()
    assert shape(grown(Found("empty", ""))) == [(0, "empty", 0)]
    assert shape(grown(Found("one", "AB"), Found("two", "AB"))) == [(0, "one", 2), (1, "two", 0)]


def test_containers_stand_at_their_image() -> None:
    summaries = tuple(
        ContainerSummary(id=name, name=name, image="a", command="", created=0, state=state, status="", image_id="id-a")
        for name, state in (("web", "running"), ("old", "exited"))
    )
    (root,) = grown(Found("a", "A"), containers=summaries).roots
    assert [(one.name, one.runs) for one in root.containers] == [("web", True), ("old", False)]


@pytest.mark.usefixtures("containers")
def test_of_real_images(engine: Any) -> None:
    engine.build("FROM lab/base\nRUN echo a > /a\n", "tree/a:1")
    engine.build("FROM tree/a:1\nRUN echo b > /b\nCMD b\n", "tree/b:1")
    engine.build("FROM tree/a:1\nLABEL only=words\n", "tree/c:1")
    engine.run("tree/b:1", "true", name="user")
    rows = [(branch.depth, branch.image.title, branch.image.own_size > 0) for branch in engine.image_tree().branches()]
    assert rows[:2] == [(0, "lab/base:latest", True), (1, "tree/a:1", True)]
    assert sorted(rows[2:]) == [(2, "tree/b:1", True), (2, "tree/c:1", False)]
    assert [one.name for branch in engine.image_tree().branches() for one in branch.image.containers] == ["user"]
