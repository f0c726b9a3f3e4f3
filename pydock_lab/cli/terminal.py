"""The face in a terminal: standard output and error, progress as BuildKit shows it, the descriptors themselves."""

from __future__ import annotations

import getpass
import os
import shutil
import sys
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from pydock_lab.engine.streams import Streams
from pydock_lab.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydock_lab.engine.context_trees import ContextExplorer
    from pydock_lab.engine.layer_files import LayerExplorer
    from pydock_lab.events import OnEvent
    from pydock_lab.registry.server import RegistryServer
    from pydock_lab.views import View

Answer = TypeVar("Answer")


def has_colours() -> bool:
    """Whether the standard output is a terminal whose owner wants colours (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class TerminalFace:
    """A Face on this process's own descriptors."""

    @property
    def is_terminal(self) -> bool:
        """Whether input and output are a terminal."""
        return sys.stdin.isatty() and sys.stdout.isatty()

    @property
    def has_terminals(self) -> bool:
        """A program's terminal is this one: as with Docker, only what is typed must come from one."""
        return sys.stdin.isatty()

    @property
    def width(self) -> int:
        """Columns."""
        return shutil.get_terminal_size().columns

    def write(self, text: str) -> None:
        """To the standard output."""
        sys.stdout.write(text)
        sys.stdout.flush()

    def note(self, text: str) -> None:
        """To the standard error, as Docker does with progress and warnings."""
        sys.stderr.write(text)
        sys.stderr.flush()

    def show_layers(self, explorer: LayerExplorer) -> None:
        """Layers, as far as they are opened."""
        self.show(explorer.view())

    def show_context(self, explorer: ContextExplorer) -> None:
        """A build context, as far as it is opened."""
        self.show(explorer.view())

    def show(self, view: View) -> None:
        """As text."""
        from pydock_lab import drawing  # noqa: PLC0415 - only for who looks at something

        self.write(drawing.to_text(view, colours=has_colours()).rstrip("\n") + "\n")

    @contextmanager
    def progress(self, *, quiet: bool, plain: bool) -> Iterator[OnEvent]:
        """On the standard error: a block that is redrawn where that is a terminal, else a log."""
        from pydock_lab.cli.progress import Progress, ticking  # noqa: PLC0415 - only for long work

        is_block = sys.stderr.isatty() and not plain
        progress = Progress(
            self.note, terminal=_size if is_block else None, colours="NO_COLOR" not in os.environ, quiet=quiet
        )
        with ticking(progress):
            yield progress

    def terminal_size(self) -> tuple[int, int]:
        """Columns and lines of the terminal that keys come from."""
        found = shutil.get_terminal_size()
        with suppress(OSError, ValueError):
            found = os.get_terminal_size(sys.stdin.fileno())
        return found.columns or 80, found.lines or 24

    def stay(self, work: Callable[[], Answer], *, types: bool) -> Answer | None:
        """Whoever sits at a terminal waits for the end."""
        del types
        return work()

    @contextmanager
    def streams(self, *, interactive: bool, terminal: bool = False) -> Iterator[Streams]:
        """This process's own."""
        sys.stdout.flush()
        sys.stderr.flush()
        found = Streams.of_process(interactive=interactive)
        with ExitStack() as undo:
            if interactive and terminal and sys.stdin.isatty():
                # Until it runs, Ctrl-C is ours: an image may have to be pulled first.
                found = replace(found, on_start=lambda _: undo.enter_context(_raw_keys()))
            yield found

    def serve(self, server: RegistryServer) -> None:
        """Until Ctrl-C."""
        with suppress(KeyboardInterrupt):
            server.serve_forever()

    def ask(self, prompt: str, *, secret: bool) -> str:
        """Ask; raises CommandError where there is nobody."""
        if not sys.stdin.isatty():
            raise CommandError("cli.nobody-to-ask", prompt=prompt.strip(" :"))
        try:
            return getpass.getpass(prompt) if secret else input(prompt)
        except EOFError:
            raise CommandError("cli.nobody-to-ask", prompt=prompt.strip(" :")) from None

    def input(self) -> BinaryIO:
        """The standard input."""
        return sys.stdin.buffer

    def output(self) -> BinaryIO:
        """The standard output, unless a person would see the bytes."""
        if sys.stdout.isatty():
            raise CommandError("cli.no-bytes-here")
        return os.fdopen(os.dup(1), "wb")


@contextmanager
def _raw_keys() -> Iterator[None]:
    """The program's own terminal shows what is typed, and makes signals of Ctrl-C: ours only passes keys on."""
    import termios  # noqa: PLC0415 - not on Windows, where no program gets a terminal

    before = termios.tcgetattr(0)
    keys = termios.tcgetattr(0)
    keys[0] &= ~(termios.ICRNL | termios.IXON)
    keys[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN)
    termios.tcsetattr(0, termios.TCSADRAIN, keys)
    try:
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)


def _size() -> tuple[int, int]:
    """Columns and lines of the terminal that progress is written to."""
    try:
        found = os.get_terminal_size(sys.stderr.fileno())
    except OSError:
        return shutil.get_terminal_size()
    # A terminal that nobody has told its size says 0.
    return found.columns or 80, found.lines or 24
