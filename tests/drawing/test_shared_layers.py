"""Which layers two images share, and what is said of it."""

from dataclasses import replace

import pytest
from samples import beside
from samples.views import config, layer

from pydock_lab.drawing import Theme, details, to_svg, to_text
from pydock_lab.views import LayerStack, Origin, SharedLayers


def stack(name: str, layers: str) -> LayerStack:
    """An image with these layers, one letter each; small ones are configuration."""
    rows = tuple(
        layer(at, letter, Origin.BUILT, 100) if letter.isupper() else config(at, letter)
        for at, letter in enumerate(layers)
    )
    return LayerStack(name=name, image_id="", digest="", platform="", rows=rows)


@pytest.mark.parametrize(
    ("first", "second", "shared", "alone", "lesson"),
    [
        ("ABC", "ABD", "AB", ("C", "D"), "Both together take 400 B, not 600 B"),
        ("AB", "ABC", "AB", ("", "C"), "two is one with more on top"),
        ("ABC", "A", "A", ("BC", ""), "one is two with more on top"),
        ("AB", "AB", "AB", ("", ""), "one and two have the same layers"),
        ("AB", "CB", "", ("AB", "CB"), "one and two have nothing in common"),
        ("", "A", "", ("", "A"), "one and two have nothing in common"),
        # What writes no layer may differ: Docker knows a layer by what is below it, not by the history.
        ("AxB", "AyBC", "AB", ("", "C"), "two is one with more on top"),
        ("ABD", "ACD", "A", ("BD", "CD"), "the same content is another layer"),
    ],
)
def test_a_layer_is_shared_with_all_that_is_below_it(
    first: str, second: str, shared: str, alone: tuple[str, str], lesson: str
) -> None:
    view = SharedLayers(first=stack("one", first), second=stack("two", second))
    parts = view.shared, view.only_first, view.only_second
    assert tuple("".join(layer.row.instruction for layer in part) for part in parts) == (shared, *alone)
    assert (view.shared_size, view.sizes) == (100 * len(shared), (100 * len(alone[0]), 100 * len(alone[1])))
    assert lesson in to_text(view, language="en")


def test_every_layer_is_there_once_and_says_whose_it_is() -> None:
    found = details(beside.BESIDE, language="en")
    assert [one.key for one in found] == ["first-4", "first-3", "second-3", "second-2", "shared-1", "shared-0"]
    assert [dict(one.facts)["in"] for one in found[::2]] == ["shop:1.2", "blog:3", "both images"]
    assert dict(found[0].facts)["also"] == "same content as layer 4 of the other"
    assert found[2].command == "docker history --no-trunc blog:3"
    svg = to_svg(beside.BESIDE, theme=Theme.HOST)
    assert all(f'data-pick="{one.key}"' in svg for one in found)


def test_two_images_without_bytes_have_a_scale_all_the_same() -> None:
    empty = replace(beside.SHOP, rows=())
    assert "0 B" in to_svg(SharedLayers(first=empty, second=empty), language="en")
