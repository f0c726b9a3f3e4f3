"""A command line, done in this process: what comes out goes to its descriptors, and its end is the command's."""

import gc
import os
import sys
from collections.abc import Callable
from typing import NoReturn

from pydock_lab.cli import complete_in_shell, invoke
from pydock_lab.cli.terminal import TerminalFace
from pydock_lab.engine.local import LocalEngine
from pydock_lab.errors import PydockError

_BROKEN_PIPE = 141
_INTERRUPTED = 130
_GARBAGE = 100_000  # objects made and not let go since the last search


def run(afterwards: Callable[[], None] | None = None) -> NoReturn:
    """Do what `sys.argv` says, and leave with its exit status; `afterwards` is called before."""
    # Commands end before cyclic garbage is worth looking for, and a build may hold a hundred thousand entries.
    gc.set_threshold(_GARBAGE)
    status = _status()
    if afterwards is not None:
        afterwards()
    sys.exit(status)


def _status() -> int:
    face = TerminalFace()
    if "_PYDOCK_COMPLETE" in os.environ:
        return complete_in_shell(os.environ["_PYDOCK_COMPLETE"])
    try:
        return invoke(sys.argv[1:] or ["--help"], open_engine=LocalEngine, face=face, program="pydock")
    except PydockError as error:
        face.note(f"pydock: {error}\n")
        return error.exit_status
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader has seen enough (`pydock ps | head`): nobody is left to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return _BROKEN_PIPE
