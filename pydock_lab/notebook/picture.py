"""The base of all widgets: a drawing made in Python, brought to life by a little JavaScript.

    Python                                          browser
    drawing.to_svg(view)  ──── svg, details ────▶   selection, keys, details panel
    widget.selected       ◀─── selected, width ──   click, arrow keys, the room that there is

There is one drawing. The same SVG is the static picture in the saved notebook, so nothing is drawn twice, and what a
browser needs in addition is small: `static/picture.js`. It tells how wide the page is, and the picture is laid out
anew for that width, rather than scaled.
"""

from dataclasses import asdict
from functools import lru_cache
from importlib import resources
from typing import Any, ClassVar

import anywidget
import traitlets

from pydock_lab import drawing, locale
from pydock_lab.drawing import Detail, Theme
from pydock_lab.views import View

_STATIC = resources.files("pydock_lab.notebook").joinpath("static")
_REMEMBERED = 1024  # details
_WORDS = "page-"  # texts of the area `notebook` that the browser needs


def script(*names: str) -> str:
    """The JavaScript of a picture: what all share, and what is its own (no imports, so no build step)."""
    return joined("make.js", "picture.js", *names)


def joined(*names: str) -> str:
    """Several scripts as one."""
    return "\n".join(_STATIC.joinpath(name).read_text(encoding="utf-8") for name in names)


def style() -> str:
    """The CSS of all widgets: the colours of the drawings, following the page's theme, and the panel beside them."""
    return drawing.host_stylesheet() + _STATIC.joinpath("picture.css").read_text(encoding="utf-8")


def page_words() -> dict[str, dict[str, str]]:
    """The browser's own words, by language, so that a page can be switched without Python."""
    return {
        language: {
            name.removeprefix(_WORDS): text
            for name, text in locale.catalog(language, "notebook").items()
            if name.startswith(_WORDS)
        }
        for language in locale.LANGUAGES
    }


@lru_cache(maxsize=_REMEMBERED)  # a picture that is drawn anew says mostly the same
def _plain(detail: Detail) -> dict[str, Any]:
    """As the page gets it."""
    return asdict(detail)


class Picture(anywidget.AnyWidget):
    """A view as a picture that can be explored; `selected` is the key of the chosen part, "" for none.

    `said` is a sentence of the kernel's own, which the page shows and a screen reader says.
    """

    _css: ClassVar[str] = style()

    svg = traitlets.Unicode().tag(sync=True)
    details: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    words = traitlets.Dict().tag(sync=True)
    language = traitlets.Unicode().tag(sync=True)
    selected = traitlets.Unicode("").tag(sync=True)
    said = traitlets.Unicode("").tag(sync=True)
    width = traitlets.Int(drawing.DEFAULT_WIDTH).tag(sync=True)
    live = traitlets.Bool(False).tag(sync=True)

    def __init__(self, view: View, *, language: str | None = None, **traits: Any) -> None:
        self._view = view
        super().__init__(language=language or locale.lang(), words=page_words(), **traits)
        self._draw()
        self.observe(self._redraw, ["width", "language"])

    @property
    def view(self) -> View:
        """What is drawn; setting it draws anew."""
        return self._view

    @view.setter
    def view(self, view: View) -> None:
        self._view = view
        self._draw()

    @property
    def command(self) -> str:
        """The docker command of the selected part, "" where nothing is selected."""
        return next((each["command"] for each in self.details if each["key"] == self.selected), "")

    def to_dot(self) -> str:
        """The view as a graph in Graphviz's language."""
        return drawing.to_dot(self._view, language=self.language)

    @property
    def graphviz(self) -> Any:
        """The view as a graph of the `graphviz` package."""
        return drawing.graphviz(self._view, language=self.language)

    def _redraw(self, _change: object) -> None:
        self._draw()

    def _draw(self) -> None:
        svg = drawing.to_svg(self._view, width=self.width, theme=Theme.HOST, language=self.language)
        details = [_plain(detail) for detail in drawing.details(self._view, language=self.language)]
        # One message: a picture must never stand beside the details of another one.
        with self.hold_sync():
            self.svg, self.details = svg, details
            if self.selected and not any(detail["key"] == self.selected for detail in details):
                self.selected = ""

    def _number(self, prefix: str) -> tuple[int, ...] | None:
        """The numbers in the key of the selected part, where it is one of `prefix-1-2`."""
        kind, *numbers = self.selected.split("-")
        return tuple(map(int, numbers)) if kind == prefix else None

    def __repr__(self) -> str:
        return drawing.to_text(self._view, language=self.language)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """The widget, and beside it what stays when there is no kernel: the picture, and the text."""
        found = super()._repr_mimebundle_(**options)
        if found is None:
            return None
        data, metadata = found if isinstance(found, tuple) else (found, {})
        return dict(data) | drawing.mimebundle(self._still(), language=self.language), metadata

    def _still(self) -> View:
        """The view as it is drawn where nobody is there to answer."""
        return self._view
