"""Where something stands in a Dockerfile: lines, counted from 1, so that an error can point at them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydock_lab.errors import DockerfileError


@dataclass(frozen=True, kw_only=True, slots=True)
class LineRange:
    """The lines from `first` to `last`, both included; an instruction with a heredoc ends at its terminator."""

    first: int
    last: int


@contextmanager
def located(lines: LineRange) -> Iterator[None]:
    """Give the DockerfileErrors of this block their place, unless they already know a better one."""
    try:
        yield
    except DockerfileError as error:
        place = {"line": lines.first, "end_line": lines.last}
        raise DockerfileError(error.key, **{**place, **error.fields}) from None
