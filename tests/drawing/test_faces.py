"""The faces of a view: picture, text, page, graph, and what is behind each part."""

import base64
import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

import graphviz as graphviz_package
import pytest
from samples import views
from samples.gallery import HOSTILE_VIEWS, USUAL

from pydock_lab import drawing, locale
from pydock_lab.drawing import Theme
from pydock_lab.views import LayerStack, Origin, View

ALL = pytest.mark.parametrize("name", USUAL)
BOTH = pytest.mark.parametrize("language", locale.LANGUAGES)


@ALL
@BOTH
def test_every_part_has_its_details_and_a_label(name: str, language: str) -> None:
    root = ET.fromstring(drawing.to_svg(USUAL[name], theme=Theme.HOST, language=language))
    picks = [node for node in root.iter() if node.get("data-pick")]
    keys = [node.get("data-pick") for node in picks]
    assert len(keys) == len(set(keys)) > 0
    known = [detail.key for detail in drawing.details(USUAL[name], language=language)]
    assert [key for key in known if key in keys] == keys
    assert all(node.get("aria-label") and node.get("role") in ("option", "treeitem") for node in picks)


def test_a_picture_alone_is_one_image_and_in_a_page_a_group() -> None:
    roles = {theme: ET.fromstring(drawing.to_svg(views.SHOP, theme=theme)).get("role") for theme in Theme}
    assert roles == {Theme.AUTO: "img", Theme.LIGHT: "img", Theme.DARK: "img", Theme.HOST: "group"}


def without_keys(svg: str) -> str:
    """What an `<img>` shows: nobody can choose its parts."""
    start, _, parts = svg.partition(">")
    return f"{start}>" + re.sub(r' (?:id|role|aria-[a-z]+|data-[a-z]+)="[^"]*"', "", parts)


@ALL
def test_a_page_gets_the_picture_and_the_words(name: str) -> None:
    bundle = drawing.mimebundle(USUAL[name], language="fr")
    found = re.search(r'<img alt="([^"]+)" src="data:image/svg\+xml;base64,([^"]+)"', bundle["text/html"])
    assert found
    assert base64.b64decode(found[2]).decode() == without_keys(drawing.to_svg(USUAL[name], language="fr"))
    assert bundle["text/plain"] == drawing.to_text(USUAL[name], language="fr")


def test_the_alternative_text_tells_the_layers_and_the_lesson() -> None:
    html = drawing.mimebundle(views.SHOP, language="en")["text/html"]
    assert "RUN rm -r /usr/share/doc" in html
    assert "6.1 MB were deleted, and are still in the layers below" in html


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        (Origin.CACHED, "every layer came from the cache"),
        (Origin.BASE, "holds only what its step changed"),
    ],
)
def test_the_lesson_follows_what_is_seen(origin: Origin, words: str) -> None:
    row = views.layer(0, "RUN x", origin, 10)
    stack = LayerStack(name="x", image_id="", digest="", platform="", rows=(row,))
    assert words in drawing.to_text(stack, language="en")


@ALL
def test_dot_reads_the_graph(name: str, need: Callable[[str], str]) -> None:
    need("dot")
    assert "<svg" in drawing.graphviz(USUAL[name]).pipe(format="svg", encoding="utf-8")


def test_dot_reads_hostile_names(need: Callable[[str], str]) -> None:
    need("dot")
    for view in HOSTILE_VIEWS.values():
        assert "&lt;/text&gt;" in drawing.graphviz(view).pipe(format="svg", encoding="utf-8")


def test_without_dot_there_are_words_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_args: object, **_options: object) -> str:
        raise graphviz_package.ExecutableNotFound(["dot"])

    monkeypatch.setattr(graphviz_package.Source, "pipe", missing)
    shown = drawing.graphviz(views.SHOP)._repr_mimebundle_()["text/plain"]
    assert shown.startswith("Graphviz's program dot is not installed here")
    assert "digraph {" in shown


@pytest.mark.parametrize("face", [drawing.to_svg, drawing.to_text, drawing.to_dot, drawing.details])
def test_an_unknown_view_is_refused(face: Callable[[View], object]) -> None:
    with pytest.raises(TypeError):
        face(View())


def test_both_languages_say_the_same_things() -> None:
    english, french = (locale.catalog(language, "drawing") for language in ("en", "fr"))
    assert english.keys() == french.keys()
    fields = re.compile(r"\{(\w+)")
    differing = [key for key in english if set(fields.findall(english[key])) != set(fields.findall(french[key]))]
    assert differing == []
