"""A picture for a page: an image whose alternative text says what it shows.

Of all static forms only `<img>` with a data URI is shown by untrusted notebooks, by exported ones and without
JavaScript, and keeps an alternative text; an inline `<svg>` is cut to pieces by the sanitiser.
"""

from base64 import b64encode
from collections.abc import Iterable
from html import escape
from itertools import islice

from pydock_lab.drawing.detail import Detail

_PARTS_TOLD = 12


def figure(svg: str, alternative: str) -> str:
    """The picture as `<figure>`; on a narrow page it shrinks as a whole."""
    data = b64encode(svg.encode()).decode("ascii")
    image = f'<img alt="{escape(alternative)}" src="data:image/svg+xml;base64,{data}" style="max-width:100%">'
    return f'<figure class="pydock-figure" style="margin:0">{image}</figure>'


def alternative_text(label: str, lesson: str, parts: Iterable[Detail]) -> str:
    """The picture in words: what it is, its parts in order, and what it teaches."""
    told = [part.title for part in islice(parts, _PARTS_TOLD + 1)]
    told[_PARTS_TOLD:] = ["…"] if len(told) > _PARTS_TOLD else []
    return f"{label}: {'; '.join(told)}. {lesson}" if told else f"{label}. {lesson}"
