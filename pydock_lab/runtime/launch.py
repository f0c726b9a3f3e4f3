"""The last step: find the program in the container and become it (execve(2)).

What goes wrong here has Docker's exit statuses: 127 for "no such program", 126 for "cannot be executed". The text
says which of the three very different cases of "No such file or directory" it is.
"""

import errno
import os
import signal
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NoReturn

from pydock_lab.errors import ContainerError
from pydock_lab.linux import journal

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_NOT_FOUND, _NOT_EXECUTABLE = 127, 126


def environment(entries: Sequence[str], home: str) -> dict[str, str]:
    """The variables `NAME=value`; PATH and HOME are there in any case."""
    found = {"PATH": DEFAULT_PATH, "HOME": home}
    found.update((name, value) for name, equals, value in (entry.partition("=") for entry in entries) if equals)
    return found


def reset_signals() -> None:
    """Undo what Python sets up for itself: an ignored signal stays ignored across execve."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def find(args: Sequence[str], variables: Mapping[str, str]) -> str:
    """The file that `args[0]` means, looked for in the PATH of `variables`; "" where none could be executed.

    Who becomes a program can tell nothing any more: which one it is has to be known before.
    """
    for path in _places(args[0] if args else "", variables["PATH"]):
        if os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    return ""


def execute(program: str, args: Sequence[str], variables: Mapping[str, str]) -> NoReturn:
    """Become the program that `find` gave, else what comes after it in PATH; raises ContainerError."""
    name = args[0] if args else ""
    failures: list[OSError] = []
    places = _places(name, variables["PATH"])
    for path in places[places.index(program) :] if program else places:
        try:
            _become(path, args, variables)
        except (FileNotFoundError, NotADirectoryError) as error:
            # ENOENT for a file that is there: its interpreter (after `#!`) or its loader is not (execve(2)).
            if os.path.exists(path):
                raise _error("runtime.no-interpreter", _NOT_FOUND, name, error) from None
            failures.append(error)
        except PermissionError as error:
            failures.append(error)  # a later directory may still have one
        except OSError as error:
            key = "runtime.exec-format" if error.errno == errno.ENOEXEC else "runtime.exec-failed"
            raise _error(key, _NOT_EXECUTABLE, name, error) from None
    _give_up(name, failures)


def _become(path: str, args: Sequence[str], variables: Mapping[str, str]) -> None:
    # Of its variables nothing is noted: there may be secrets among them.
    journal.ask("execve", lambda *_: os.execve(path, list(args), dict(variables)), path, list(args))  # noqa: S606 - words


def _give_up(name: str, failures: list[OSError]) -> NoReturn:
    """Say why there is no program: a file that may not be executed counts more than places where there is none."""
    # All that was tried belongs to the step that has failed (journal.refused).
    for before, after in pairwise(failures):
        after.__context__ = before
    refused = next((one for one in failures[::-1] if isinstance(one, PermissionError)), None)
    if refused:
        raise _error("runtime.not-permitted", _NOT_EXECUTABLE, name, refused) from failures[-1]
    key = "runtime.no-such-file" if "/" in name else "runtime.not-in-path"
    raise _error(key, _NOT_FOUND, name, failures[-1]) from failures[-1]


def _places(name: str, search: str) -> list[str]:
    if "/" in name or not name:
        return [name]
    # An empty entry means the working directory (POSIX, 8.3, PATH).
    return [os.path.join(directory or ".", name) for directory in search.split(":")]


def _error(key: str, status: int, program: str, error: OSError) -> ContainerError:
    return ContainerError(key, program=program, reason=error.strerror, exit_status=status)
