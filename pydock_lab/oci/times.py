"""Times as image configs have them (OCI image specification, config.md: RFC 3339)."""

from datetime import UTC, datetime


def rfc3339(moment: datetime) -> str:
    """A time in UTC, its fraction without zeros at the end, as Go writes it: `2026-01-31T12:00:00.12Z`.

    Tools that are written in Go read a config and write it anew: what comes back must have the same digest.
    """
    whole = moment.astimezone(UTC)
    fraction = f".{whole.microsecond:06}".rstrip("0").rstrip(".")
    return f"{whole:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def seconds(text: str) -> float | None:
    """Seconds since 1970 of such a time, which is in UTC where it does not say; None where there is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
