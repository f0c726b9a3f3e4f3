"""Ids, texts and times as Docker's lists show them."""

from datetime import UTC, datetime

_UNITS = (
    (86400 * 365, "year"),
    (86400 * 30, "month"),
    (86400 * 7, "week"),
    (86400, "day"),
    (3600, "hour"),
    (60, "minute"),
)


def short(digest: str) -> str:
    """The first twelve digits."""
    return digest.rpartition(":")[2][:12]


def shortened(text: str, width: int) -> str:
    """The text, cut with an ellipsis where it is longer than `width` characters."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def ago(created: str) -> str:
    """`3 minutes ago` for an RFC 3339 time; `N/A` where there is none."""
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return "N/A"
    return f"{since((datetime.now(UTC) - moment).total_seconds())} ago"


def since(seconds: float) -> str:
    """A duration in Docker's words."""
    for size, unit in _UNITS:
        count = int(seconds // size)
        if count == 1 and unit in ("hour", "minute"):
            return "About an hour" if unit == "hour" else "About a minute"
        if count >= (2 if unit in ("week", "month", "year") else 1):
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "Less than a second" if seconds < 1 else f"{int(seconds)} seconds"
