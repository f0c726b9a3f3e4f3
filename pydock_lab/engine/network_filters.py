"""`docker network ls --filter`, and what `docker network prune` may remove. Source: Docker's documentation."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from pydock_lab.engine.filters import Filters
from pydock_lab.engine.network_records import NetworkRecord

_LIST = ("dangling", "driver", "id", "label", "name", "scope", "type")
_TYPES = ("builtin", "custom")


def select(
    records: Iterable[NetworkRecord], filters: Sequence[str], is_used: Callable[[NetworkRecord], bool]
) -> list[NetworkRecord]:
    """Those that match; raises CommandError for a filter that there is not."""
    said = Filters.parse(filters, _LIST)
    types, dangling = said.choices("type", _TYPES), said.truth("dangling")

    def tests(record: NetworkRecord) -> Iterator[bool]:
        yield said.fit("driver", lambda value: record.driver == value)
        yield said.fit("scope", lambda value: value == "local")
        yield said.matches("id", record.id)
        yield said.matches("name", record.name)
        yield said.has_labels(record.labels)
        yield not types or ("builtin" if record.is_predefined else "custom") in types
        yield dangling is None or (not record.is_predefined and not is_used(record)) is dangling

    return [record for record in records if all(tests(record))]


def to_prune(records: Iterable[NetworkRecord], said: Filters, now: float) -> list[NetworkRecord]:
    """Those that a prune with these filters may remove, as far as they are not used; raises CommandError."""
    return [
        record
        for record in records
        if not record.is_predefined and said.is_older(record.created, now) and said.has_labels(record.labels)
    ]
