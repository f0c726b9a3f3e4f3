"""What a command works with: the engine, opened when it is first needed, and the face that shows what comes out.

    terminal    TerminalFace: descriptors 0, 1 and 2        notebook    a face of its own, with a display

Nothing in this package writes anywhere but through the face: so `pydock` and `%docker` are one command line.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO, Protocol, TypeVar

import click

from pydock_lab import locale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager

    from pydock_lab.engine.base import Engine
    from pydock_lab.engine.context_trees import ContextExplorer
    from pydock_lab.engine.layer_files import LayerExplorer
    from pydock_lab.engine.streams import Streams
    from pydock_lab.errors import PydockError
    from pydock_lab.events import OnEvent
    from pydock_lab.registry.server import RegistryServer
    from pydock_lab.views import View


Answer = TypeVar("Answer")


class Face(Protocol):
    """Where a command's words go, and where its input comes from."""

    @property
    def is_terminal(self) -> bool:
        """Whether it is a terminal, with keys, and lines that can be written again."""

    @property
    def has_terminals(self) -> bool:
        """Whether a program may have a terminal of its own (`-t`)."""

    @property
    def width(self) -> int:
        """Columns for tables and progress."""

    def write(self, text: str) -> None:
        """Show text on the standard output."""

    def note(self, text: str) -> None:
        """Show text beside it: progress, warnings."""

    def show_layers(self, explorer: LayerExplorer) -> None:
        """Layers, with the files that are opened; where somebody can, they are opened further."""

    def show_context(self, explorer: ContextExplorer) -> None:
        """A build context, with the folders that are opened; likewise."""

    def show(self, view: View) -> None:
        """Show a view: as text, or as a picture where there can be one."""

    def progress(self, *, quiet: bool, plain: bool) -> AbstractContextManager[OnEvent]:
        """Show what a long work does; the watcher to be given to it."""

    def terminal_size(self) -> tuple[int, int]:
        """Columns and lines of the terminal, if it has one."""

    def stay(self, work: Callable[[], Answer], *, types: bool) -> Answer | None:
        """Do the work of a program in the foreground, in whose terminal somebody `types`; None: it goes on alone."""

    def streams(self, *, interactive: bool, terminal: bool = False) -> AbstractContextManager[Streams]:
        """Descriptors for a program in the foreground; with `terminal`, each key goes to it as it is pressed."""

    def serve(self, server: RegistryServer) -> None:
        """Let a registry answer: until somebody stops it, or beside what else is done here."""

    def ask(self, prompt: str, *, secret: bool) -> str:
        """Ask a person for a line; raises CommandError where nobody can be asked."""

    def input(self) -> BinaryIO:
        """What is piped in (`-`)."""

    def output(self) -> BinaryIO:
        """Where bytes may go (`docker save` without -o); raises CommandError where they may not."""


@dataclass(frozen=True)
class Session:
    """One invocation."""

    open_engine: Callable[[], Engine]
    face: Face

    @cached_property
    def engine(self) -> Engine:
        """The engine."""
        return self.open_engine()

    def write(self, text: str) -> None:
        """A line for the standard output."""
        self.face.write(f"{text}\n")

    def write_lines(self, lines: Iterable[str]) -> None:
        """Lines for the standard output, and nothing for none."""
        for line in lines:
            self.write(line)

    def tell(self, failed: Sequence[PydockError], *, of: int) -> int:
        """Say what failed of so many things: the exit status; raises the error where it was the only thing."""
        if len(failed) == of == 1:
            raise failed[0]
        for one in failed:
            self.face.note(f"{locale.text('cli.error', message=str(one))}\n")
        return 1 if failed else 0


def session() -> Session:
    """The session of the command that runs now."""
    found = click.get_current_context().obj
    assert isinstance(found, Session)  # noqa: S101 - `invoke` puts it there
    return found
