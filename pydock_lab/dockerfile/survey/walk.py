"""The way through a whole Dockerfile, in the order of BuildKit's frontend.

Every FROM is read before any stage, and every stage is linked before any instruction: so a mistake in the last FROM
comes before one in the first RUN.
"""

from collections.abc import Iterator
from dataclasses import replace

from pydock_lab.dockerfile import instructions as ins
from pydock_lab.dockerfile.expansion import expand
from pydock_lab.dockerfile.platforms import parse_platform, platform_arguments
from pydock_lab.dockerfile.positions import located
from pydock_lab.dockerfile.stages import Dockerfile, Stage, parse
from pydock_lab.dockerfile.suggest import closest
from pydock_lab.dockerfile.survey.facts import BuildFacts
from pydock_lab.dockerfile.survey.global_arguments import GlobalArguments, read_arguments
from pydock_lab.dockerfile.survey.graph import StageNames, Use, base_stages, check_circles, uses
from pydock_lab.dockerfile.survey.scope import Scope
from pydock_lab.dockerfile.survey.sights import BaseSeen, DefaultBase, ImageSeen, PlatformSeen, Sight, StageSeen
from pydock_lab.dockerfile.survey.stage_walk import Reading, walk
from pydock_lab.errors import DockerfileError, InvalidReference
from pydock_lab.oci import ContainerConfig, ImageConfig, Platform, Reference

SCRATCH = "scratch"
_EMPTY = ContainerConfig()


def survey(dockerfile: Dockerfile, facts: BuildFacts) -> Iterator[Sight]:
    """Read through a Dockerfile; raises DockerfileError (or InvalidReference) where a build would end."""
    return Survey(dockerfile, facts).sights()


