"""A Face that remembers what it was given to show."""

import io
from contextlib import contextmanager

from pydock_lab.cli.progress import Progress
from pydock_lab.engine.streams import captured
from pydock_lab.errors import CommandError


class RememberingFace:
    """What a command wrote, noted and showed; `answers` to its questions, `piped` as its input."""

    is_terminal = has_terminals = False
    width = 120

    def __init__(self, piped=b"", answers=()):
        self.written, self.noted, self.shown = "", "", []
        self._piped, self._answers = piped, list(answers)
        self.bytes = io.BytesIO()

    def write(self, text):
        self.written += text

    def note(self, text):
        self.noted += text

    def show(self, view):
        self.shown.append(view)

    def show_layers(self, explorer):
        self.shown.append(explorer.view())

    show_context = show_layers

    def serve(self, server):
        self.server = server

    @contextmanager
    def progress(self, *, quiet, plain):  # noqa: ARG002 - the Protocol's form
        progress = Progress(self.note, quiet=quiet)
        yield progress
        progress.close()

    @contextmanager
    def streams(self, *, interactive, terminal=False):  # noqa: ARG002 - the Protocol's form
        def heard(stream, text):
            self.written, self.noted = (
                (self.written + text, self.noted) if stream == "stdout" else (self.written, self.noted + text)
            )

        with captured(heard) as streams:
            yield streams

    def stay(self, work, *, types):
        del types
        return work()

    def terminal_size(self):
        return 80, 24

    def ask(self, prompt, *, secret):  # noqa: ARG002 - the Protocol's form
        if not self._answers:
            raise CommandError("cli.nobody-to-ask", prompt=prompt.strip(" :"))
        return self._answers.pop(0)

    def input(self):
        return io.BytesIO(self._piped)

    def output(self):
        return self.bytes
