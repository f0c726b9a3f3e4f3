"""`docker build` on the local engine: Dockerfile, context and options become an image, a record and its events."""

import json
import secrets
import time
from collections.abc import Mapping
from pathlib import Path

from pydock_lab.build.builder import Builder, BuiltImage
from pydock_lab.build.context import BuildContext
from pydock_lab.build.plan import PlanOptions, plan
from pydock_lab.build.stage import StepResult
from pydock_lab.build.steps import Plan, Step
from pydock_lab.build.workshop import Workshop
from pydock_lab.dockerfile.ignore import IgnoreRules
from pydock_lab.dockerfile.platforms import parse_platform
from pydock_lab.dockerfile.stages import parse
from pydock_lab.engine.home import Home
from pydock_lab.engine.images import FoundImage, ImageShelf
from pydock_lab.engine.options import BuildOptions
from pydock_lab.engine.step_runner import StepRunner
from pydock_lab.engine.this_machine import PLATFORM
from pydock_lab.engine.transfers import Transfers
from pydock_lab.errors import Interrupted, NotFound, PydockError
from pydock_lab.events import BuildFinished, BuildStarted, Event, OnEvent, StepFailed, StepStarted
from pydock_lab.oci import ImageConfig, Manifest, Reference
from pydock_lab.store.leases import Lease


class Bases:
    """The images that a build stands on: those of the store, and what a registry has."""

    def __init__(self, shelf: ImageShelf, transfers: Transfers, on_event: OnEvent, *, pull: bool) -> None:
        self._shelf, self._transfers, self._on_event = shelf, transfers, on_event
        self._pull = pull
        self._found: dict[str, FoundImage] = {}

    def config(self, name: str, platform: str) -> ImageConfig:
        """The config of an image; raises PydockError where it cannot be had."""
        return self._image(name, platform).config

    def manifest(self, name: str, platform: str) -> Manifest:
        """Its manifest."""
        return self._image(name, platform).manifest

    def _image(self, name: str, _platform: str) -> FoundImage:
        if name not in self._found:
            self._found[name] = self._transfers.have(name, self._on_event, always=self._pull)
        return self._found[name]


class ImageBuilding:
    """Builds images in a home."""

    def __init__(self, home: Home, shelf: ImageShelf, transfers: Transfers) -> None:
        self._home, self._shelf, self._transfers = home, shelf, transfers

    def build(self, options: BuildOptions, on_event: OnEvent) -> tuple[FoundImage, str]:
        """The image and the name of its record; raises PydockError, Interrupted for Ctrl-C."""
        began = time.monotonic()
        record = _Recorder(on_event)
        try:
            references = tuple(Reference.parse(tag) for tag in options.tags)
            built, planned = self._build(options, record)
        except KeyboardInterrupt:
            raise Interrupted("build.interrupted") from None
        except PydockError as error:
            if record.step:
                record(StepFailed(step=record.step, seconds=time.monotonic() - began, message=error.message()))
            raise
        found = self._name(built, references)
        finished = BuildFinished(
            build=record.build,
            image_id=built.image_id,
            digest=built.descriptor.digest,
            references=tuple(reference.familiar for reference in references),
            seconds=time.monotonic() - began,
        )
        record(finished)
        self._keep(options, planned, built, record)
        return found, record.build

    def _build(self, options: BuildOptions, record: "_Recorder") -> tuple[BuiltImage, Plan]:
        parsed = parse(options.dockerfile)
        images = Bases(self._shelf, self._transfers, record.on_event, pull=options.pull)
        wanted = PlanOptions(
            build_args=options.build_args,
            labels=options.labels,
            target=options.target,
            platform=parse_platform(options.platform, PLATFORM) if options.platform else PLATFORM,
            host=PLATFORM,
        )
        planned = plan(parsed, wanted, images)
        record(BuildStarted(build=record.build, steps=planned.steps, skipped_stages=planned.skipped))
        with self._home.leases.hold(f"build {record.build}") as lease, self._home.work_folder() as folder:
            workshop = self._workshop(images, lease, folder, options)
            built = Builder(planned, workshop, _context(options)).build(record, no_cache=options.no_cache)
            # Named while the lease holds: afterwards it is the name that keeps it.
            self._home.layout.add(built.descriptor)
        return built, planned

    def _workshop(self, images: Bases, lease: Lease, folder: Path, options: BuildOptions) -> Workshop:
        home = self._home
        return Workshop(
            blobs=home.blobs,
            indexes=home.indexes,
            cache=home.cache,
            snapshots=home.snapshots,
            images=images,
            runner=StepRunner(home, options.context),
            lease=lease,
            folder=folder,
        )

    def _name(self, built: BuiltImage, references: tuple[Reference, ...]) -> FoundImage:
        for reference in references:
            self._home.layout.tag(reference, built.descriptor)
        return self._shelf.open(built.descriptor)

    def _keep(self, options: BuildOptions, planned: Plan, built: BuiltImage, record: "_Recorder") -> None:
        """The record of the build, with the plain text of every key; and what its image's picture needs."""
        results = {id(result.step): result for result in built.results}
        final = planned.stage(planned.target)
        document = {
            "build": record.build,
            "dockerfile": options.dockerfile,
            "image_id": str(built.image_id),
            "digest": str(built.descriptor.digest),
            "steps": [_step_record(stage.title, step, results) for stage in planned.stages for step in stage.steps],
        }
        self._home.builds.write(record.build, document)
        record.save(self._home.builds.path(record.build) / "events.jsonl")
        rows = [_step_record(final.title, step, results) for step in final.steps]
        in_history = sum(bool(step.created_by) for step in final.steps)
        facts = {"build": record.build, "base_entries": len(built.config.history) - in_history, "steps": rows}
        self._home.images.write(built.image_id.hex, facts)


def _step_record(stage: str, step: Step, results: Mapping[int, StepResult]) -> dict[str, object]:
    result = results[id(step)]
    return {
        "stage": stage,
        "number": result.number,
        "text": step.text,
        "line": step.lines.first,
        "end_line": step.lines.last,
        "in_history": bool(step.created_by),
        "cached": result.cached,
        "seconds": result.seconds,
        "key": result.key.text if result.key else "",
        "key_digest": result.key.digest if result.key else "",
        "layer": result.layer.to_json() if result.layer else None,
    }


def _context(options: BuildOptions) -> BuildContext:
    """The context folder without what the ignore file names; NAME.dockerignore goes before .dockerignore."""
    root = options.context
    if root is None:
        return BuildContext(None)
    if not root.is_dir():
        raise NotFound("build.no-context", path=str(root))
    for name in (f"{options.dockerfile_name}.dockerignore", ".dockerignore"):
        path = root / name
        if path.is_file():
            rules = IgnoreRules.parse(path.read_text(encoding="utf-8", errors="replace"))
            return BuildContext(root, rules.ignores, reinclude=rules.has_exceptions)
    return BuildContext(root)


class _Recorder:
    """Passes events on and keeps them; output texts too, for they are part of what happened."""

    def __init__(self, on_event: OnEvent) -> None:
        self.build = secrets.token_hex(6)
        self.on_event = on_event
        self.step = 0
        self._events: list[Event] = []

    def __call__(self, event: Event) -> None:
        if isinstance(event, StepStarted):
            self.step = event.step
        self._events.append(event)
        self.on_event(event)

    def save(self, path: Path) -> None:
        """One JSON line an event."""
        lines = [json.dumps(event.to_json(), ensure_ascii=False) for event in self._events]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
