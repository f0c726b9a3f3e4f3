"""One stage of a plan: what it starts with, what ONBUILD of its base adds, and its steps one after the other."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from pydock_lab.build.dispatch import dispatch
from pydock_lab.build.labels import Labels
from pydock_lab.build.names import SCRATCH, Names
from pydock_lab.build.places import placed
from pydock_lab.build.state import Reading, RunDefaults, StageState
from pydock_lab.build.steps import NamedContext, Origin, Stage, Step
from pydock_lab.dockerfile.instructions import Add, Cmd, Copy, Entrypoint, Instruction, Onbuild, Run, Workdir
from pydock_lab.dockerfile.positions import LineRange
from pydock_lab.dockerfile.stages import Dockerfile, parse
from pydock_lab.errors import BuildError, DockerfileError, InvalidReference
from pydock_lab.oci import ContainerConfig, ImageConfig, Platform, Reference


class ImageSource(Protocol):
    """Where base images come from: the engine looks into its store, and pulls what is not there."""

    def config(self, name: str, platform: str) -> ImageConfig:
        """The config of an image; raises PydockError where it cannot be had."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What all stages of a Dockerfile are planned with.

    `bases` are what each stands on, `platforms` what each asks for (None: the build's own, `platform`).
    """

    file: Dockerfile
    names: Names
    bases: tuple[Origin, ...]
    platforms: tuple[Platform | None, ...]
    platform: Platform
    images: ImageSource
    build_args: Mapping[str, str]
    global_args: Mapping[str, str]
    defaults: RunDefaults
    not_cached: frozenset[str]


class StagePlanner:
    """Plans stages, those first that others stand on."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._states: dict[int, StageState] = {}
        self._done: dict[int, Stage] = {}
        self._configs: dict[tuple[str, str], ImageConfig] = {}
        self._triggers: dict[int, tuple[Instruction, ...]] = {}

    def triggers(self, index: int) -> tuple[Instruction, ...]:
        """The instructions that ONBUILD of its base gives a stage; raises PydockError."""
        if index not in self._triggers:
            lines = self._around.file.stages[index].lines
            with placed(lines):
                self._triggers[index] = tuple(_trigger(text, lines) for text in self._on_build(index))
        return self._triggers[index]

    def _on_build(self, index: int) -> tuple[str, ...]:
        base = self._around.bases[index]
        if isinstance(base, int):
            below = self._around.file.stages[base].commands
            return tuple(command.expression for command in below if isinstance(command, Onbuild))
        return self._base_config(index, base).config.on_build

    def image(self, name: str, platform: str) -> ImageConfig:
        """The config of an image, asked for once; raises PydockError."""
        if (name, platform) not in self._configs:
            self._configs[name, platform] = self._around.images.config(name, platform)
        return self._configs[name, platform]

    def stage(self, index: int, late: int = 0) -> Stage:
        """Plan a stage; raises PydockError.

        `late` tells how many instructions of ONBUILD led to the stage, one because of the other: BuildKit finds it
        in as many rounds, and counts each as a step.
        """
        replaced = self._around.names.replaced(index)
        planned = self._planned(index, late) if replaced is None else self._replaced(index, replaced)
        self._done[index] = planned
        return planned

    def _replaced(self, index: int, origin: Origin) -> Stage:
        """A stage that --build-context gives: nothing of what the Dockerfile says of it is done."""
        if isinstance(origin, int):
            config, self._states[index] = self._done[origin].base_config, self._states[origin]
            final = self._done[origin].config
        else:
            config = self._base_config(index, origin)
            self._states[index] = self._state(config, index)
            final = replace(config.config, on_build=())
        return self._stage(index, origin, config, final, ())

    def _planned(self, index: int, late: int) -> Stage:
        around, base = self._around, self._around.bases[index]
        if isinstance(base, int):
            below = self._done[base]
            base_config = replace(below.base_config, config=below.config)
            # With its ARGs: a stage inherits those of the one it stands on (Docker's documentation, "Build variables").
            state = self._states[base].on_top()
        else:
            base_config = self._base_config(index, base)
            state = self._state(base_config, index)
        self._states[index] = state
        reading = Reading(
            index=index,
            names=around.names,
            labels=self._labels(index, late),
            build_args=around.build_args,
            global_args=around.global_args,
            defaults=around.defaults,
        )
        label = ""
        if _has_files(base, base_config):
            label = reading.labels.next(f"FROM {_full_name(str(base))}")
        reading.labels.total += len(self.triggers(index))
        steps = tuple(_steps(self.triggers(index), around.file.stages[index].commands, state, reading))
        planned = self._stage(index, None if base == SCRATCH else base, base_config, state.config, steps)
        return replace(planned, author=state.author, label=label)

    def _stage(
        self, index: int, base: Origin, base_config: ImageConfig, config: ContainerConfig, steps: tuple[Step, ...]
    ) -> Stage:
        parsed = self._around.file.stages[index]
        return Stage(
            index=index,
            name=parsed.name,
            base=base,
            platform=self._states[index].platform,
            lines=parsed.lines,
            text=parsed.start.code,
            base_config=base_config,
            config=config,
            steps=steps,
            author=base_config.author,
            ignore_cache=bool(parsed.name) and parsed.name in self._around.not_cached,
        )

    def _base_config(self, index: int, base: Origin) -> ImageConfig:
        around = self._around
        platform = around.platforms[index] or around.platform
        if base == SCRATCH:
            platform = around.platform
        if base == SCRATCH or isinstance(base, NamedContext):
            return ImageConfig(platform=platform, config=ContainerConfig(working_dir="/"))
        with placed(around.file.stages[index].lines):
            return self.image(str(base), str(platform))

    def _state(self, base: ImageConfig, index: int) -> StageState:
        platform = self._around.platforms[index] or self._around.platform
        if self._around.bases[index] == SCRATCH:
            platform = self._around.platform
        state = StageState.on(base.config, self._around.file.escape, str(platform))
        state.author = base.author
        return state

    def _labels(self, index: int, late: int) -> Labels:
        around = self._around
        commands = around.file.stages[index].commands
        is_alone = len(around.file.stages) == 1 and not any(map(_has_origins, commands))
        total = sum(isinstance(one, (Run, Copy, Add, Workdir)) for one in commands)
        base = around.bases[index]
        stands_on_image = not isinstance(base, int) and base != SCRATCH
        return Labels(
            title="" if is_alone else around.names.title(index),
            total=total + stands_on_image,
            number=late if stands_on_image else 0,
        )


def _has_origins(command: Instruction) -> bool:
    """Whether it speaks of other stages or images; every mount does, be it of scratch."""
    return bool(isinstance(command, Copy) and command.origin) or bool(isinstance(command, Run) and command.mounts)


def _has_files(base: Origin, config: ImageConfig) -> bool:
    if isinstance(base, (int, NamedContext)) or base == SCRATCH:
        return False
    return bool(config.diff_ids) or not all(entry.empty_layer for entry in config.history)


def _full_name(name: str) -> str:
    try:
        return str(Reference.parse(name))
    except InvalidReference:
        return name  # the address of an image in a folder


def _trigger(text: str, lines: LineRange) -> Instruction:
    """An instruction that stands in an image, and is shown where the FROM stands."""
    try:
        parsed = parse(f"FROM {SCRATCH}\n{text}")
    except DockerfileError as error:
        raise DockerfileError(error.key, **{**error.fields, "line": lines.first, "end_line": lines.last}) from None
    commands = parsed.stages[0].commands
    if len(parsed.stages) != 1 or len(commands) != 1:
        raise BuildError("build.trigger", instruction=text)
    return replace(commands[0], source=replace(commands[0].source, lines=lines))


def _steps(
    triggers: Iterable[Instruction], commands: Iterable[Instruction], state: StageState, reading: Reading
) -> Iterator[Step]:
    cmd_is_set = False
    of_base = replace(reading, is_trigger=True)
    for command, around in (*((one, of_base) for one in triggers), *((one, reading) for one in commands)):
        cmd_is_set |= isinstance(command, Cmd)
        if isinstance(command, Entrypoint) and not cmd_is_set:
            # An ENTRYPOINT gives the program another meaning: a CMD from below would be nonsense for it.
            state.config = replace(state.config, cmd=None)
        with placed(command.lines):
            yield dispatch(command, state, around)
