"""`docker build` on the local engine: Dockerfile, context and options become an image, a record and its events."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from pydock_lab.build.builder import Builder, BuiltImage
from pydock_lab.build.failures import FailedRun
from pydock_lab.build.fetching import fetcher
from pydock_lab.build.frontend import check_frontend
from pydock_lab.build.plan import PlanOptions, plan
from pydock_lab.build.predict import Predictor
from pydock_lab.build.record import BuildStatus
from pydock_lab.build.steps import Plan
from pydock_lab.build.workshop import Workshop
from pydock_lab.dockerfile.instructions import Network
from pydock_lab.dockerfile.platforms import parse_platform
from pydock_lab.dockerfile.stages import parse
from pydock_lab.engine.build_contexts import BuildContexts, ignore_text
from pydock_lab.engine.build_recording import EventLog, Recording
from pydock_lab.engine.build_secrets import Agents, Secrets
from pydock_lab.engine.failed_steps import FailedSteps
from pydock_lab.engine.home import Home
from pydock_lab.engine.images import FoundImage, ImageShelf
from pydock_lab.engine.options import BuildOptions
from pydock_lab.engine.step_runner import StepRunner
from pydock_lab.engine.this_machine import PLATFORM
from pydock_lab.engine.transfers import Transfers
from pydock_lab.errors import Interrupted, PydockError
from pydock_lab.events import BuildFinished, BuildStarted, ContextRead, OnEvent
from pydock_lab.oci import ImageConfig, Manifest, Platform, Reference
from pydock_lab.version import __version__

if TYPE_CHECKING:
    from pydock_lab.dockerfile.checks import Report


class Bases:
    """The images that a build stands on: those of the store, and what a registry has."""

    def __init__(self, shelf: ImageShelf, transfers: Transfers, on_event: OnEvent, *, pull: bool) -> None:
        self._shelf, self._transfers, self._on_event = shelf, transfers, on_event
        self._pull = pull
        self._found: dict[tuple[str, str], FoundImage] = {}
        self._lock = threading.Lock()

    def config(self, name: str, platform: str) -> ImageConfig:
        """The config of an image; raises PydockError where it cannot be had."""
        return self._image(name, platform).config

    def manifest(self, name: str, platform: str) -> Manifest:
        """Its manifest."""
        return self._image(name, platform).manifest

    def _image(self, name: str, platform: str) -> FoundImage:
        key = (name, platform)
        with self._lock:
            if key not in self._found:
                found = self._transfers.have(name, self._on_event, always=self._pull)
                if platform and not _runs_on(found.config.platform, platform):
                    found = self._transfers.pull(Reference.parse(name), self._on_event, platform=platform)
                self._found[key] = found
            return self._found[key]


class ImageBuilding:
    """Builds images in a home."""

    def __init__(self, home: Home, shelf: ImageShelf, transfers: Transfers) -> None:
        self._home, self._shelf, self._transfers = home, shelf, transfers

    def build(self, options: BuildOptions, on_event: OnEvent) -> tuple[FoundImage, str]:
        """The image and the name of its record; raises PydockError, Interrupted for Ctrl-C.

        A build that failed leaves a record as well.
        """
        log = EventLog(on_event)
        recording = Recording(options=options, log=log)
        try:
            references = tuple(Reference.parse(tag) for tag in options.tags)
            built = self._build(options, recording)
        except KeyboardInterrupt:
            self._keep(recording, BuildStatus.INTERRUPTED)
            raise Interrupted("build.interrupted") from None
        except PydockError as error:
            self._keep(recording, BuildStatus.FAILED, error.message())
            raise
        for reference in references:
            self._home.layout.tag(reference, built.descriptor)
        log(
            BuildFinished(
                build=log.build,
                image_id=built.image_id,
                digest=built.descriptor.digest,
                references=tuple(reference.familiar for reference in references),
                seconds=log.seconds,
            )
        )
        self._keep(recording, BuildStatus.DONE)
        return self._shelf.open(built.descriptor), log.build

    def _build(self, options: BuildOptions, recording: Recording) -> BuiltImage:
        log = recording.log
        check_frontend(options.dockerfile)
        parsed = parse(options.dockerfile)
        images = Bases(self._shelf, self._transfers, log, pull=options.pull)
        planned = recording.plan = plan(parsed, plan_options(options), images)
        remarks = self._check(options, planned, images)
        if remarks and remarks.violation is not None:
            _note(remarks, log)
            raise remarks.violation
        log(
            BuildStarted(
                build=log.build,
                steps=planned.steps,
                skipped_stages=planned.skipped,
                dockerfile=options.dockerfile,
                dockerfile_name=options.dockerfile_name,
            )
        )
        with self._workshop(planned, images, recording) as workshop:
            contexts = self._contexts(workshop, recording)
            builder = recording.builder = Builder(planned, workshop, contexts)
            try:
                built = recording.built = builder.build(log, no_cache=options.no_cache)
            finally:
                recording.snapshots = contexts.save()
                for name, context in contexts.opened.items():
                    log(ContextRead(context=name, **asdict(context.facts)))
            # Named while the lease holds: afterwards it is the name that keeps it.
            self._home.layout.add(built.descriptor)
        if remarks:
            _note(remarks, log)
        return built

    def _check(self, options: BuildOptions, planned: Plan, images: Bases) -> "Report | None":
        """The build checks; None where this Dockerfile has passed them before."""
        bases = [repr(stage.base_config) for stage in planned.stages]
        asked = [__version__, repr(options.build_args), options.target, options.platform, ignore_text(options)]
        question = ["checks", options.dockerfile, *asked, sorted(options.build_contexts), bases]
        if self._home.cache.recall(question) is not None:
            return None
        from pydock_lab.engine.checking import check_build  # noqa: PLC0415 - most Dockerfiles have passed already

        found = check_build(options, lambda name, platform: images.config(name, str(platform)))
        if not found.findings and found.violation is None:
            self._home.cache.note(question, answer=True)
        return found

    def predict(self, options: BuildOptions, on_event: OnEvent) -> Recording:
        """What `build` would find in the cache, as a record that is not kept; raises PydockError."""
        log = EventLog(on_event)
        recording = Recording(options=options, log=log)
        check_frontend(options.dockerfile)
        images = Bases(self._shelf, self._transfers, log, pull=options.pull)
        planned = recording.plan = plan(parse(options.dockerfile), plan_options(options), images)
        with self._workshop(planned, images, recording) as workshop:
            contexts = self._contexts(workshop, recording)
            predictor = recording.predictor = Predictor(planned, workshop, contexts, contexts.downloads)
            recording.predicted = predictor.predict(no_cache=options.no_cache)
            recording.snapshots = contexts.save()
        return recording

    def _contexts(self, workshop: Workshop, recording: Recording) -> BuildContexts:
        log = recording.log
        contexts = BuildContexts(
            options=recording.options,
            cache=self._home.contexts,
            downloads=fetcher(workshop, log),
        )
        recording.ignore = contexts.ignore
        return contexts

    @contextmanager
    def _workshop(self, planned: Plan, images: Bases, recording: Recording) -> Iterator[Workshop]:
        home, options, build = self._home, recording.options, recording.log.build
        with (
            home.leases.hold(f"build {build}") as lease,
            home.work_folder() as folder,
            Agents(options.agents, folder / "agents") as agents,
        ):

            def keep_failed(failed: FailedRun) -> None:
                FailedSteps(home).keep(build, failed)

            yield Workshop(
                root=home.root,
                blobs=home.blobs,
                indexes=home.indexes,
                cache=home.cache,
                snapshots=home.snapshots,
                images=images,
                runner=StepRunner(home),
                lease=lease,
                folder=folder,
                cache_mounts=home.cache_mounts,
                secrets=Secrets(options.secrets),
                agents=agents,
                keep_failed=keep_failed,
                epoch=planned.source_date_epoch,
                annotations=options.annotations,
            )

    def _keep(self, recording: Recording, status: BuildStatus, error: str = "") -> None:
        """Write the record of the build, and what its image's picture needs."""
        if recording.plan is None:
            return  # it never began
        build, home = recording.log.build, self._home
        home.builds.write(build, recording.record(status, error).to_json())
        recording.log.save(home.builds.path(build) / "events.jsonl")
        if recording.built is not None:
            home.images.write(recording.built.image_id.hex, recording.image_facts())


def _note(report: "Report", log: EventLog) -> None:
    from pydock_lab.engine.checking import notes  # noqa: PLC0415 - see _check

    for note in notes(report.findings):
        log(note)


def plan_options(options: BuildOptions) -> PlanOptions:
    """What the plan needs of a build's options; raises PydockError for a platform that is none."""
    return PlanOptions(
        build_args=options.build_args,
        labels=options.labels,
        target=options.target,
        platform=_platform(options.platform),
        host=PLATFORM,
        build_contexts=options.build_contexts,
        network=Network(options.network),
        add_hosts=options.add_hosts,
        shm_size=options.shm_size,
        ulimits=options.ulimits,
        cgroup_parent=options.cgroup_parent,
        allow=options.allow,
        no_cache_filter=options.no_cache_filter,
    )


def _runs_on(platform: Platform, wanted: str) -> bool:
    """Whether an image of that platform is what was asked for; a variant only counts where both say one."""
    found, asked = str(platform).split("/"), wanted.split("/")
    return all(one == other for one, other in zip(found, asked, strict=False))


def _platform(text: str) -> Platform:
    return parse_platform(text, PLATFORM) if text else PLATFORM
