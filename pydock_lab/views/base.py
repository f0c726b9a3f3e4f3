"""What all views have in common."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """Something to look at."""

    def to_json(self) -> dict[str, object]:
        """The view as plain data, for a widget or a record."""
        return asdict(self)
