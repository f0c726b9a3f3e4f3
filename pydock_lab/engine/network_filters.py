"""`docker network ls --filter`, and the filters of `docker network prune`. Source: Docker's documentation.

Filters of different names must all match, of those with the same name one is enough (of labels, all).
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from pydock_lab.engine.network_records import NetworkRecord
from pydock_lab.errors import CommandError

_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?")
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


def select(
    records: Iterable[NetworkRecord], filters: Sequence[str], is_used: Callable[[NetworkRecord], bool]
) -> list[NetworkRecord]:
    """Those that match; raises CommandError for a filter that there is not."""
    said = _read(filters, _LIST)
    tests: dict[str, Callable[[NetworkRecord, str], bool]] = {
        "driver": lambda record, value: record.driver == value,
        "id": lambda record, value: _finds(value, record.id),
        "label": lambda record, value: has_label(record.labels, value),
        "name": lambda record, value: _finds(value, record.name),
        "scope": lambda _record, value: value == "local",
        "type": _is_type,
        "dangling": lambda record, value: (not record.is_predefined and not is_used(record)) is _truth(value),
    }

    def matches(record: NetworkRecord) -> bool:
        return all(
            (all if name == "label" else any)(tests[name](record, value) for value in values)
            for name, values in said.items()
        )

    return [record for record in records if matches(record)]


def to_prune(records: Iterable[NetworkRecord], filters: Sequence[str], now: float) -> list[NetworkRecord]:
    """Those that a prune with these filters may remove, as far as they are not used; raises CommandError."""
    said = _read(filters, _PRUNE)
    before = [_moment(value, now) for value in said.get("until", [])]
    return [
        record
        for record in records
        if not record.is_predefined
        and all(record.created < moment for moment in before)
        and all(has_label(record.labels, value) for value in said.get("label", []))
        and not any(has_label(record.labels, value) for value in said.get("label!", []))
    ]


_LIST = ("dangling", "driver", "id", "label", "name", "scope", "type")
_PRUNE = ("label", "label!", "until")


def _read(filters: Sequence[str], known: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in filters:
        name, equals, value = text.partition("=")
        if not equals or name not in known:
            raise CommandError("network.bad-filter", value=text, known=", ".join(known))
        found.setdefault(name, []).append(value)
    return found


def has_label(labels: Mapping[str, str], wanted: str) -> bool:
    """Whether there is a label `NAME`, or `NAME=VALUE`."""
    name, equals, value = wanted.partition("=")
    return name in labels and (not equals or labels[name] == value)


def _finds(pattern: str, text: str) -> bool:
    """As Docker has it: a regular expression found anywhere; what is none is looked for as it stands."""
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return pattern in text


def _is_type(record: NetworkRecord, value: str) -> bool:
    if value not in ("builtin", "custom"):
        raise CommandError("network.bad-filter", value=f"type={value}", known="type=builtin, type=custom")
    return record.is_predefined is (value == "builtin")


def _truth(value: str) -> bool:
    if value.lower() not in _TRUTH:
        raise CommandError("network.bad-filter", value=f"dangling={value}", known="dangling=true, dangling=false")
    return _TRUTH[value.lower()]


def _moment(text: str, now: float) -> float:
    """A time for until: RFC 3339, seconds since 1970, or how long ago (`1h30m`)."""
    found = _DURATION.fullmatch(text)
    if text and found:
        hours, minutes, seconds = (float(part or 0) for part in found.groups())
        return now - hours * 3600 - minutes * 60 - seconds
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise CommandError("network.bad-filter", value=f"until={text}", known="until=10m, until=2024-05-01") from None
