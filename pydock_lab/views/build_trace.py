"""A build as it went: its Dockerfile, its stages, and each step with its moment, its layer and its files.

1  FROM lab/base AS build    build   0.0 s  |█       |  base
2  COPY src /src             build   0.1 s  |█       |  from the cache   ▂▃█▅▂▃
3  RUN make                  build   0.1 s  |████    |  3.0 s            █▃▂▅▃▂   + /src/app
5  FROM lab/base AS docs     docs    0.0 s  |█       |  at the same time
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from pydock_lab.views.base import View
from pydock_lab.views.layers import FileChange


class StepOutcome(StrEnum):
    """What became of a step."""

    BASE = "base"  # a FROM: what the stage stands on
    CACHED = "cached"
    MISSED = "missed"  # it was not in the cache, so it was done
    FAILED = "failed"
    CONFIG = "config"  # only words in the configuration
    UNREACHED = "unreached"  # the build ended before
    SKIPPED = "skipped"  # the target does not need its stage


@dataclass(frozen=True, kw_only=True, slots=True)
class TraceStage:
    """A stage: its lines in the Dockerfile, and the stages (by their place in it) that it takes files from."""

    index: int
    title: str
    base: str
    line: int
    end_line: int
    needs: tuple[int, ...] = ()
    is_target: bool = False
    is_skipped: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class TraceStep:
    """One step; `number` counts from 1 through the whole build, `stage` is the index of its stage.

    `start` is in seconds since the build began, `seconds` what it took now, `made_seconds` when it really ran.
    `size` is compressed, `unpacked_size` what its files weigh. `needs` are the indexes of other stages whose files it
    takes. `output` is the end of what it wrote, `error` what went wrong. `changes` may be cut, `changes_total` is not.
    """

    number: int
    stage: int
    text: str
    line: int
    end_line: int
    outcome: StepOutcome
    label: str = ""
    start: float = 0.0
    seconds: float = 0.0
    made_seconds: float = 0.0
    size: int = 0
    unpacked_size: int = 0
    digest: str = ""
    diff_id: str = ""
    key: str = ""
    needs: tuple[int, ...] = ()
    output: tuple[str, ...] = ()
    error: str = ""
    changes: tuple[FileChange, ...] = ()
    changes_total: int = 0

    @property
    def end(self) -> float:
        """When it ended, in seconds since the build began."""
        return self.start + self.seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildTrace(View):
    """A build, step by step; `name` is that of its image, `build` its own id.

    `at` is the number of the step at which one stands: later ones have not begun yet. 0 is the end of the build.
    """

    build: str
    name: str
    created: str
    seconds: float
    dockerfile: tuple[str, ...]
    stages: tuple[TraceStage, ...]
    steps: tuple[TraceStep, ...]
    image_id: str = ""
    error: str = ""
    at: int = 0

    @property
    def in_time(self) -> tuple[TraceStep, ...]:
        """The steps in the order in which they began; those that never did come last, in the order of the file."""
        never = (StepOutcome.UNREACHED, StepOutcome.SKIPPED)
        return tuple(sorted(self.steps, key=lambda step: (step.outcome in never, step.start, step.number)))

    @property
    def work_seconds(self) -> float:
        """What all steps took together: more than `seconds` where some ran at the same time."""
        return sum(step.seconds for step in self.steps)

    @property
    def saved_seconds(self) -> float:
        """What the steps that came from the cache took when they really ran."""
        return sum(step.made_seconds for step in self.steps if step.outcome is StepOutcome.CACHED)

    @property
    def step(self) -> TraceStep | None:
        """The step at which one stands; None at the end."""
        return next((step for step in self.steps if step.number == self.at), None)

    def stage(self, index: int) -> TraceStage:
        """The stage with that place in the Dockerfile; raises KeyError."""
        for stage in self.stages:
            if stage.index == index:
                return stage
        raise KeyError(index)

    def standing_at(self, number: int) -> Self:
        """The same build, seen when the step of that number had just ended; 0 is the end."""
        return replace(self, at=number)

    def forward(self) -> Self:
        """One step further, in time; the end stays the end."""
        return self._moved(1)

    def back(self) -> Self:
        """One step back, in time; the first stays the first."""
        return self._moved(-1)

    def _moved(self, by: int) -> Self:
        order = [step.number for step in self.in_time]
        at = order.index(self.at) if self.at in order else len(order)
        target = max(0, at + by)
        return self.standing_at(order[target] if target < len(order) else 0)
