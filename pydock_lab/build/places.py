"""Where in the Dockerfile an error comes from: whatever failed, the reader looks for the line."""

from collections.abc import Iterator
from contextlib import contextmanager

from pydock_lab.dockerfile.positions import LineRange
from pydock_lab.errors import PydockError


@contextmanager
def placed(lines: LineRange) -> Iterator[None]:
    """Give the errors of this block their lines, from a wrong name to no network, unless they know better ones."""
    try:
        yield
    except PydockError as error:
        if "line" in error.fields:
            raise
        raise type(error)(error.key, line=lines.first, end_line=lines.last, **error.fields) from error
