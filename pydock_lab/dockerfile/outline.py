"""What a Dockerfile can be asked for: its targets, and the arguments, secrets and agents of one of them.

    # app the web server              docker build --call=targets      app (default)   the web server
    FROM python AS app                docker build --call=outline      PORT    8000    where it listens
    # PORT where it listens                                            token   required
    ARG PORT=8000
    RUN --mount=type=secret,id=token,required ...

Only what the target needs counts, stages below it and those that it copies from. The descriptions are comments right
above FROM and ARG that start with the name. Source: BuildKit's documentation, "docker build --call".
"""

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from pydock_lab.dockerfile.mounts import Mount, MountType
from pydock_lab.dockerfile.positions import LineRange
from pydock_lab.dockerfile.stages import Dockerfile
from pydock_lab.dockerfile.survey import ArgumentSeen, BaseSeen, BuildFacts, MountSeen, Sight, StageSeen, Survey
from pydock_lab.dockerfile.survey.global_arguments import Argument


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A stage that can be built; `name` is "" for one that only has a number."""

    name: str
    description: str
    base: str
    platform: str
    is_default: bool
    lines: LineRange

    def to_json(self) -> dict[str, object]:
        """As `--call=targets,format=json` has it."""
        texts = {"name": self.name, "description": self.description, "base": self.base, "platform": self.platform}
        default = {"default": True} if self.is_default else {}
        return _filled(texts) | default | _location(self.lines)


@dataclass(frozen=True, kw_only=True, slots=True)
class OutlineArgument:
    """An ARG that the target uses, and the value that it would have."""

    name: str
    value: str
    description: str
    lines: LineRange

    def to_json(self) -> dict[str, object]:
        """As `--call=outline,format=json` has it."""
        return (
            {"name": self.name}
            | _filled({"value": self.value, "description": self.description})
            | _location(self.lines)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class OutlineMount:
    """A secret, or an SSH agent, that a step of the target mounts."""

    name: str
    is_required: bool
    lines: LineRange

    def to_json(self) -> dict[str, object]:
        """As `--call=outline,format=json` has it."""
        return {"name": self.name} | ({"required": True} if self.is_required else {}) | _location(self.lines)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outline:
    """What a build of one target can be given, by line."""

    name: str
    description: str
    arguments: tuple[OutlineArgument, ...]
    secrets: tuple[OutlineMount, ...]
    agents: tuple[OutlineMount, ...]

    def to_json(self) -> dict[str, object]:
        """As `--call=outline,format=json` has it."""
        lists: Mapping[str, tuple[OutlineArgument, ...] | tuple[OutlineMount, ...]] = {
            "args": self.arguments,
            "secrets": self.secrets,
            "ssh": self.agents,
        }
        items = {name: [item.to_json() for item in found] for name, found in lists.items() if found}
        return _filled({"name": self.name, "description": self.description}) | items


Item = TypeVar("Item", OutlineArgument, OutlineMount)


def targets(dockerfile: Dockerfile) -> tuple[Target, ...]:
    """All stages, in their order; the last one is built where no target is named."""
    last = len(dockerfile.stages) - 1
    return tuple(
        Target(
            name=stage.name,
            description=stage.start.description,
            base=stage.base,
            platform=stage.platform,
            is_default=index == last,
            lines=stage.lines,
        )
        for index, stage in enumerate(dockerfile.stages)
    )


def outline(dockerfile: Dockerfile, facts: BuildFacts | None = None) -> Outline:
    """What the target of `facts` can be given; raises DockerfileError where a build would."""
    survey = Survey(dockerfile, facts or BuildFacts())
    stages = {stage.lines.first: _Stage() for stage in dockerfile.stages}
    in_order: dict[int, _Stage] = dict(enumerate(stages.values()))
    current = in_order.get(0, _Stage())
    for sight in survey.sights():
        if isinstance(sight, StageSeen | BaseSeen):
            current = stages[sight.lines.first]
        current.look(sight)
    used = [in_order[index] for index in _below(survey.target, in_order)]
    start = dockerfile.stages[survey.target].start
    return Outline(
        name=start.stage,
        description=start.description,
        arguments=_by_line(_arguments(used, survey.arguments.written)),
        secrets=_by_line(_mounts(stage.secrets for stage in used)),
        agents=_by_line(_mounts(stage.agents for stage in used)),
    )


@dataclass(slots=True)
class _Stage:
    """What one stage names: of a secret that is mounted twice, the first mount counts."""

    names: dict[str, None] = field(default_factory=dict)  # in order
    arguments: dict[str, Argument] = field(default_factory=dict)
    secrets: dict[str, OutlineMount] = field(default_factory=dict)
    agents: dict[str, OutlineMount] = field(default_factory=dict)
    needs: tuple[int, ...] = ()

    def look(self, sight: Sight) -> None:
        """Take in what a sight says."""
        match sight:
            case BaseSeen():
                self.names |= dict.fromkeys(sorted(sight.expansion.matched))
            case StageSeen():
                self.needs = (*(() if sight.base is None else (sight.base,)), *sight.uses)
            case ArgumentSeen():
                self._argument(sight)
            case MountSeen():
                self._mount(sight.mount, sight.lines)

    def _argument(self, sight: ArgumentSeen) -> None:
        name = sight.variable.key
        self.names[name] = None
        # An ARG that only repeats one above the first FROM is shown there.
        if not sight.is_inherited:
            self.arguments[name] = Argument(variable=sight.variable, value=sight.value or "", lines=sight.lines)

    def _mount(self, mount: Mount, lines: LineRange) -> None:
        if mount.type is MountType.SECRET:
            name = mount.source or mount.cache_id or posixpath.basename(mount.target.rstrip("/")) or "/"
            found = OutlineMount(name=name, is_required=mount.required, lines=lines)
            self.secrets.setdefault(name, found)
        elif mount.type is MountType.SSH:
            found = OutlineMount(name=mount.cache_id or "default", is_required=mount.required, lines=lines)
            self.agents.setdefault(found.name, found)


def _below(target: int, stages: Mapping[int, _Stage]) -> list[int]:
    """The target and all that it needs, each once, the nearest first."""
    found, todo = dict[int, None](), [target]
    while todo:
        index = todo.pop()
        if index not in found:
            found[index] = None
            todo += reversed(stages[index].needs)
    return list(found)


def _arguments(used: Iterable[_Stage], written: Mapping[str, Argument]) -> Iterator[OutlineArgument]:
    seen: set[str] = set()
    for stage in used:
        todo = list(stage.names)
        while todo:
            name = todo.pop()
            found = stage.arguments.get(name) or written.get(name)
            if found is None or name in seen:
                continue
            seen.add(name)
            todo += found.needs
            variable = found.variable
            yield OutlineArgument(name=name, value=found.value, description=variable.description, lines=found.lines)


def _mounts(stages: Iterable[Mapping[str, OutlineMount]]) -> Iterator[OutlineMount]:
    found: dict[str, OutlineMount] = {}
    for stage in stages:
        found = {**stage, **found}
    yield from found.values()


def _by_line(items: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(sorted(items, key=lambda item: (item.lines.first, item.name)))


def _filled(texts: Mapping[str, str]) -> dict[str, object]:
    return {name: text for name, text in texts.items() if text}


def _location(lines: LineRange) -> dict[str, object]:
    return {"location": {"ranges": [{"start": {"line": lines.first}, "end": {"line": lines.last}}]}}
