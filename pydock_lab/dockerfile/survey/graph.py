"""Which stage needs which: the one it stands on, and those it copies from or mounts.

FROM alpine AS a                    bases   a: none, b: a, last: none
FROM a AS b                         uses    last: b (COPY), a (mount)
FROM scratch
COPY --from=b /app /app             from the last stage all three are reached
RUN --mount=from=a,target=/a ls
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydock_lab.dockerfile.expansion import expand
from pydock_lab.dockerfile.instructions import Copy, Instruction, Run
from pydock_lab.dockerfile.positions import located
from pydock_lab.dockerfile.scalars import fields
from pydock_lab.dockerfile.stages import Stage
from pydock_lab.errors import DockerfileError

_INDEX = re.compile(r"[+-]?[0-9]{1,18}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """An instruction that takes files from `origin`: the index of a stage, or the name of an image."""

    instruction: Instruction
    origin: int | str


def base_stages(stages: Sequence[Stage], names: Sequence[str]) -> tuple[int | None, ...]:
    """For each stage, the index of the one that it stands on; `names` are those after FROM, variables replaced."""
    found: list[int | None] = []
    by_name: dict[str, int] = {}
    for index, (stage, base) in enumerate(zip(stages, names, strict=True)):
        # Stages are kept in small letters, and FROM does not look for them in others.
        found.append(by_name.get(base))
        if stage.name:
            by_name[stage.name] = index
    return tuple(found)


@dataclass(frozen=True, kw_only=True, slots=True)
class StageNames:
    """The stages by name; of two with one name, the last."""

    by_name: Mapping[str, int]
    count: int

    @classmethod
    def of(cls, stages: Sequence[Stage]) -> "StageNames":
        """The names that some stages have."""
        by_name = {stage.name: index for index, stage in enumerate(stages) if stage.name}
        return cls(by_name=by_name, count=len(stages))

    def find(self, name: str) -> int | str:
        """The stage of that name, in any case; the name itself where it is an image's."""
        return self.by_name.get(name.lower(), name)


def uses(names: StageNames, commands: Iterable[Instruction]) -> Iterator[Use]:
    """What some instructions take from elsewhere; raises DockerfileError."""
    for command in commands:
        with located(command.lines):
            if isinstance(command, Copy) and command.origin:
                yield Use(instruction=command, origin=_copied(command.origin, names))
            elif isinstance(command, Run):
                for origin in _mounted(command):
                    yield Use(instruction=command, origin=names.find(origin))


def _copied(origin: str, names: StageNames) -> int | str:
    # Stages are linked before any variable has a value.
    if expand(origin, {}).text != origin:
        raise DockerfileError("dockerfile.from-variable")
    if not _INDEX.fullmatch(origin):
        return names.find(origin)
    if not 0 <= int(origin) < names.count:
        raise DockerfileError("dockerfile.stage-index", index=int(origin))
    return int(origin)


def _mounted(command: Run) -> Iterator[str]:
    for mount in command.mounts:
        for field in fields(mount, what="mounts"):
            key, equals, value = field.partition("=")
            if equals and key.lower() == "from" and value:
                yield value


def check_circles(stages: Sequence[Stage], links: Sequence[Sequence[Use]]) -> None:
    """Raise DockerfileError where a stage needs itself, by way of others or at once."""
    visited: set[int] = set()
    for start in range(len(links)):
        if (circle := _circle(start, links, visited)) is not None:
            lines = sorted({use.instruction.lines.first for use in circle})
            title, shown = stages[start].name or f"stage-{start}", ", ".join(map(str, lines))
            raise DockerfileError("dockerfile.stage-circle", stage=title, line=lines[0], lines=shown)


def _circle(start: int, links: Sequence[Sequence[Use]], visited: set[int]) -> list[Use] | None:
    """The uses that lead from `start` into a circle; depth first, without Python's own stack, for it is short."""
    path, walks = list[Use](), dict[int, Iterator[Use]]()  # a dictionary keeps the order of the way here

    def enter(stage: int) -> None:
        visited.add(stage)
        walks[stage] = iter(links[stage])

    if start not in visited:
        enter(start)
    while walks:
        use = next(walks[next(reversed(walks))], None)
        if use is None:
            walks.popitem()
            del path[-1:]
        elif isinstance(use.origin, int):
            if use.origin in walks:
                return [*path, use]
            if use.origin not in visited:
                path.append(use)
                enter(use.origin)
    return None
