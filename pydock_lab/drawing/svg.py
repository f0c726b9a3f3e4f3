"""A tiny writer of SVG: elements as values, and every text escaped.

Names of files, tags and instructions come from strangers. They may hold markup, control characters, half of a
surrogate pair, or characters that turn the direction of writing around; none of these may leave a picture broken,
or lying about what it shows.

Source: Scalable Vector Graphics 2; Extensible Markup Language 1.0, section 2.2 (which characters are allowed).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from html import escape
from typing import Self

_OF_A_PAGE = re.compile("(?:id|role)$|aria-|data-")
_SPACE = re.compile(r"\s+")
_CONTROL = re.compile("[\x00-\x1f]")
# Outside of XML altogether; and the marks that reorder a line: "gnp.exe" must not be shown as "exe.png".
_FORBIDDEN = re.compile("[\x7f-\x9f\ud800-\udfff\ufffe\uffff\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_REMEMBERED = 4096  # values of attributes
_CONTROL_PICTURES = 0x2400  # U+2400 is the picture of NUL, U+241B that of ESC


@dataclass(frozen=True, kw_only=True, slots=True)
class Element:
    """One element of the tree: texts among `children` are escaped when it is written."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: "tuple[Element | str, ...]" = ()

    def still(self) -> "Element":
        """Without what only a page that brings it to life needs: keys, roles, and labels of its parts."""
        kept = {name: value for name, value in self.attributes.items() if not _OF_A_PAGE.match(name)}
        children = tuple(child if isinstance(child, str) else child.still() for child in self.children)
        return Element(name=self.name, attributes=kept, children=children)

    def write(self) -> str:
        """The element as text."""
        words = "".join([f' {name}="{_quoted(value)}"' for name, value in self.attributes.items()])
        inner = "".join([_text(child) if isinstance(child, str) else child.write() for child in self.children])
        return f"<{self.name}{words}>{inner}</{self.name}>" if inner else f"<{self.name}{words}/>"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished(Element):
    """An element as it was written once: it stands in one picture after the other, and stays as it is."""

    text: str
    origin: Element

    @classmethod
    def of(cls, element: Element) -> Self:
        """The element, written now."""
        return cls(name=element.name, text=element.write(), origin=element)

    def still(self) -> Element:
        """What it was made of, without what only a page needs."""
        return self.origin.still()

    def write(self) -> str:
        """The text."""
        return self.text


def element(name: str, /, *children: Element | str, **attributes: str | float | None) -> Element:
    """An element; `stroke_width=2` becomes `stroke-width="2"`, `class_` is `class`, None is left out."""
    named = {
        _attribute(key): value if isinstance(value, str) else number(value)
        for key, value in attributes.items()
        if value is not None
    }
    return Element(name=name, attributes=named, children=children)


def group(*children: Element, **attributes: str | float | None) -> Element:
    """Elements that belong together: `<g>`."""
    return element("g", *children, **attributes)


def number(value: float) -> str:
    """A coordinate with at most one decimal, so that pictures are small and golden files stable."""
    return str(value) if type(value) is int else f"{value:.1f}".removesuffix(".0")


def clean(text: str) -> str:
    """One line of text that XML allows and that reads in the order in which it is written."""
    # Nearly every text is one already: of white space only " " counts as printable, and no control, no surrogate, no
    # mark that reorders a line.
    if text.isprintable() and "  " not in text and text[:1] != " " != text[-1:]:
        return text
    flat = _SPACE.sub(" ", text).strip()
    shown = _CONTROL.sub(lambda found: chr(_CONTROL_PICTURES + ord(found[0])), flat)
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", shown)


@cache
def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


# Classes, colours and coordinates come again and again, in one picture and in the next of the same.
@lru_cache(maxsize=_REMEMBERED)
def _quoted(value: str) -> str:
    return escape(clean(value))


def _text(child: str) -> str:
    return escape(clean(child), quote=False)
