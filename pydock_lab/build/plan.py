"""From a parsed Dockerfile to a Plan: which stages are needed, what each stands on, and what its steps are.

    ARG, options        FROM a AS build ----.            the target, and what it needs,
    of the user   -->   FROM b              | COPY --from  and nothing else: `FROM b` is
                        FROM scratch  <-----'            skipped, and its image not fetched

It does no work: only the configurations of base images are asked for, from an ImageSource.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from pydock_lab.build.dispatch import dispatch
from pydock_lab.build.state import Reading, StageState
from pydock_lab.build.steps import Plan, Stage, Step
from pydock_lab.dockerfile.expansion import expand
from pydock_lab.dockerfile.instructions import Cmd, Copy, Entrypoint, Instruction, Network, Run
from pydock_lab.dockerfile.platforms import LINUX_AMD64, parse_platform, platform_arguments
from pydock_lab.dockerfile.positions import located
from pydock_lab.dockerfile.scalars import fields
from pydock_lab.dockerfile.stages import Dockerfile, parse
from pydock_lab.dockerfile.stages import Stage as ParsedStage
from pydock_lab.dockerfile.suggest import closest
from pydock_lab.errors import BuildError, PydockError
from pydock_lab.oci import ContainerConfig, ImageConfig, Platform

SCRATCH = "scratch"


class ImageSource(Protocol):
    """Where base images come from: the engine looks into its store, and pulls what is not there."""

    def config(self, name: str, platform: str) -> ImageConfig:
        """The config of an image; raises PydockError where it cannot be had."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanOptions:
    """What the user said beside the Dockerfile.

    `build_contexts` are what `--build-context` says for each name: a folder, `docker-image://name`,
    `oci-layout://path[@digest]`, `target:stage`, or the URL of a Git repository or an archive. `add_hosts` are
    `name:address`, `ulimits` `name=soft[:hard]`, `shm_size` bytes (0: as always), `allow` the entitlements granted,
    `no_cache_filter` names of stages, `source_date_epoch` seconds since 1970.
    """

    build_args: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    platform: Platform = LINUX_AMD64
    host: Platform = LINUX_AMD64
    build_contexts: Mapping[str, str] = field(default_factory=dict)
    network: Network = Network.DEFAULT
    add_hosts: tuple[str, ...] = ()
    shm_size: int = 0
    ulimits: tuple[str, ...] = ()
    cgroup_parent: str = ""
    allow: frozenset[str] = frozenset()
    no_cache_filter: tuple[str, ...] = ()
    source_date_epoch: int | None = None


def plan(dockerfile: Dockerfile, options: PlanOptions, images: ImageSource) -> Plan:
    """The plan of a build; raises DockerfileError and BuildError with the line they speak of."""
    return _Planner(dockerfile, options, images).plan()


