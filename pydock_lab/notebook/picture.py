"""The base of all widgets: a drawing made in Python, brought to life by a little JavaScript.

    Python                                            browser
    drawing.to_svg(view)  ──── drawn, behind ─────▶   selection, keys, details panel
                               (svg, details, packed)
    widget.selected       ◀─── selected, width ────   click, arrow keys, the room that there is

There is one drawing. The same SVG is the static picture in the saved notebook, so nothing is drawn twice, and what a
browser needs in addition is small: `static/picture.js`. It tells how wide the page is, and the picture is laid out
anew for that width, rather than scaled.
"""

import json
import zlib
from base64 import b64encode
from importlib import resources
from typing import Any, ClassVar

import anywidget
import traitlets
from IPython.core.getipython import get_ipython

from pydock_lab import drawing, locale
from pydock_lab.drawing import Detail, Theme
from pydock_lab.views import View

_STATIC = resources.files("pydock_lab.notebook").joinpath("static")
_PACKED = 9  # of 750 kB 41 are left, in 10 ms; level 6 takes half the time and leaves 45, level 3 a fifth and leaves 54
_MIME = "application/vnd.pydock-lab.picture+json"  # read by labextension/static/saved.js
_WORDS = "page-"  # texts of the area `notebook` that the browser needs


def script(*names: str) -> str:
    """The JavaScript of a picture: what all share, and what is its own (no imports, so no build step)."""
    return joined("make.js", "picture.js", *names)


def joined(*names: str) -> str:
    """Several scripts, or style sheets, as one."""
    return "\n".join(_STATIC.joinpath(name).read_text(encoding="utf-8") for name in names)


def style() -> str:
    """The CSS of all widgets: the colours of the drawings, following the page's theme, and the panel beside them."""
    # palette.css is `drawing.host_stylesheet()`, written down for pages without Python.
    return joined("palette.css", "picture.css")


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


class Picture(anywidget.AnyWidget):
    """A view as a picture that can be explored; `selected` is the key of the chosen part, "" for none.

    `said` is a sentence of the kernel's own, which the page shows and a screen reader says. `svg` and `details` go to
    the page packed, as `drawn` and `behind`; what has not changed is not sent again.
    """

    _css: ClassVar[str] = style()
    _saved_with: ClassVar[str] = "plain.js"  # the script that brings it to life where there is no kernel

    svg: str
    details: tuple[Detail, ...]

    drawn = traitlets.Bytes().tag(sync=True)
    behind = traitlets.Bytes().tag(sync=True)
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
        self.observe(self._fit, "width")
        self.observe(self._redraw, "language")

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
        return next((each.command for each in self.details if each.key == self.selected), "")

    def to_dot(self) -> str:
        """The view as a graph in Graphviz's language."""
        return drawing.to_dot(self._view, language=self.language)

    @property
    def graphviz(self) -> Any:
        """The view as a graph of the `graphviz` package."""
        return drawing.graphviz(self._view, language=self.language)

    def _fit(self, _change: object) -> None:
        """Lay it out anew: what is behind it stays."""
        self.svg = self._alive(self._view)
        self.drawn = _packed(self.svg)

    def _redraw(self, _change: object) -> None:
        self._draw()

    def _draw(self) -> None:
        self.svg = self._alive(self._view)
        self.details = drawing.details(self._view, language=self.language)
        # One message: a picture must never stand beside the details of another one.
        with self.hold_sync():
            self.drawn, self.behind = _packed(self.svg), _packed([detail.to_json() for detail in self.details])
            if self.selected and not any(detail.key == self.selected for detail in self.details):
                self.selected = ""

    def _alive(self, view: View) -> str:
        return drawing.to_svg(view, width=self.width, theme=Theme.HOST, language=self.language)

    def _number(self, prefix: str) -> tuple[int, ...] | None:
        """The numbers in the key of the selected part, where it is one of `prefix-1-2`."""
        kind, *numbers = self.selected.split("-")
        return tuple(map(int, numbers)) if kind == prefix else None

    def __repr__(self) -> str:
        return drawing.to_text(self._view, language=self.language)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """The widget, and beside it what stays when there is no kernel: the picture, its details, and the text."""
        found = super()._repr_mimebundle_(**options)
        if found is None:
            return None
        data, metadata = found if isinstance(found, tuple) else (found, {})
        still = self._still()
        if _is_in_terminal():
            return {"text/plain": drawing.to_text(still, language=self.language, colours=True)}, {}
        return dict(data) | drawing.mimebundle(still, language=self.language) | {_MIME: self._saved(still)}, metadata

    def _saved(self, still: View) -> dict[str, object]:
        """What a page needs to let a reader choose and step without Python; of long lists of files the heaviest."""
        svg = self.svg if still is self._view else self._alive(still)
        details = [detail.to_json() for detail in drawing.kept_details(self.details, language=self.language)]
        return {
            "script": self._saved_with,
            "language": self.language,
            "words": page_words()[self.language],
            "drawn": b64encode(_packed(svg)).decode("ascii"),
            "behind": b64encode(_packed(details)).decode("ascii"),
        }

    def _still(self) -> View:
        """The view as it is drawn where nobody is there to answer."""
        return self._view


def _is_in_terminal() -> bool:
    """Whether IPython shows it as text, to somebody who has colours."""
    from pydock_lab.cli.terminal import has_colours  # noqa: PLC0415 - not at %load_ext

    shell = get_ipython()
    return shell is not None and not hasattr(shell, "kernel") and has_colours()


def _packed(said: object) -> bytes:
    """JSON in the zlib format (RFC 1950), which browsers unpack by themselves."""
    return zlib.compress(json.dumps(said, ensure_ascii=False).encode(), _PACKED)
