"""One visual language for everything that a person sees: views become SVG, text, HTML and graphs.

    view ──▶ to_svg      a picture, in two themes and two languages, at any width
         ──▶ to_text     the same for a terminal
         ──▶ mimebundle  both, as a notebook shows and keeps them
         ──▶ to_dot      the same as a graph, for those who draw graphs

All functions are pure: no notebook, no engine, no I/O. What a colour, a dash and a print mean is said in `palette`
and `prints`; how wide a text is, in `metrics`.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from pydock_lab.drawing import (
    argument_vector,
    build_trace,
    context_tree,
    context_weight,
    dot,
    edits,
    exchange,
    explained,
    facets,
    guessed,
    html,
    image_tree,
    image_weight,
    instances,
    layers,
    namespaces,
    run_trace,
    shared_layers,
    tag_story,
    tags,
    text,
)
from pydock_lab.drawing.detail import Detail
from pydock_lab.drawing.details import details as _details
from pydock_lab.drawing.frame import Drawing
from pydock_lab.drawing.legend import draw as _draw_legend
from pydock_lab.drawing.painted import Painted
from pydock_lab.drawing.palette import Theme, host_stylesheet
from pydock_lab.drawing.shapes import Page
from pydock_lab.drawing.speech import Speech
from pydock_lab.views import (
    ArgumentVector,
    BuildTrace,
    ContextTree,
    ContextWeight,
    Doctor,
    Explanation,
    Guess,
    ImageTree,
    Instances,
    LayerStack,
    Namespaces,
    RunTrace,
    SharedLayers,
    TagStory,
    TagTree,
    TransferTrace,
    View,
    Weight,
    WhatIf,
)

if TYPE_CHECKING:
    from pydock_lab.drawing.graph import Graph

MIN_WIDTH, MAX_WIDTH = 480, 1600
DEFAULT_WIDTH = 860
_DRAWN_BY: dict[type[View], Callable[[Any, Page], Drawing]] = {
    LayerStack: layers.draw,
    Instances: instances.draw,
    TagTree: tags.draw,
    TagStory: tag_story.draw,
    ArgumentVector: argument_vector.draw,
    TransferTrace: exchange.draw,
    Doctor: facets.draw,
    Namespaces: namespaces.draw,
    Explanation: explained.draw,
    Guess: guessed.draw,
    ImageTree: image_tree.draw,
    SharedLayers: shared_layers.draw,
    Weight: image_weight.draw,
    ContextTree: context_tree.draw,
    ContextWeight: context_weight.draw,
    WhatIf: edits.draw,
}

__all__ = [
    "DEFAULT_WIDTH",
    "MAX_WIDTH",
    "MIN_WIDTH",
    "Detail",
    "Theme",
    "details",
    "graphviz",
    "host_stylesheet",
    "kept_details",
    "legend",
    "mimebundle",
    "to_dot",
    "to_svg",
    "to_text",
]


def to_svg(view: View, *, width: int = DEFAULT_WIDTH, theme: Theme = Theme.AUTO, language: str | None = None) -> str:
    """The view as an SVG document `width` pixels wide (480 to 1600, else the nearest of these).

    Raises TypeError for a view that has no drawing.
    """
    # A page that brings it to life has all states of a picture, others the one that says most.
    return _draw(view, width, Speech.of(language), every_state=theme is Theme.HOST).to_svg(theme)


def to_text(view: View, *, language: str | None = None, colours: bool = False) -> str:
    """The view as lines of text, for a terminal in `colours`; raises TypeError for a view that has no drawing."""
    return text.to_text(view, (Painted if colours else Speech).of(language))


def to_dot(view: View, *, language: str | None = None) -> str:
    """The view as a graph in Graphviz's DOT language; raises TypeError for a view that has no drawing."""
    return dot.to_dot(view, Speech.of(language))


def graphviz(view: View, *, language: str | None = None) -> "Graph":
    """The view as a `graphviz.Source`, which shows itself where `dot` is installed, and else says what is missing."""
    from pydock_lab.drawing.graph import Graph  # noqa: PLC0415 - the pictures do not need the package

    return Graph(to_dot(view, language=language))


def mimebundle(view: View, *, width: int = DEFAULT_WIDTH, language: str | None = None) -> dict[str, str]:
    """The view as a notebook keeps it: a picture with its alternative text, and plain text."""
    speech = Speech.of(language)
    drawing = _draw(view, width, speech)
    alternative = html.alternative_text(drawing.label, drawing.lesson, _details(view, speech))
    return {
        "text/html": html.figure(drawing.to_svg(Theme.AUTO, still=True), alternative),
        "text/plain": text.to_text(view, speech),
    }


def legend(*, width: int = MIN_WIDTH, theme: Theme = Theme.AUTO, language: str | None = None) -> str:
    """What the colours, dashes and prints of all pictures mean, as an SVG document."""
    return _draw_legend(_page(width, Speech.of(language))).to_svg(theme)


def details(view: View, *, language: str | None = None) -> tuple[Detail, ...]:
    """What is behind each part of the picture that can be selected, in the order of the keyboard."""
    return tuple(_details(view, Speech.of(language)))


def kept_details(found: Iterable[Detail], *, language: str | None = None) -> tuple[Detail, ...]:
    """Details as a saved notebook keeps them: of files the heaviest alone, and it says so."""
    more = Speech.of(language).say("files-kept")
    return tuple(detail.lightened(more) for detail in found)


def _draw(view: View, width: int, speech: Speech, *, every_state: bool = False) -> Drawing:
    page = _page(width, speech)
    if isinstance(view, BuildTrace):
        return build_trace.draw(view, page, every_state=every_state)
    if isinstance(view, RunTrace):
        return run_trace.draw(view, page, every_state=every_state)
    for kind, draw in _DRAWN_BY.items():
        if isinstance(view, kind):
            return draw(view, page)
    raise TypeError(f"{type(view).__name__} has no drawing")


def _page(width: int, speech: Speech) -> Page:
    return Page(width=max(MIN_WIDTH, min(MAX_WIDTH, width)), speech=speech)