class _Planner:
    def __init__(self, dockerfile: Dockerfile, options: PlanOptions, images: ImageSource) -> None:
        self._file, self._options, self._images = dockerfile, options, images
        self._global = self._global_args()
        self._bases = [self._base(stage) for stage in dockerfile.stages]
        self._states: dict[int, StageState] = {}
        self._done: dict[int, Stage] = {}

    def plan(self) -> Plan:
        if not self._file.stages:
            raise BuildError("build.no-stage")
        target = self._target()
        needed = self._needed(target)
        for index in sorted(needed):
            self._done[index] = self._stage(index)
        final = self._done[target]
        labels = dict(final.config.labels) | dict(self._options.labels)
        self._done[target] = replace(final, config=replace(final.config, labels=labels))
        skipped = [self._title(index) for index in range(len(self._file.stages)) if index not in needed]
        return Plan(
            stages=tuple(self._done[index] for index in sorted(needed)),
            target=target,
            skipped=tuple(skipped),
            escape=self._file.escape,
        )

    def _title(self, index: int) -> str:
        return self._file.stages[index].name or f"stage-{index}"

    def _global_args(self) -> dict[str, str]:
        """The ARGs before the first FROM, on top of those that tell the platform."""
        options = self._options
        known = platform_arguments(
            build=options.host, target=options.platform, stage=options.target, overrides=options.build_args
        )
        for arg in self._file.meta_args:
            for variable in arg.variables:
                if variable.key in options.build_args:
                    known[variable.key] = options.build_args[variable.key]
                elif variable.default is not None:
                    with located(arg.lines):
                        known[variable.key] = expand(variable.default, known, self._file.escape).text
        return known

    def _base(self, stage: ParsedStage) -> str:
        with located(stage.lines):
            name = expand(stage.base, self._global, self._file.escape).text
        if not name:
            raise BuildError("build.base-blank", base=stage.base, line=stage.lines.first)
        return name

    def _find(self, name: str, before: int, *, numbers: bool = True) -> int | None:
        """The stage called `name` (in any case) or numbered so, before the given one; FROM takes no numbers."""
        for index in range(before - 1, -1, -1):
            if self._file.stages[index].name.lower() == name.lower():
                return index
        return int(name) if numbers and name.isdigit() and int(name) < before else None

    def _target(self) -> int:
        wanted, count = self._options.target, len(self._file.stages)
        if not wanted:
            return count - 1
        found = self._find(wanted, count)
        if found is None:
            names = [stage.name for stage in self._file.stages if stage.name]
            near = closest(wanted.lower(), names)
            key = "build.target-like" if near else "build.target"
            raise BuildError(key, target=wanted, suggestion=near or "", stages=", ".join(names) or "-")
        return found

    def _needed(self, target: int) -> set[int]:
        needed, todo = set[int](), [target]
        while todo:
            index = todo.pop()
            if index not in needed:
                needed.add(index)
                todo.extend(self._uses(index))
        return needed

    def _uses(self, index: int) -> Iterator[int]:
        """The stages that a stage stands on or copies from: these names take no variables, so they are known."""
        stage = self._file.stages[index]
        found = [self._find(name, index) for name in _origins(stage.commands)]
        found.append(self._find(self._bases[index], index, numbers=False))
        yield from (one for one in found if one is not None)

    def _stage(self, index: int) -> Stage:
        parsed = self._file.stages[index]
        base, base_config, state = self._start(index)
        self._states[index] = state
        reading = Reading(
            build_args=self._options.build_args,
            global_args=self._global,
            find_stage=lambda name: self._find(name, index),
        )
        commands = [*_triggers(base_config.config), *parsed.commands]
        steps = tuple(_steps(commands, state, reading))
        return Stage(
            index=index,
            name=parsed.name,
            base=base,
            platform=parsed.platform,
            lines=parsed.lines,
            text=parsed.start.code,
            base_config=base_config,
            config=state.config,
            steps=steps,
            author=state.author,
        )

    def _start(self, index: int) -> tuple[int | str | None, ImageConfig, StageState]:
        """What a stage stands on, and the state it begins with."""
        parsed, name = self._file.stages[index], self._bases[index]
        found = self._find(name, index, numbers=False)
        if found is not None:
            below = self._done[found]
            return found, replace(below.base_config, config=below.config), self._states[found].on_top()
        platform = self._platform(parsed)
        if name == SCRATCH:
            config = ImageConfig(platform=platform, config=ContainerConfig(working_dir="/"))
            return None, config, StageState.on(config.config, self._file.escape)
        config = self._base_config(name, str(platform), parsed)
        state = StageState.on(config.config, self._file.escape)
        state.author = config.author
        return name, config, state

    def _base_config(self, name: str, platform: str, parsed: ParsedStage) -> ImageConfig:
        try:
            return self._images.config(name, platform)
        except PydockError as error:
            # Whatever it is, from a wrong name to no network: the reader looks for the FROM line.
            raise type(error)(error.key, **{"line": parsed.lines.first, **error.fields}) from error

    def _platform(self, parsed: ParsedStage) -> Platform:
        if not parsed.platform:
            return self._options.platform
        with located(parsed.lines):
            named = expand(parsed.platform, self._global, self._file.escape).text
            return parse_platform(named, self._options.platform)


def _origins(commands: Iterable[Instruction]) -> Iterator[str]:
    for command in commands:
        if isinstance(command, Copy) and command.origin:
            yield command.origin
        elif isinstance(command, Run):
            # The other options of a mount may hold variables, which nobody knows yet; `from` may not.
            found = (part.partition("=") for text in command.mounts for part in fields(text, what="mounts"))
            yield from (value for key, _, value in found if key.lower() == "from")


def _triggers(config: ContainerConfig) -> tuple[Instruction, ...]:
    """The ONBUILD instructions that a base image carries."""
    if not config.on_build:
        return ()
    return parse("\n".join([f"FROM {SCRATCH}", *config.on_build])).stages[0].commands


def _steps(commands: Iterable[Instruction], state: StageState, reading: Reading) -> Iterator[Step]:
    cmd_is_set = False
    for command in commands:
        cmd_is_set |= isinstance(command, Cmd)
        if isinstance(command, Entrypoint) and not cmd_is_set:
            # An ENTRYPOINT gives the program another meaning: a CMD from below would be nonsense for it.
            state.config = replace(state.config, cmd=None)
        with located(command.lines):
            yield dispatch(command, state, reading)
