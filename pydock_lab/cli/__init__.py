"""One command line, Docker's own words and options: `pydock` in a terminal, `%docker` in a notebook.

It is written against the Engine Protocol: whatever engine stands behind it, the words are the same.
"""

import gc
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydock_lab.cli.session import Face
    from pydock_lab.engine.base import Engine

__all__ = ["complete", "invoke", "main"]

_BROKEN_PIPE = 141
_INTERRUPTED = 130
_GARBAGE = 100_000  # objects made and not let go since the last search


def invoke(words: Sequence[str], *, open_engine: "Callable[[], Engine]", face: "Face", program: str = "docker") -> int:
    """Do what a command line says; the exit status.

    Raises PydockError: the faces show it, each in its way.
    """
    import click  # noqa: PLC0415 - `import pydock_lab.cli` costs nothing

    from pydock_lab.cli.app import make_app  # noqa: PLC0415 - see above
    from pydock_lab.cli.command import usage_error  # noqa: PLC0415 - see above
    from pydock_lab.cli.session import Session  # noqa: PLC0415 - see above

    app = make_app(program)
    try:
        # Not app.main(): that one writes to standard error, and makes exits of Ctrl-C and of broken pipes.
        with app.make_context(program, list(words), obj=Session(open_engine, face)) as context:
            status = app.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        face.write(error.message + "\n")
        return 0
    except click.UsageError as error:
        raise usage_error(error, words) from None
    return status if isinstance(status, int) else 0


def main() -> None:
    """`pydock`: the command line of this process, and its exit status."""
    from pydock_lab.cli.terminal import TerminalFace  # noqa: PLC0415 - see invoke
    from pydock_lab.engine.local import LocalEngine  # noqa: PLC0415 - see invoke
    from pydock_lab.errors import PydockError  # noqa: PLC0415 - see invoke

    # Commands end before cyclic garbage is worth looking for, and a build may hold a hundred thousand entries.
    gc.set_threshold(_GARBAGE)
    face = TerminalFace()
    if "_PYDOCK_COMPLETE" in os.environ:
        _complete_in_shell()
    try:
        status = invoke(sys.argv[1:] or ["--help"], open_engine=LocalEngine, face=face, program="pydock")
    except PydockError as error:
        face.note(f"pydock: {error}\n")
        status = error.exit_status
    except KeyboardInterrupt:
        status = _INTERRUPTED
    except BrokenPipeError:
        # The reader has seen enough (`pydock ps | head`): nobody is left to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        status = _BROKEN_PIPE
    sys.exit(status)


def _complete_in_shell() -> None:
    from click.shell_completion import shell_complete  # noqa: PLC0415 - see invoke

    from pydock_lab.cli.app import make_app  # noqa: PLC0415 - see invoke

    instruction = os.environ["_PYDOCK_COMPLETE"]
    sys.exit(shell_complete(make_app("pydock"), {}, "pydock", "_PYDOCK_COMPLETE", instruction))


def complete(words: Sequence[str], incomplete: str, engine: "Engine | None" = None) -> list[str]:
    """What may stand after `words` and begins with `incomplete`: commands, options, names that the engine knows."""
    from pydock_lab.cli.completion import completions  # noqa: PLC0415 - see invoke

    return completions(words, incomplete, engine)
