"""`docker volume ls --filter`. Source: Docker's documentation, "docker volume ls", "Filtering"."""

from collections.abc import Container, Iterator, Sequence

from pydock_lab.engine.filters import LABELS, Filters
from pydock_lab.engine.values import VolumeSummary

_KNOWN = ("dangling", "driver", *LABELS, "name")


def select(rows: Sequence[VolumeSummary], words: Sequence[str], used: Container[str]) -> list[VolumeSummary]:
    """Those that fit, where `used` has the names of volumes that a container has; raises CommandError."""
    said = Filters.parse(words, _KNOWN)
    dangling = said.truth("dangling")

    def tests(row: VolumeSummary) -> Iterator[bool]:
        yield said.fit("driver", lambda value: value == row.driver)
        yield said.matches("name", row.name)
        yield said.has_labels(row.labels)
        yield dangling is None or (row.name not in used) is dangling

    return [row for row in rows if all(tests(row))]