class Survey:
    """A Dockerfile on its way; `arguments` and `target` are there once the first FROM has been seen."""

    def __init__(self, dockerfile: Dockerfile, facts: BuildFacts) -> None:
        self._file, self._facts, self._stages = dockerfile, facts, dockerfile.stages
        self.arguments = GlobalArguments(values={}, written={})
        self.target = len(dockerfile.stages) - 1
        self._stage_names = StageNames.of(dockerfile.stages)
        self._names: list[str] = []
        self._platforms: list[Platform | None] = []
        self._bases: tuple[int | None, ...] = ()
        self._links: list[tuple[Use, ...]] = []
        self._configs: dict[int, ImageConfig | None] = {}
        self._triggers: dict[int, tuple[ins.Instruction, ...]] = {}
        self._scopes: dict[int, Scope] = {}

    def sights(self) -> Iterator[Sight]:
        """All there is to see, up to the first mistake."""
        if not self._stages:
            raise DockerfileError("dockerfile.no-stages")
        known = self._platform_arguments()
        yield from self._default_bases(known)
        self.arguments = read_arguments(self._file.meta_args, known, self._facts.build_args, self._file.escape)
        for stage in self._stages:
            yield from self._start(stage)
        self.target = self._target()
        self._link()
        needed = self._needed()
        yield from self._images(needed)
        for index in needed:
            yield from self._stage(index)

    def _platform_arguments(self) -> dict[str, str]:
        facts = self._facts
        return platform_arguments(
            build=facts.host,
            target=facts.platform,
            stage=facts.target or self._stages[-1].name,
            overrides=facts.build_args,
        )

    def _default_bases(self, known: dict[str, str]) -> Iterator[Sight]:
        try:
            arguments = read_arguments(self._file.meta_args, known, {}, self._file.escape)
            declared = frozenset(arguments.written)
            for stage in self._stages:
                found = expand(stage.base, arguments.values, self._file.escape)
                missing = found.unmatched & declared
                yield DefaultBase(instruction=stage.start, name=found.text, without_value=missing)
        except DockerfileError:
            return  # the same mistake is told where the values in force are read

    # ---- every FROM

    def _start(self, stage: Stage) -> Iterator[Sight]:
        values, declared = self.arguments.values, frozenset(self.arguments.written)
        with located(stage.lines):
            found = expand(stage.base, values, self._file.escape)
            yield BaseSeen(instruction=stage.start, expansion=found, arguments=values, declared=declared)
            if not found.text:
                raise DockerfileError("dockerfile.base-blank", base=stage.base)
            self._names.append(found.text)
            if not stage.platform:
                self._platforms.append(None)
                return
            named = expand(stage.platform, values, self._file.escape)
            yield PlatformSeen(instruction=stage.start, expansion=named, arguments=values, declared=declared)
            if not named.text:
                raise DockerfileError("dockerfile.platform-blank", platform=stage.platform)
            self._platforms.append(parse_platform(named.text, self._facts.host))

    # ---- stages and their links

    def _target(self) -> int:
        wanted = self._facts.target
        if not wanted:
            return len(self._stages) - 1
        if (found := self._file.stage(wanted)) is None:
            names = [stage.name for stage in self._stages if stage.name]
            near = closest(wanted, names)
            key = "dockerfile.target-like" if near else "dockerfile.target"
            raise DockerfileError(key, target=wanted, suggestion=near or "", stages=", ".join(names) or "-")
        return next(index for index, stage in enumerate(self._stages) if stage is found)

    def _link(self) -> None:
        self._bases = base_stages(self._stages, self._names)
        self._links = [tuple(uses(self._stage_names, stage.commands)) for stage in self._stages]
        check_circles(self._stages, self._links)

    def _needed(self) -> list[int]:
        """The stages that are looked at, in their order; triggers may need more than is written in the stage."""
        # Who names a target wants to hear of nothing else.
        everything = self._facts.all_stages and not self._facts.target
        needed, todo = set[int](), list(range(len(self._stages))) if everything else [self.target]
        while todo:
            index = todo.pop()
            if index in needed:
                continue
            needed.add(index)
            self._triggers[index] = triggers = self._read_triggers(index)
            self._links[index] = (*uses(self._stage_names, triggers), *self._links[index])
            base = self._bases[index]
            todo += [use.origin for use in self._links[index] if isinstance(use.origin, int)]
            todo += [] if base is None else [base]
        return sorted(needed)

    def _read_triggers(self, index: int) -> tuple[ins.Instruction, ...]:
        """The ONBUILD instructions of the stage or image below, all at this stage's FROM."""
        base = self._bases[index]
        if base is None:
            config = self._config(index)
            texts = list(config.config.on_build) if config else []
        else:
            below = self._stages[base].commands
            texts = [command.expression for command in below if isinstance(command, ins.Onbuild)]
        if not texts:
            return ()
        lines = self._stages[index].lines
        with located(lines):
            try:
                commands = parse("\n".join([f"FROM {SCRATCH}", *texts])).stages[0].commands
            except DockerfileError as error:
                # Its own line is one of the triggers', and the reader has none of them in sight.
                raise DockerfileError(error.key, **{**error.fields, **_place(self._stages[index])}) from None
        return tuple(replace(one, source=replace(one.source, lines=lines, comments=())) for one in commands)

    # ---- images

    def _config(self, index: int) -> ImageConfig | None:
        if index not in self._configs:
            name = self._names[index]
            known = name != SCRATCH and name not in self._facts.contexts and _is_reference(name)
            self._configs[index] = self._facts.find_config(name, self._wanted(index)) if known else None
        return self._configs[index]

    def _wanted(self, index: int) -> Platform:
        return self._platforms[index] or self._facts.platform

    def _images(self, needed: list[int]) -> Iterator[Sight]:
        for index, stage in enumerate(self._stages):
            name = self._names[index]
            if self._bases[index] is not None or name == SCRATCH or name in self._facts.contexts:
                continue
            with located(stage.lines):
                _check_reference(name, stage)
            if index in needed:
                config, wanted = self._config(index), self._wanted(index)
                yield ImageSeen(instruction=stage.start, name=name, wanted=wanted, config=config)

    # ---- instructions

    def _stage(self, index: int) -> Iterator[Sight]:
        stage, base = self._stages[index], self._bases[index]
        used = tuple(use.origin for use in self._links[index] if isinstance(use.origin, int))
        yield StageSeen(instruction=stage.start, index=index, base=base, uses=used)
        self._scopes[index] = scope = self._scope(index)
        origins = {id(use.instruction): use.origin for use in self._links[index]}

        title = stage.name or f"stage-{index}"

        def check_origin(copy: ins.Copy) -> None:
            origin = origins.get(id(copy))
            if isinstance(origin, int) and origin >= index:
                raise DockerfileError("dockerfile.stage-later", origin=copy.origin, stage=title)

        reading = Reading(
            escape=self._file.escape,
            build_args=self._facts.build_args,
            global_values=self.arguments.values,
            check_origin=check_origin,
        )
        yield from walk((*self._triggers[index], *stage.commands), scope, reading)

    def _scope(self, index: int) -> Scope:
        base = self._bases[index]
        if base is not None:
            return self._scopes[base].on_top()
        config = self._config(index)
        is_known = config is not None or self._names[index] == SCRATCH
        return Scope.on_image(config.config if config else _EMPTY, self._wanted(index), is_known=is_known)


def _place(stage: Stage) -> dict[str, int]:
    return {"line": stage.lines.first, "end_line": stage.lines.last}


def _is_reference(name: str) -> bool:
    try:
        Reference.parse(name)
    except InvalidReference:
        return False
    return True


def _check_reference(name: str, stage: Stage) -> None:
    try:
        Reference.parse(name)
    except InvalidReference as error:
        raise InvalidReference(error.key, **{**error.fields, **_place(stage)}) from None
