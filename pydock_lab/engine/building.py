"""`docker build` on the local engine: Dockerfile, context and options become an image, a record and its events."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from pydock_lab.build.builder import Builder, BuiltImage
from pydock_lab.build.cache import BuildCache
from pydock_lab.build.entitlements import check_entitlements
from pydock_lab.build.failures import FailedRun
from pydock_lab.build.fetching import fetcher
from pydock_lab.build.frontend import check_frontend
from pydock_lab.build.plan import PlanOptions, find_epoch, plan
from pydock_lab.build.predict import Predictor
from pydock_lab.build.record import BuildRecord, BuildStatus, StepRecord
from pydock_lab.build.source import Source
from pydock_lab.build.steps import CopyStep, Plan, Step
from pydock_lab.build.workshop import Workshop
from pydock_lab.dockerfile.instructions import Network
from pydock_lab.dockerfile.platforms import parse_platform
from pydock_lab.dockerfile.stages import parse
from pydock_lab.engine.build_contexts import BuildContexts
from pydock_lab.engine.build_recording import Recording
from pydock_lab.engine.build_secrets import Agents, Secrets
from pydock_lab.engine.context_folder import ignore_text, open_folder
from pydock_lab.engine.event_log import EventLog
from pydock_lab.engine.failed_steps import FailedSteps
from pydock_lab.engine.home import Home
from pydock_lab.engine.images import FoundImage, ImageShelf
from pydock_lab.engine.options import BuildOptions
from pydock_lab.engine.rebuilding import Rebuilding
from pydock_lab.engine.step_runner import StepRunner
from pydock_lab.engine.this_machine import PLATFORM
from pydock_lab.engine.transfers import Transfers
from pydock_lab.errors import Interrupted, PydockError
from pydock_lab.events import BuildFinished, BuildStarted, ContextRead, OnEvent, ignore
from pydock_lab.oci import ImageConfig, Manifest, Platform, Reference
from pydock_lab.store.leases import Lease
from pydock_lab.version import __version__

if TYPE_CHECKING:
    from pydock_lab.dockerfile.checks import Report
_LAYOUT = "oci-layout://"


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

    @property
    def names(self) -> frozenset[str]:
        """The names of all images that were asked for."""
        return frozenset(name for name, _ in self._found)

    def _image(self, name: str, platform: str) -> FoundImage:
        key = (name, platform)
        with self._lock:
            if key not in self._found:
                found = self._have(name, platform)
                if platform and not name.startswith(_LAYOUT) and not _runs_on(found.config.platform, platform):
                    found = self._transfers.pull(Reference.parse(name), self._on_event, platform=platform)
                self._found[key] = found
            return self._found[key]

    def _have(self, name: str, platform: str) -> FoundImage:
        if name.startswith(_LAYOUT):
            from pydock_lab.engine.layout_images import take_image  # noqa: PLC0415 - few contexts are images in folders

            return self._shelf.open(take_image(self._shelf.home, name.removeprefix(_LAYOUT), _platform(platform)))
        return self._transfers.have(name, self._on_event, always=self._pull)


class ImageBuilding:
    """Builds images in a home."""

    def __init__(self, home: Home, shelf: ImageShelf, transfers: Transfers) -> None:
        self._home, self._shelf, self._transfers = home, shelf, transfers

    def build(self, options: BuildOptions, log: EventLog) -> FoundImage:
        """The image; raises PydockError, Interrupted for Ctrl-C. A build that failed leaves a record as well."""
        recording = Recording(options=options, log=log)
        try:
            references = tuple(Reference.parse(name) for name in options.names)
            with self._fetched(recording) as ready:
                built = self._build(ready, recording)
            for reference in references:
                self._home.layout.tag(reference, built.descriptor)
            for name in options.pushed:
                self._transfers.push(name, log)
        except KeyboardInterrupt:
            self._keep(recording, BuildStatus.INTERRUPTED)
            raise Interrupted("build.interrupted") from None
        except PydockError as error:
            with suppress(OSError):  # on a full disk: the error says more than a record would
                self._keep(recording, BuildStatus.FAILED, error.message())
            raise
        log(
            BuildFinished(
                build=log.build,
                image_id=built.image_id,
                digest=built.descriptor.digest,
                references=tuple(reference.familiar for reference in references),
                seconds=log.seconds,
            )
        )
        record = self._keep(recording, BuildStatus.DONE)
        if record and recording.can_be_short:
            context = recording.context or open_folder(None, "", None)
            Rebuilding(self._home, self._shelf).remember(options, record, built.descriptor, recording.bases, context)
        return self._shelf.open(built.descriptor)

    @contextmanager
    def _fetched(self, recording: Recording) -> Iterator[BuildOptions]:
        """The options with their context on this machine."""
        options = recording.options
        if not options.context_url and options.context_archive is None:
            yield options
            return
        from pydock_lab.engine.remote_context import fetched  # noqa: PLC0415 - most contexts are folders

        with fetched(self._home, options, recording.log) as ready:
            recording.options = ready
            yield ready

    def _plan(self, options: BuildOptions, images: Bases, recording: Recording) -> Plan:
        """What is to be done; raises PydockError."""
        check_frontend(options.dockerfile)
        parsed, wishes = parse(options.dockerfile), plan_options(options)
        source = find_epoch(parsed, wishes).source
        if source is not None:
            from pydock_lab.engine.source_times import source_time  # noqa: PLC0415 - most builds name none

            time = source_time(self._home, options, source, images, recording.log)
            wishes, recording.has_moving_time = replace(wishes, source_date_epoch=time), True
        planned = plan(parsed, wishes, images)
        # Who wants the host's network for all steps allows it with that.
        check_entitlements(planned, options.allow | ({"network.host"} if options.network == "host" else set()))
        return planned

    def _build(self, options: BuildOptions, recording: Recording) -> BuiltImage:
        log = recording.log
        images = Bases(self._shelf, self._transfers, log, pull=options.pull)
        planned = recording.plan = self._plan(options, images, recording)
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
                recording.context = contexts.opened.get("")
                for name, context in contexts.opened.items():
                    log(ContextRead(context=name, **asdict(context.facts)))
            if options.outputs or options.cache_to:
                built = recording.built = self._delivered(built, recording, workshop.lease)
            # Named while the lease holds: afterwards it is the name that keeps it.
            self._home.layout.add(built.descriptor)
        if remarks:
            _note(remarks, log)
        recording.bases = images.names
        steps = (step for one in planned.stages for step in one.steps)
        is_settled = not recording.has_moving_time and not any(map(_is_remote, steps))
        recording.can_be_short = is_settled and not (remarks and remarks.findings)
        return built

    def _delivered(self, built: BuiltImage, recording: Recording, lease: Lease) -> BuiltImage:
        """The image, after everything else that was asked for has been written."""
        from pydock_lab.engine.delivery import Delivery  # noqa: PLC0415 - most builds only make an image

        assert recording.plan is not None  # noqa: S101 - it was built by it
        assert recording.builder is not None  # noqa: S101 - see above
        return Delivery(
            home=self._home,
            options=recording.options,
            plan=recording.plan,
            results=recording.builder.results,
            lease=lease,
            open_client=self._transfers.client,
            on_event=recording.log,
        ).deliver(built)

    def _cache(self, options: BuildOptions, lease: Lease, on_event: OnEvent) -> BuildCache:
        """Where layers are looked up."""
        if not options.cache_from:
            return self._home.cache
        from pydock_lab.engine.cache_imports import ImportingCache, opened  # noqa: PLC0415 - see _delivered

        sources = opened(options.cache_from, self._transfers.client, on_event)
        return ImportingCache(self._home, sources, lease, on_event)

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
        with self._fetched(recording) as ready:
            self._predict(ready, recording)
        return recording

    def _predict(self, options: BuildOptions, recording: Recording) -> None:
        log = recording.log
        images = Bases(self._shelf, self._transfers, log, pull=options.pull)
        planned = recording.plan = self._plan(options, images, recording)
        with self._workshop(planned, images, recording) as workshop:
            contexts = self._contexts(workshop, recording)
            predictor = recording.predictor = Predictor(planned, workshop, contexts, contexts.downloads)
            recording.predicted = predictor.predict(no_cache=options.no_cache)
            recording.snapshots = contexts.save()

    def keys(self, options: BuildOptions, context: Source) -> list[StepRecord]:
        """The steps of a build of those files, with their keys; nothing is done. Raises PydockError."""
        log = EventLog(ignore)
        recording = Recording(options=options, log=log)
        images = Bases(self._shelf, self._transfers, log, pull=False)
        planned = recording.plan = self._plan(options, images, recording)
        with self._workshop(planned, images, recording) as workshop:
            predictor = recording.predictor = Predictor(planned, workshop, lambda _: context, fetcher(workshop, log))
            recording.predicted = predictor.predict()
        return list(recording.record(BuildStatus.PREDICTED).steps)

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
        ground = home.ground(options.isolation)
        with (
            home.leases.hold(f"build {build}") as lease,
            home.work_folder() as folder,
            Agents(options.agents) as agents,
        ):

            def keep_failed(failed: FailedRun) -> None:
                FailedSteps(home).keep(build, failed, ground.tier)

            yield Workshop(
                root=home.root,
                blobs=home.blobs,
                indexes=home.indexes,
                cache=self._cache(options, lease, recording.log),
                snapshots=ground.snapshots,
                images=images,
                runner=StepRunner(ground),
                lease=lease,
                folder=folder,
                cache_mounts=home.cache_mounts,
                secrets=Secrets(options.secrets),
                agents=agents,
                keep_failed=keep_failed,
                epoch=planned.source_date_epoch,
                annotations=options.annotations,
            )

    def _keep(self, recording: Recording, status: BuildStatus, error: str = "") -> BuildRecord | None:
        """Write the record of the build, and what its image's picture needs; None where it never began."""
        if recording.plan is None:
            return None
        build, home = recording.log.build, self._home
        record = recording.record(status, error)
        home.builds.write(build, record.to_json())
        recording.log.save(home.builds.path(build) / "events.jsonl")
        if recording.built is not None:
            home.images.write(recording.built.image_id.hex, recording.image_facts())
        return record


def _is_remote(step: Step) -> bool:
    return isinstance(step, CopyStep) and bool(step.remote)


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
