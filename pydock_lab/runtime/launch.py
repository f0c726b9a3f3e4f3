"""The last step: find the program in the container and become it (execve(2)).

What goes wrong here has Docker's exit statuses: 127 for "no such program", 126 for "cannot be executed". The text
says which of the three very different cases of "No such file or directory" it is.
"""

import errno
import os
import signal
from collections.abc import Mapping, Sequence
from typing import NoReturn

from pydock_lab.errors import ContainerError

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


def execute(args: Sequence[str], variables: Mapping[str, str]) -> NoReturn:
    """Become the program `args[0]`, looked for in the PATH of `variables`; raises ContainerError."""
    name = args[0] if args else ""
    failure = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    for path in _places(name, variables["PATH"]):
        try:
            os.execve(path, list(args), dict(variables))  # noqa: S606 - a list of words
        except (FileNotFoundError, NotADirectoryError) as error:
            # ENOENT for a file that is there: its interpreter (after `#!`) or its loader is not (execve(2)).
            if os.path.exists(path):
                raise _error("runtime.no-interpreter", _NOT_FOUND, name, error) from None
        except PermissionError as error:
            failure = error  # type: ignore[assignment] # a later directory may still have one
        except OSError as error:
            key = "runtime.exec-format" if error.errno == errno.ENOEXEC else "runtime.exec-failed"
            raise _error(key, _NOT_EXECUTABLE, name, error) from None
    if isinstance(failure, PermissionError):
        raise _error("runtime.not-permitted", _NOT_EXECUTABLE, name, failure)
    key = "runtime.no-such-file" if "/" in name else "runtime.not-in-path"
    raise _error(key, _NOT_FOUND, name, failure)


def _places(name: str, search: str) -> list[str]:
    if "/" in name or not name:
        return [name]
    # An empty entry means the working directory (POSIX, 8.3, PATH).
    return [os.path.join(directory or ".", name) for directory in search.split(":")]


def _error(key: str, status: int, program: str, error: OSError) -> ContainerError:
    return ContainerError(key, program=program, reason=error.strerror, exit_status=status)
