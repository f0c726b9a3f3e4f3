"""What all views have in common."""

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Self


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """Something to look at."""

    def to_json(self) -> dict[str, object]:
        """The view as plain data, for a widget or a record."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True, slots=True)
class SteppedView(View):
    """What happened one step after the other, to be gone through; steps are numbered from 1.

    `at` is the number of the step at which one stands: later ones have not begun yet. 0 is the end.
    """

    if TYPE_CHECKING:

        @property
        def steps(self) -> tuple[Any, ...]:
            """What it consists of."""

    at: int = 0

    def standing_at(self, number: int) -> Self:
        """The same, seen when the step of that number had just been done; 0 is the end."""
        return replace(self, at=number)

    def forward(self) -> Self:
        """One step further; the end stays the end."""
        return self.standing_at(self.at + 1 if 0 < self.at < len(self.steps) else 0)

    def back(self) -> Self:
        """One step back; the first stays the first."""
        return self.standing_at(max(1, self.at - 1) if self.at else len(self.steps))
