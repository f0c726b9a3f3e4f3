"""What is kept of a build: its events as they came, and its record, whether it ended well or not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydock_lab.build.builder import Builder, BuiltImage
from pydock_lab.build.context import BuildContext
from pydock_lab.build.keys import SCRATCH, base_key
from pydock_lab.build.predict import PredictedStep, Predictor
from pydock_lab.build.record import Base, BuildRecord, BuildStatus, StepKind, StepRecord
from pydock_lab.build.remote import without_password
from pydock_lab.build.stage import StepResult
from pydock_lab.build.steps import CopyStep, FolderStep, NamedContext, Origin, Plan, RunStep, Stage, Step
from pydock_lab.dockerfile.mounts import MountType
from pydock_lab.engine.event_log import EventLog
from pydock_lab.engine.options import BuildOptions


@dataclass(kw_only=True)
class Recording:
    """What becomes the record: filled as the build goes on."""

    options: BuildOptions
    log: EventLog
    ignore: str = ""
    plan: Plan | None = None
    builder: Builder | None = None
    predictor: Predictor | None = None
    predicted: tuple[PredictedStep, ...] = ()
    built: BuiltImage | None = None
    snapshots: Mapping[str, str] = field(default_factory=dict)
    context: BuildContext | None = None
    bases: frozenset[str] = frozenset()
    can_be_short: bool = False  # the next build, where nothing has changed
    has_moving_time: bool = False  # SOURCE_DATE_EPOCH names what may have another time tomorrow

    def record(self, status: BuildStatus, error: str = "") -> BuildRecord:
        """The record as things stand now."""
        options, built = self.options, self.built
        return BuildRecord(
            build=self.log.build,
            status=status,
            created=self.log.created,
            seconds=self.log.seconds,
            dockerfile=options.dockerfile,
            dockerfile_name=options.dockerfile_name,
            context=without_password(options.context_url) or ("" if options.context is None else str(options.context)),
            ignore=self.ignore,
            references=options.names,
            build_args=options.build_args,
            target=options.target,
            platform=options.platform,
            no_cache=options.no_cache,
            no_cache_filter=options.no_cache_filter,
            image_id=str(built.image_id) if built else "",
            digest=str(built.descriptor.digest) if built else "",
            skipped=self.plan.skipped if self.plan else (),
            error=error,
            snapshots=self.snapshots,
            steps=tuple(step_records(self.plan, self._results(), self._chains())) if self.plan else (),
        )

    def _results(self) -> Mapping[int, StepResult | PredictedStep]:
        found = self.builder.results if self.builder else self.predicted
        return {id(result.step): result for result in found}

    def _chains(self) -> Mapping[int, str]:
        worker = self.builder or self.predictor
        return worker.base_chains if worker else {}

    def image_facts(self) -> dict[str, object]:
        """What the picture of the image needs of its build: which entries of the history are its base's, and lines."""
        assert self.plan is not None  # noqa: S101 - there is an image
        assert self.built is not None  # noqa: S101 - see above
        final = self.plan.stage(self.plan.target)
        record = self.record(BuildStatus.DONE)
        steps = [step for step in record.steps if step.stage_index == final.index and step.kind is not StepKind.FROM]
        in_history = sum(step.in_history for step in steps)
        return {
            "build": record.build,
            "base_entries": len(self.built.config.history) - in_history,
            "steps": [
                {"line": step.line, "seconds": step.seconds, "cached": step.cached, "in_history": step.in_history}
                for step in steps
            ],
        }


def step_records(
    plan: Plan, results: Mapping[int, StepResult | PredictedStep], chains: Mapping[int, str]
) -> list[StepRecord]:
    """The steps of a plan in the order of their numbers, each FROM counted as one."""
    found: list[StepRecord] = []
    for stage in plan.stages:
        found.append(_from(plan, stage, len(found) + 1, chains))
        for step in stage.steps:
            found.append(_step(plan, stage, step, len(found) + 1, results.get(id(step))))
    return found


def _from(plan: Plan, stage: Stage, number: int, chains: Mapping[int, str]) -> StepRecord:
    chain = chains.get(stage.index, "")
    is_image = isinstance(stage.base, str)
    key = "" if isinstance(stage.base, int) else (base_key(chain) if chain else SCRATCH).text
    return StepRecord(
        stage=stage.title,
        stage_index=stage.index,
        number=number,
        kind=StepKind.FROM,
        text=stage.text,
        line=stage.lines.first,
        end_line=stage.lines.last,
        cached=True if stage.index in chains else None,
        key=key,
        key_digest=(base_key(chain) if chain else SCRATCH).digest if key else "",
        origin="" if is_image or stage.base is None else _title(plan, stage.base),
        base=None if isinstance(stage.base, int) else Base(name=str(stage.base or "scratch"), chain=chain),
    )


def _step(plan: Plan, stage: Stage, step: Step, number: int, result: StepResult | PredictedStep | None) -> StepRecord:
    key = result.key if result else None
    layer = result.layer if result else None
    return StepRecord(
        stage=stage.title,
        stage_index=stage.index,
        number=number,
        kind=_kind(step),
        text=step.text,
        line=step.lines.first,
        end_line=step.lines.last,
        cached=result.cached if result else None,
        seconds=result.seconds if isinstance(result, StepResult) else 0.0,
        made_seconds=layer.seconds if layer else 0.0,
        key=key.text if key else "",
        key_digest=key.digest if key else "",
        in_history=bool(step.created_by),
        layer=layer.to_json() if layer else None,
        sources=tuple(_read(step)),
        origin=_title(plan, step.origin) if isinstance(step, CopyStep) else "",
    )


def _read(step: Step) -> Iterator[str]:
    """The paths that a step reads: of its origin, or for RUN, of the context."""
    if isinstance(step, CopyStep):
        yield from step.sources
    elif isinstance(step, RunStep):
        binds = (mount for mount in step.mounts if mount.type is MountType.BIND and mount.origin is None)
        yield from (mount.source for mount in binds)


def _kind(step: Step) -> StepKind:
    match step:
        case RunStep():
            return StepKind.RUN
        case CopyStep():
            return StepKind(step.created_by.partition(" ")[0])
        case FolderStep():
            return StepKind.WORKDIR
        case _:
            return StepKind.CONFIG


def _title(plan: Plan, origin: Origin) -> str:
    match origin:
        case int():
            return plan.stage(origin).title
        case NamedContext():
            return origin.name
        case _:
            return origin or ""
