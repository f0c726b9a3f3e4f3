"""The command line's face in a notebook: text on the standard output, pictures for views, one region for progress."""

import builtins
import getpass
import io
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from signal import Signals
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from IPython.core.error import StdinNotImplementedError
from IPython.core.getipython import get_ipython
from IPython.display import display

from pydock_lab import drawing, locale
from pydock_lab.engine.streams import RunningProgram, Streams, captured
from pydock_lab.errors import CommandError
from pydock_lab.events import Event, OnEvent, Stream
from pydock_lab.notebook.beside import Beside
from pydock_lab.notebook.console import Console
from pydock_lab.notebook.pictures import has_picture, picture_of, picture_of_layers
from pydock_lab.notebook.region import Region
from pydock_lab.notebook.story import Story
from pydock_lab.notebook.terminal import Terminal
from pydock_lab.views import View

if TYPE_CHECKING:
    from pydock_lab.engine.context_trees import ContextExplorer
    from pydock_lab.engine.layer_files import LayerExplorer
    from pydock_lab.registry.server import RegistryServer

Answer = TypeVar("Answer")
_COLUMNS = 100
_PULSE_SECONDS = 1.0  # the seconds of what runs go on where no event comes


class NotebookFace:
    """A Face on a cell's output; `body` is what a command reads that asks for its input, `keep` takes a registry."""

    is_terminal = False
    width = _COLUMNS

    def __init__(
        self,
        *,
        body: str | None = None,
        quiet: bool = False,
        watch: OnEvent | None = None,
        keep: "Callable[[RegistryServer], None] | None" = None,
    ) -> None:
        self._body, self._quiet, self._watch, self._keep = body, quiet, watch, keep
        self._beside: Beside[object] | None = None
        self._terminal: Terminal | None = None
        self._progress = ExitStack()
        self._is_read = body is None

    @property
    def is_unread(self) -> bool:
        """Whether there is something in the cell that nobody has read."""
        return not self._is_read and bool((self._body or "").strip())

    @property
    def has_terminals(self) -> bool:
        """Only a page shows one: IPython in a terminal does not."""
        return hasattr(get_ipython(), "kernel")

    def write(self, text: str) -> None:
        """On the cell's standard output."""
        if not self._quiet:
            sys.stdout.write(text)

    def note(self, text: str) -> None:
        """Marked, but not on the standard error: see `console`."""
        console = Console()
        console.write(Stream.STDERR, text)
        if not self._quiet:
            display(console.bundle(), raw=True)  # type: ignore[no-untyped-call]

    def show(self, view: View) -> None:
        """As a picture that can be explored, or as text where there is none."""
        if has_picture(view) and not self._quiet:
            display(picture_of(view))  # type: ignore[no-untyped-call]
        else:
            self.write(drawing.to_text(view).rstrip("\n") + "\n")

    def show_layers(self, explorer: "LayerExplorer") -> None:
        """Layers that can be opened further."""
        if not self._quiet:
            display(picture_of_layers(explorer))  # type: ignore[no-untyped-call]

    def show_context(self, explorer: "ContextExplorer") -> None:
        """A build context whose folders can be opened further."""
        if not self._quiet:
            display(picture_of(explorer.view(), explorer=explorer))  # type: ignore[no-untyped-call]

    @contextmanager
    def progress(self, *, quiet: bool, plain: bool) -> Iterator[OnEvent]:
        """One region, whatever happens in it."""
        del plain
        story = Story(quiet=quiet or self._quiet, in_cell=self._body is not None)
        with ExitStack() as self._progress:
            region = self._progress.enter_context(Region(story.bundle, pulse=_PULSE_SECONDS))
            self._progress.callback(story.end)

            def watch(event: Event) -> None:
                story.tell(event)
                region.touch()
                if self._watch:
                    self._watch(event)

            yield watch

    def serve(self, server: "RegistryServer") -> None:
        """Beside the notebook, where somebody keeps it: a kernel that serves does nothing else."""
        if self._keep is None:
            server.stop()
            raise CommandError("notebook.not-here")
        self._keep(server)

    def terminal_size(self) -> tuple[int, int]:
        """That of the terminal on the page, if there is one, else what programs take for granted."""
        return (self._terminal.columns, self._terminal.lines) if self._terminal else (80, 24)

    def stay(self, work: Callable[[], Answer], *, types: bool) -> Answer | None:
        """Where somebody types, the cell is over when the program runs: a kernel that waits hears nothing."""
        if not types:
            return work()
        self._beside = Beside(work, self._end)
        return self._beside.do()  # type: ignore[return-value] # the work's own answer

    @contextmanager
    def streams(self, *, interactive: bool, terminal: bool = False) -> Iterator[Streams]:
        """A terminal in the cell, or pipes, shown in one region."""
        if interactive and self._body is None and not terminal:
            raise CommandError("notebook.no-keyboard")
        self._is_read |= interactive or terminal
        opened = self._in_terminal(interactive=interactive) if terminal else self._in_region(interactive=interactive)
        with opened as found:
            yield found

    @contextmanager
    def _in_terminal(self, *, interactive: bool) -> Iterator[Streams]:
        self._terminal = Terminal()
        self._terminal.type(self._body or "")
        with self._terminal.streams(interactive=interactive) as found:
            yield replace(found, on_start=self._begin)
        if self._beside is None:
            self._terminal.end()

    def _begin(self, program: RunningProgram) -> None:
        assert self._terminal is not None  # noqa: S101 - it is what the program begins in
        self._progress.close()  # of pulling: over, although the program goes on
        self._terminal.begin(program)
        if self._beside is None or self._beside.is_wanted:
            self._terminal.show()  # before the cell is over: what comes later has no place on the page
        if self._beside is not None and not self._beside.begin():
            program.kill(Signals.SIGKILL)

    def _end(self, answer: object, error: BaseException | None) -> None:
        """What went on beside the notebook has ended: there is no cell to say so any more."""
        if self._terminal is not None:
            told = locale.text("notebook.exit-status", status=answer) if error is None else str(error)
            self._terminal.end(told)

    @contextmanager
    def _in_region(self, *, interactive: bool) -> Iterator[Streams]:
        console = Console()
        with (
            Region(console.bundle) as region,
            _typed(self._body if interactive else None) as stdin,
            captured(_into(console, region), stdin) as streams,
        ):
            yield streams

    def ask(self, prompt: str, *, secret: bool) -> str:
        """A line from the reader; raises CommandError where the page cannot ask."""
        try:
            return getpass.getpass(prompt) if secret else builtins.input(prompt)
        except (StdinNotImplementedError, EOFError):
            raise CommandError("cli.nobody-to-ask", prompt=prompt.strip(" :")) from None

    def input(self) -> BinaryIO:
        """The body of the cell; raises CommandError where there is none."""
        if self._body is None:
            raise CommandError("notebook.no-input")
        self._is_read = True
        return io.BytesIO(self._body.encode())

    def output(self) -> BinaryIO:
        """Nowhere: a page shows no bytes."""
        raise CommandError("cli.no-bytes-here")


@contextmanager
def _typed(body: str | None) -> Iterator[int | None]:
    """A descriptor from which a program reads the body of the cell."""
    if body is None:
        yield None
        return
    # A file and not a pipe: a program that never reads must not make us wait.
    with tempfile.TemporaryFile() as file:
        file.write(body.encode())
        file.seek(0)
        yield file.fileno()


def _into(console: Console, region: Region) -> Callable[[Stream, str], None]:
    def write(stream: Stream, text: str) -> None:
        console.write(stream, text)
        region.touch()

    return write
