"""Files of the caller's that a command reads or writes: what the system refuses is told with their path."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pydock_lab.errors import CommandError


def opened(path: str) -> BinaryIO:
    """A file to read; raises CommandError."""
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise CommandError("cli.no-file", path=path, reason=error.strerror) from None


@contextlib.contextmanager
def written(path: str) -> Iterator[BinaryIO]:
    """A file to write, which has its name when it is whole; raises CommandError, and then there is no half of it."""
    # A pipe or a device stays what it is: nothing is to take its place.
    place = path if os.path.exists(path) and not os.path.isfile(path) else f"{path}.part"
    try:
        with open(place, "wb") as stream:
            yield stream
        if place != path:
            os.replace(place, path)
    except OSError as error:
        raise CommandError("cli.no-output", path=path, reason=error.strerror or str(error)) from None
    finally:
        if place != path:
            with contextlib.suppress(OSError):
                os.unlink(place)


def remove(path: str) -> None:
    """A file that may be there is not, afterwards; raises CommandError."""
    try:
        Path(path).unlink(missing_ok=True)
    except OSError as error:
        raise CommandError("cli.no-output", path=path, reason=error.strerror) from None


def write(path: str, text: str) -> None:
    """Write a whole file; raises CommandError."""
    with written(path) as stream:
        stream.write(text.encode())
