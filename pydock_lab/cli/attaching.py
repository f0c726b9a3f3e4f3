"""A person, or a pipe, at a running program: which streams, the keys that let go of it, signals, the terminal's size.

docker run -it --detach-keys ctrl-x,x     docker attach --no-stdin web     docker run -a stderr
"""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import Any, Self

from pydock_lab.cli.command import Function, many, on_unless, option
from pydock_lab.cli.session import Session
from pydock_lab.engine.streams import RunningProgram, Streams
from pydock_lab.errors import CommandError

DEFAULT_KEYS = "ctrl-p,ctrl-q"
_STREAMS = ("stdin", "stdout", "stderr")
# What is passed on to a program that runs for us; Ctrl-C comes as KeyboardInterrupt.
_PASSED_ON = ("SIGHUP", "SIGTERM", "SIGQUIT", "SIGUSR1", "SIGUSR2")
_CONTROL = {"@": 0, "[": 27, "\\": 28, "]": 29, "^": 30, "_": 31}

keys_option = option("--detach-keys", default="", metavar="KEYS")
proxy_option = on_unless("--sig-proxy")
attach_option = many("-a", "--attach", metavar="STREAM")


def attached(function: Function) -> Function:
    """The options of whoever stays with a program: `docker run` has all three."""
    return keys_option(proxy_option(attach_option(function)))


def detach_keys(text: str) -> bytes:
    """`a`, `ctrl-a`, `ctrl-@` to `ctrl-_`, with commas between them; raises CommandError."""
    return bytes(_key(word, text) for word in (text or DEFAULT_KEYS).split(","))


def _key(word: str, whole: str) -> int:
    name = word.removeprefix("ctrl-")
    is_letter = len(name) == 1 and name.isascii() and name.isalpha()
    if name == word:
        if len(name) != 1 or not name.isascii():
            raise CommandError("cli.bad-keys", value=whole, key=word)
        return ord(name)
    if is_letter:
        return ord(name.lower()) - ord("a") + 1
    if name not in _CONTROL:
        raise CommandError("cli.bad-keys", value=whole, key=word)
    return _CONTROL[name]


def chosen(words: Iterable[str]) -> frozenset[str]:
    """The streams of `-a`, all of them where none is named; raises CommandError."""
    found = frozenset(word.lower() for word in words)
    if found - set(_STREAMS):
        raise CommandError("cli.bad-stream", value=min(found - set(_STREAMS)))
    return found or frozenset(_STREAMS)


def check_terminal(here: Session) -> None:
    """Raises CommandError where no program can have a terminal."""
    if not here.face.has_terminals:
        raise CommandError("cli.no-terminal")


def stay(here: Session, work: Callable[[Streams], int], *, interactive: bool, terminal: bool, **how: Any) -> int:
    """Stay with a program: its exit status, 0 where it goes on beside what comes next. `how`: see `streams`."""

    def whole() -> int:
        with streams(here, interactive=interactive, terminal=terminal, **how) as found:
            return work(found)

    return here.face.stay(whole, types=interactive and terminal) or 0


@contextmanager
def streams(
    here: Session,
    *,
    interactive: bool,
    terminal: bool = False,
    keys: str = "",
    proxy: bool = True,
    only: Iterable[str] = (),
) -> Iterator[Streams]:
    """What a program in the foreground is given: streams, the keys that let go of it, its terminal's size, signals."""
    wanted, letting_go = chosen(only), detach_keys(keys)
    with (
        here.face.streams(interactive=interactive and "stdin" in wanted, terminal=terminal) as found,
        _Following(here, terminal=terminal, proxy=proxy) as following,
    ):
        yield replace(
            found,
            stdout=found.stdout if "stdout" in wanted else None,
            stderr=found.stderr if "stderr" in wanted else None,
            detach_keys=letting_go if interactive and terminal else b"",
            on_start=lambda program: _begin(program, found, following),
        )


def _begin(program: RunningProgram, found: Streams, following: "_Following") -> None:
    found.on_start(program)
    following.begin(program)


class _Following:
    """Passes on to a program what this process is told: signals, and the size of its terminal."""

    def __init__(self, here: Session, *, terminal: bool, proxy: bool) -> None:
        self._size: Callable[[], tuple[int, int]] | None = here.face.terminal_size if terminal else None
        self._told: tuple[int, int] | None = None
        self._names = [*(_PASSED_ON if proxy else ()), *(["SIGWINCH"] if terminal else [])]
        self._before: dict[signal.Signals, object] = {}
        self._program: RunningProgram | None = None

    def __enter__(self) -> Self:
        return self

    def begin(self, program: RunningProgram) -> None:
        """It runs: pass on from now on, and tell it the size; in this order, or a change in between would be missed."""
        self._program = program
        # Only the main thread may say what a signal does (signal(2)); a notebook's cells run there, a test's may not.
        if threading.current_thread() is threading.main_thread():
            for name in self._names:
                if number := getattr(signal, name, None):
                    self._before[number] = signal.signal(number, self._heard)
        self._resize()

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type] # what it was
        self._before.clear()

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        if self._program is None:
            return
        if number == getattr(signal, "SIGWINCH", None):
            self._resize()
        else:
            self._program.kill(number)

    def _resize(self) -> None:
        # The window may change, and this be called again, while it is being told: the last word is the present size.
        while self._size is not None and self._program is not None and (size := self._size()) != self._told:
            columns, lines = size
            self._program.resize(lines, columns)
            self._told = size
