"""Which earlier build to compare with: the one that the reader means by "but it was cached before"."""

from collections.abc import Iterable
from datetime import datetime

from pydock_lab.build.record import BuildRecord, BuildStatus


def nearest(records: Iterable[BuildRecord], after: BuildRecord) -> BuildRecord | None:
    """The last earlier build of the same thing (tags, target, context, Dockerfile), else the one most alike.

    Most alike is the one that shares most steps, by their keys and then by their words; None where no earlier build
    shares any. Builds that were only predicted are none.
    """
    earlier = [one for one in records if _is_earlier(one, after)]
    same = [one for one in earlier if _purpose(one) == _purpose(after)]
    if same:
        return max(same, key=_time)
    best = max(earlier, key=lambda one: (*_shared(one, after), _time(one)), default=None)
    return best if best and any(_shared(best, after)) else None


def _is_earlier(one: BuildRecord, after: BuildRecord) -> bool:
    return one.status is not BuildStatus.PREDICTED and one.build != after.build and _time(one) <= _time(after)


def _time(record: BuildRecord) -> datetime:
    return datetime.fromisoformat(record.created)


def _purpose(record: BuildRecord) -> tuple[object, ...]:
    return (frozenset(record.references), record.target, record.context, record.dockerfile_name, record.platform)


def _shared(one: BuildRecord, after: BuildRecord) -> tuple[int, int]:
    """How many steps both have: with equal keys, and with equal words."""
    keys = {step.key_digest for step in one.steps if step.key_digest}
    words = {step.text for step in one.steps}
    return (
        sum(step.key_digest in keys for step in after.steps if step.key_digest),
        sum(step.text in words for step in after.steps),
    )
