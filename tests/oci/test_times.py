"""Times as Go writes them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from pydock_lab.oci.times import rfc3339

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("microsecond", "text"),
    [(0, "12:00:00Z"), (500_000, "12:00:00.5Z"), (120_000, "12:00:00.12Z"), (10, "12:00:00.00001Z")],
)
def test_no_zeros_at_the_end(microsecond: int, text: str) -> None:
    assert rfc3339(NOON.replace(microsecond=microsecond)) == f"2026-01-31T{text}"
    assert datetime.fromisoformat(rfc3339(NOON.replace(microsecond=microsecond))).microsecond == microsecond


def test_always_in_utc() -> None:
    assert rfc3339(NOON.astimezone(timezone(timedelta(hours=-5)))) == "2026-01-31T12:00:00Z"
