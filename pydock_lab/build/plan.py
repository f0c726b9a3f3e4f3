"""From a parsed Dockerfile to a Plan: which stages are needed, what each stands on, and what its steps are.

    ARG, options        FROM a AS build ----.            the target, and what it needs,
    of the user   -->   FROM b              | COPY --from  and nothing else: `FROM b` is
                        FROM scratch  <-----'            skipped, and its image not fetched

It does no work: only the configurations of images are asked for, from an ImageSource.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush

from pydock_lab.build.global_args import EPOCH, Epoch, epoch, global_args
from pydock_lab.build.names import SCRATCH, Names, check_cycles, origins
from pydock_lab.build.places import placed
from pydock_lab.build.proxies import proxies
from pydock_lab.build.stage_plan import ImageSource, StagePlanner, Surroundings
from pydock_lab.build.state import RunDefaults
from pydock_lab.build.steps import Origin, Plan
from pydock_lab.dockerfile.expansion import expand
from pydock_lab.dockerfile.instructions import Instruction, Network
from pydock_lab.dockerfile.platforms import LINUX_AMD64, parse_platform, platform_arguments
from pydock_lab.dockerfile.positions import LineRange
from pydock_lab.dockerfile.stages import Dockerfile
from pydock_lab.dockerfile.stages import Stage as ParsedStage
from pydock_lab.dockerfile.suggest import closest
from pydock_lab.errors import BuildError, DockerfileError
from pydock_lab.oci import Platform, Reference

_LAYOUT = "oci-layout://"


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

    @property
    def all_build_args(self) -> dict[str, str]:
        """The build arguments, the time among them where it is given."""
        given = dict(self.build_args)
        return given if self.source_date_epoch is None else given | {EPOCH: str(self.source_date_epoch)}


def plan(dockerfile: Dockerfile, options: PlanOptions, images: ImageSource) -> Plan:
    """The plan of a build; raises DockerfileError and BuildError with the line they speak of."""
    return _Planner(dockerfile, options, images).plan()


def find_epoch(dockerfile: Dockerfile, options: PlanOptions) -> Epoch:
    """What SOURCE_DATE_EPOCH says; raises DockerfileError and BuildError.

    Where it names a source, whoever builds asks that for its time, and plans with `source_date_epoch`.
    """
    build_args = options.all_build_args
    return epoch(dockerfile, _global_args(dockerfile, options), build_args, options.build_contexts)


def _global_args(dockerfile: Dockerfile, options: PlanOptions) -> dict[str, str]:
    last = dockerfile.stages[-1].name if dockerfile.stages else ""
    known = platform_arguments(
        build=options.host,
        target=options.platform,
        stage=options.target or last,
        overrides=options.all_build_args,
    )
    return global_args(dockerfile, known, options.all_build_args)


class _Planner:
    def __init__(self, dockerfile: Dockerfile, options: PlanOptions, images: ImageSource) -> None:
        self._file, self._options, self._images = dockerfile, options, images
        self._names = Names((stage.name for stage in dockerfile.stages), options.build_contexts)

    def plan(self) -> Plan:
        file, options = self._file, self._options
        if not file.stages:
            raise BuildError("build.only-args" if file.meta_args else "build.no-stage")
        time = find_epoch(file, options).seconds
        around = self._surroundings(time)
        target = self._target()
        self._check_stages(around)
        planner = StagePlanner(around)
        needs, late = self._needs(target, around, planner)
        stages = {index: planner.stage(index, late[index]) for index in self._order(needs)}
        final = stages[target]
        labels = dict(final.config.labels) | dict(options.labels)
        stages[target] = replace(final, config=replace(final.config, labels=labels))
        return Plan(
            stages=tuple(stages.values()),
            target=target,
            skipped=tuple(self._names.title(index) for index in range(len(file.stages)) if index not in stages),
            escape=file.escape,
            source_date_epoch=time,
        )

    def _surroundings(self, time: int | None) -> Surroundings:
        file, options = self._file, self._options
        args, build_args = _global_args(file, options), options.all_build_args
        for known in (args, build_args):
            if EPOCH in known:
                # A name in the place of a time has become one, or nothing.
                known |= {EPOCH: str(time)}
                if time is None:
                    del known[EPOCH]
        return Surroundings(
            file=file,
            names=self._names,
            bases=tuple(self._base(index, stage, args) for index, stage in enumerate(file.stages)),
            platforms=tuple(self._platform(stage, args) for stage in file.stages),
            platform=options.platform,
            images=self._images,
            build_args=build_args,
            global_args=args,
            defaults=RunDefaults(
                network=options.network,
                proxies=proxies(build_args),
                hosts=options.add_hosts,
                shm_size=options.shm_size,
                ulimits=options.ulimits,
                cgroup_parent=options.cgroup_parent,
            ),
            not_cached=frozenset(name.lower() for name in options.no_cache_filter),
        )

    def _base(self, index: int, stage: ParsedStage, args: Mapping[str, str]) -> Origin:
        with placed(stage.lines):
            name = expand(stage.base, args, self._file.escape).text
            if not name:
                raise BuildError("build.base-blank", base=stage.base)
            return self._names.base(name, index)

    def _platform(self, stage: ParsedStage, args: Mapping[str, str]) -> Platform | None:
        if not stage.platform:
            return None
        with placed(stage.lines):
            named = expand(stage.platform, args, self._file.escape).text
            if not named:
                raise BuildError("build.platform-empty", platform=stage.platform)
            try:
                return parse_platform(named, self._options.platform)
            except DockerfileError as error:
                raise BuildError("build.platform", platform=stage.platform, reason=error.message()) from None

    def _target(self) -> int:
        wanted = self._options.target
        if not wanted:
            return len(self._file.stages) - 1
        found = self._names.stage(wanted)
        if found is None:
            names = [stage.name for stage in self._file.stages if stage.name]
            near = closest(wanted.lower(), names)
            key = "build.target-like" if near else "build.target"
            raise BuildError(key, target=wanted, suggestion=near or "", stages=", ".join(names) or "-")
        return found

    # ---- who needs whom

    def _check_stages(self, around: Surroundings) -> None:
        """Names and circles in all stages, needed or not; raises BuildError and InvalidReference."""
        found = [list(self._origins(stage.commands)) for stage in self._file.stages]
        check_cycles(
            ({origin: lines for origin, lines in stage if isinstance(origin, int)} for stage in found), self._names
        )
        bases = [(base, stage.lines) for base, stage in zip(around.bases, self._file.stages, strict=True)]
        for origin, lines in (*bases, *(one for stage in found for one in stage)):
            if _is_image(origin):
                with placed(lines):
                    Reference.parse(str(origin))

    def _origins(self, commands: tuple[Instruction, ...]) -> Iterator[tuple[Origin, LineRange]]:
        for command in commands:
            with placed(command.lines):
                yield from ((origin, command.lines) for origin in origins(command, self._names))

    def _needs(
        self, target: int, around: Surroundings, planner: StagePlanner
    ) -> tuple[dict[int, set[int]], dict[int, int]]:
        """The stages that the target needs, each with those that it needs itself; and how late each was found.

        All images are asked for now, so that a wrong name is an error before anything is done. Raises PydockError.
        """
        needs: dict[int, set[int]] = {}
        late = {target: 0}
        todo = deque([target])
        while todo:
            index = todo.popleft()
            if index in needs:
                continue
            needs[index] = set()
            for origin, lines, is_trigger in self._used(index, around, planner):
                if isinstance(origin, int):
                    needs[index].add(origin)
                    late[origin] = min(late.get(origin, len(needs)), late[index] + is_trigger)
                    # Stages found by what the Dockerfile says come before those that a trigger leads to.
                    (todo.append if is_trigger else todo.appendleft)(origin)
                elif _is_image(origin):
                    with placed(lines):
                        planner.image(str(origin), str(self._options.platform))
        return needs, late

    def _used(
        self, index: int, around: Surroundings, planner: StagePlanner
    ) -> Iterator[tuple[Origin, LineRange, bool]]:
        """What a stage needs, where it says so, and whether ONBUILD of its base does."""
        stage = self._file.stages[index]
        replaced = self._names.replaced(index)
        if replaced is not None:
            yield replaced, stage.lines, False
            return
        base = around.bases[index]
        if isinstance(base, int):
            yield base, stage.lines, False
        yield from ((origin, lines, False) for origin, lines in self._origins(stage.commands))
        yield from ((origin, lines, True) for origin, lines in self._origins(planner.triggers(index)))

    def _order(self, needs: Mapping[int, set[int]]) -> Iterator[int]:
        """The stages as they can be built, in the order of the file where that does not matter."""
        sorter = TopologicalSorter(needs)
        try:
            sorter.prepare()
        except CycleError as error:
            raise BuildError("build.circular", stage=self._names.title(error.args[1][0])) from None
        ready: list[int] = []
        while sorter.is_active():
            for index in sorter.get_ready():
                heappush(ready, index)
            index = heappop(ready)
            yield index
            sorter.done(index)


def _is_image(origin: Origin) -> bool:
    return isinstance(origin, str) and origin != SCRATCH and not origin.startswith(_LAYOUT)
