"""`%docker run -it`: a terminal in the cell, that of the program inside.

    page                         kernel                                        shim
    xterm.js ── typed ─────────▶ Terminal ──▶ a thread ──▶ pipe ─────────────▶ master of the pty
             ◀─ output ───────── a thread ◀── pipe ◀────────────────────────── what it shows
             ── size ──────────▶ the running program's handle ───────────────▶ TIOCSWINSZ

The cell is over as soon as the program runs: a kernel that waits hears nothing from its page. So the terminal lives
beside the notebook, as long as its program or its kernel. A page that is loaded again asks for what was shown.
"""

import contextlib
import os
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from typing import Any, ClassVar

import anywidget
import traitlets
from IPython.display import DisplayHandle

from pydock_lab import drawing, locale
from pydock_lab.engine.streams import RunningProgram, Streams
from pydock_lab.events import Stream
from pydock_lab.notebook.console import Console
from pydock_lab.notebook.picture import joined, page_words

_STATIC = resources.files("pydock_lab.notebook").joinpath("static")
_EMULATOR = ("xterm.mjs", "addon-fit.mjs")  # see hatch_build.py
_CHUNK = 65536  # bytes: what a pipe holds
_KEPT = 256 << 10  # bytes of what was shown, for a page that is loaded again
# A program that writes without end is read 30 times a second: the page keeps up, and between two readings the shim
# hears what is typed (Ctrl-C).
_PAUSE_SECONDS = 0.03
_COLUMNS, _LINES = 80, 24


def _static(name: str) -> str:
    """A script or a style; "" for what is not in this installation."""
    try:
        return _STATIC.joinpath(name).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def emulator() -> list[str]:
    """The modules of xterm.js; none where it was left out when the wheel was built."""
    found = [_static(f"xterm/{name}") for name in _EMULATOR]
    return found if all(found) else []


class Terminal(anywidget.AnyWidget):
    """A terminal on the page; `runs` while its program does, `told` how that ended; `isolation` names the tier."""

    _esm: ClassVar[str] = joined("make.js", "terminal.js")
    _css: ClassVar[str] = drawing.host_stylesheet() + _static("xterm/xterm.css") + _static("terminal.css")

    modules = traitlets.List(traitlets.Unicode()).tag(sync=True)
    words = traitlets.Dict().tag(sync=True)
    language = traitlets.Unicode().tag(sync=True)
    columns = traitlets.Int(_COLUMNS).tag(sync=True)
    lines = traitlets.Int(_LINES).tag(sync=True)
    runs = traitlets.Bool(True).tag(sync=True)
    told = traitlets.Unicode("").tag(sync=True)
    isolation = traitlets.Unicode("").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(modules=emulator(), words=page_words(), language=locale.lang(), **traits)
        self._shown = bytearray()
        self._lock = threading.Lock()  # what was shown and what is sent are the same, in the same order
        self._typed: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._program: RunningProgram | None = None
        self._is_left_alone = False
        self._handle = DisplayHandle()  # type: ignore[no-untyped-call]
        self.on_msg(self._listen)

    @property
    def text(self) -> str:
        """What it has shown: its end, where that is long."""
        return self._shown.decode("utf-8", "replace")

    def type(self, text: str) -> None:
        """Type something, as from the keyboard."""
        if text:  # nothing at all is the end
            self._typed.put(text.encode())

    def show(self) -> None:
        """Put it on the page."""
        bundle = self._repr_mimebundle_()
        self._handle.display(bundle[0] if isinstance(bundle, tuple) else bundle, raw=True)  # type: ignore[no-untyped-call]

    def end(self, told: str = "") -> None:
        """The program is at its end: say how, and leave in the notebook what a page without a kernel can show."""
        with self.hold_sync():
            self.told = locale.text("notebook.terminal-alone") if self._is_left_alone else told
            self.runs = False
        bundle = self._repr_mimebundle_()
        self._handle.update(bundle[0] if isinstance(bundle, tuple) else bundle, raw=True)  # type: ignore[no-untyped-call]

    def begin(self, program: RunningProgram) -> None:
        """It runs: from now on its terminal has the size of this one."""
        self._program = program
        self.isolation = locale.text("drawing.isolation", tier=program.isolation)

    @contextmanager
    def streams(self, *, interactive: bool) -> Iterator[Streams]:
        """The descriptors of a program that has this terminal; all that it wrote is shown when the block ends."""
        keys, typed = os.pipe() if interactive else (None, None)
        shown, written = os.pipe()
        reader = threading.Thread(target=self._show, args=(shown,), name="pydock terminal", daemon=True)
        reader.start()
        if typed is not None:
            threading.Thread(target=self._type, args=(typed,), name="pydock keys", daemon=True).start()
        try:
            yield Streams(stdin=keys, stdout=written, stderr=written, on_start=self.begin)
        finally:
            program, self._program = self._program, None
            self._is_left_alone = program is not None and program.is_detached
            os.close(written)
            reader.join(timeout=2)  # what the program left behind may hold its terminal open
            if keys is not None:
                self._typed.put(b"")
                os.close(keys)

    def _type(self, typed: int) -> None:
        with contextlib.suppress(OSError), os.fdopen(typed, "wb", buffering=0) as pipe:
            while text := self._typed.get():
                pipe.write(text)

    def _show(self, shown: int) -> None:
        with os.fdopen(shown, "rb", buffering=0) as pipe:
            while chunk := pipe.read(_CHUNK):
                with self._lock:
                    self._shown += chunk
                    del self._shown[:-_KEPT]
                    self._say({"type": "output"}, chunk)
                time.sleep(_PAUSE_SECONDS)

    def _listen(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        match content:
            case {"type": "typed", "text": str(text)}:
                self.type(text)
            case {"type": "size", "columns": int(columns), "lines": int(lines)} if columns > 0 and lines > 0:
                self.columns, self.lines = columns, lines
                if self._program:
                    self._program.resize(lines, columns)
            case {"type": "hello", "view": str(view)}:
                with self._lock:
                    self._say({"type": "shown", "view": view}, bytes(self._shown))

    def _say(self, content: dict[str, str], chunk: bytes) -> None:
        # The page, or the kernel's connection to it, may be gone: the program and the others here are not.
        with contextlib.suppress(Exception):
            self.send(content, [chunk])

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """The terminal, and beside it what stays when there is no kernel: what it has shown."""
        found = super()._repr_mimebundle_(**options)
        if found is None:
            return None
        data, metadata = found if isinstance(found, tuple) else (found, {})
        console = Console()
        if text := "\n".join(part for part in (self.text.replace("\r\n", "\n"), self.told) if part):
            console.write(Stream.STDOUT, text)
        still = console.bundle() or {"text/plain": locale.text("notebook.terminal-still")}
        return dict(data) | still, metadata
