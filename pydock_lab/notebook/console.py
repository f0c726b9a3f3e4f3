"""What a container writes, as a notebook shows it: both streams in order, the error stream marked.

Never on the kernel's own standard error: graders count a cell that writes there as failed, and a container's second
stream is not an error of the notebook.
"""

import threading
from html import escape

from pydock_lab.events import Stream

_KEPT = 200_000  # characters: more makes a page slow and a saved notebook large
# As JupyterLab shows what Python prints, which stands beside it: the same size, the same edge.
_TERMINAL = "font-family:monospace;font-size:var(--jp-code-font-size,13px);line-height:var(--jp-code-line-height,1.3)"
_BLOCK = "margin:0;padding:0 0 0 8px;font-size:inherit;white-space:pre-wrap;overflow-wrap:anywhere"
_MARK = "border-left:3px solid #d55e00;padding-left:5px"


class Console:
    """Collects pieces of text from several threads; shows the last 200 000 characters."""

    def __init__(self) -> None:
        self._pieces: list[tuple[Stream, str]] = []
        self._lock = threading.Lock()
        self._dropped = 0

    def write(self, stream: Stream, text: str) -> None:
        """A piece of output."""
        with self._lock:
            if self._pieces and self._pieces[-1][0] is stream:
                text = self._pieces.pop()[1] + text
            self._pieces.append((stream, text))
            self._forget(sum(len(piece) for _, piece in self._pieces) - _KEPT)

    def _forget(self, count: int) -> None:
        """Drop so many characters of the oldest output."""
        while count > 0:
            stream, text = self._pieces.pop(0)
            if len(text) > count:
                self._pieces.insert(0, (stream, text[count:]))
            dropped = min(count, len(text))
            count, self._dropped = count - dropped, self._dropped + dropped

    def bundle(self) -> dict[str, str]:
        """As a MIME bundle; empty before the first character."""
        with self._lock:
            pieces = [(stream, _settled(text)) for stream, text in self._pieces]
            dropped = self._dropped
        if not pieces:
            return {}
        head = f"[… {dropped}]\n" if dropped else ""
        return {
            "text/html": f'<div style="{_TERMINAL}">{_html(Stream.STDOUT, head) if head else ""}'
            + "".join(_html(stream, text) for stream, text in pieces)
            + "</div>",
            "text/plain": head + "".join(_plain(stream, text) for stream, text in pieces).removesuffix("\n"),
        }


def _settled(text: str) -> str:
    """Carriage returns as a terminal does them: what follows writes over the line; colours are left out."""
    lines = (line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return _without_escapes("\n".join(lines))


def _without_escapes(text: str) -> str:
    parts = text.split("\x1b[")
    return parts[0] + "".join(part.lstrip("0123456789;?")[1:] for part in parts[1:])


def _html(stream: Stream, text: str) -> str:
    mark = f";{_MARK}" if stream is Stream.STDERR else ""
    name = f' class="pydock-{stream}" title="{stream}"'
    return f'<pre{name} style="{_BLOCK}{mark}">{escape(text.removesuffix(chr(10)))}</pre>'


def _plain(stream: Stream, text: str) -> str:
    if stream is Stream.STDOUT:
        return text
    return "".join(f"stderr: {line}\n" for line in text.removesuffix("\n").split("\n"))
