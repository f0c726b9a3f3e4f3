"""The edits that would have kept expensive steps in the cache."""

from dataclasses import dataclass
from difflib import unified_diff
from enum import StrEnum

from pydock_lab.views.base import View
from pydock_lab.views.build_trace import StepOutcome


class ProposalKind(StrEnum):
    """What kind of edit it is."""

    COPY_FIRST = "copy-first"  # only the files that the step needs before it, the rest after it
    MOVE_VARIABLE = "move-variable"
    IGNORE = "ignore"
    MOVE_STEP = "move-step"


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """One edit, applied: what it saves would have been saved in the build that is explained.

    `step` and `text` are those of the most expensive step that it keeps, `kept` the numbers of all of them; `names`
    are the files, variables or patterns that it is about. `dockerfile` and `ignore` are the new texts, `old_...` the
    ones before; `seconds` and `layer_size` (bytes) are taken from the record.
    """

    kind: ProposalKind
    step: int
    text: str
    names: tuple[str, ...]
    kept: tuple[int, ...]
    dockerfile: str
    old_dockerfile: str
    ignore: str
    old_ignore: str
    seconds: float
    layer_size: int

    @property
    def changes(self) -> tuple[str, ...]:
        """The edit as `diff` shows it: lines with a sign before them, of the Dockerfile or else of the ignore file."""
        is_dockerfile = self.dockerfile != self.old_dockerfile
        old, new = (self.old_dockerfile, self.dockerfile) if is_dockerfile else (self.old_ignore, self.ignore)
        shown = unified_diff(old.splitlines(), new.splitlines(), n=1, lineterm="")
        return tuple(line for line in shown if not line.startswith(("---", "+++", "@@")))


@dataclass(frozen=True, kw_only=True, slots=True)
class StepTime:
    """One step of the build as it was: what became of it, and the seconds that it took."""

    number: int
    stage: str
    text: str
    outcome: StepOutcome
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class WhatIf(View):
    """All proposals for a build, the one that saves most first; each holds by itself.

    `steps` are all steps of the build in the order of their numbers.
    """

    build: str
    name: str
    proposals: tuple[Proposal, ...]
    steps: tuple[StepTime, ...] = ()

    @property
    def work_seconds(self) -> float:
        """What all steps took together, one after the other."""
        return sum(step.seconds for step in self.steps)

    def work_seconds_with(self, proposal: Proposal) -> float:
        """What they would have taken with that edit: those that it keeps take no time."""
        return sum(step.seconds for step in self.steps if step.number not in proposal.kept)
