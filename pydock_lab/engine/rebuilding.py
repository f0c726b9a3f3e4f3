"""A build of which nothing has changed since the last one: told without reading its Dockerfile again.

    the same text, options, ignore file and version?    the name of what is remembered
    its base images where they were?                    one look at index.json
    no file changed in the folders that it looked into? stat(2) of each, see build/stat_cache.py
    its layers still there?

Then every step is a cache hit, and the image is the same: that is what the whole builder would find as well, after
several times the time. Builds that fetch, push, or are told not to use the cache are never short.
"""

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydock_lab.build.context import BuildContext
from pydock_lab.build.record import BuildRecord, BuildStatus, StepKind, StepRecord
from pydock_lab.engine.context_folder import ignore_text, open_folder
from pydock_lab.engine.event_log import EventLog
from pydock_lab.engine.home import Home
from pydock_lab.engine.images import FoundImage, ImageShelf
from pydock_lab.engine.options import BuildOptions
from pydock_lab.errors import PydockError
from pydock_lab.events import BuildFinished, BuildStarted, CacheHit, ContextRead, Event, StepFinished, StepStarted
from pydock_lab.oci import Descriptor, Reference
from pydock_lab.oci.document import Node
from pydock_lab.version import __version__

# Options with which a build is as it was; any other one makes the builder look again.
_HARMLESS = (
    *("dockerfile", "context", "dockerfile_name", "tags", "build_args", "labels", "annotations"),
    *("target", "platform", "network", "add_hosts", "shm_size", "ulimits", "allow"),
)


class Rebuilding:
    """Remembers builds of a home, and does those again of which nothing has changed."""

    def __init__(self, home: Home, shelf: ImageShelf) -> None:
        self._home, self._shelf = home, shelf

    # ---- remembering

    def remember(
        self, options: BuildOptions, record: BuildRecord, image: Descriptor, bases: Iterable[str], context: BuildContext
    ) -> None:
        """Keep what a build stood on: the images by these names, and the folders that its context has looked into."""
        if not _is_plain(options):
            return
        answer = {
            "build": record.build,
            "image": image.to_json(),
            "bases": {name: self._digest(name) for name in bases},
            "snapshot": record.snapshots.get("", ""),
            "folders": [os.fsdecode(path) for path in context.folders],
        }
        self._home.cache.note(_question(options), answer)

    def _digest(self, name: str) -> str:
        """The digest that a name stands for now; "" where it is no name of the store."""
        with suppress(PydockError):
            return str(self._home.layout.resolve(Reference.parse(name)).digest)
        return ""

    # ---- doing again

    def again(self, options: BuildOptions, log: EventLog) -> FoundImage | None:
        """The image of a build that has not changed, with its events and a record; None where the builder must look."""
        known = self._home.cache.recall(_question(options)) if _is_plain(options) else None
        if known is None:
            return None
        with self._home.leases.hold(f"build {log.build}") as lease:
            try:
                descriptor = Descriptor.from_node(Node(known["image"], "rebuild"))
                before = BuildRecord.from_json(self._home.builds.read(known["build"]))
                lease.add(descriptor.digest)
                found = self._shelf.open(descriptor)
                lease.add(found.image_id, *(layer.digest for layer in found.manifest.layers))
                events = tuple(_step_events(before, self._home.builds.path(before.build) / "events.jsonl"))
            except (PydockError, OSError, ValueError, KeyError, TypeError):  # pruned meanwhile, or damaged
                return None
            context = self._unchanged(options, known)
            if context is None or not self._has_layers(found) or not all(map(self._is_latest, before.steps)):
                return None
            log(_started(before, log))
            for event in events:
                log(event)
            self._tell(options, before, found, context, log)
        return self._shelf.open(descriptor)

    def _unchanged(self, options: BuildOptions, known: Mapping[str, Any]) -> BuildContext | None:
        """The context, if no file of it has changed, and no name of a base image has moved."""
        if any(not digest or self._digest(name) != digest for name, digest in known["bases"].items()):
            return None
        context = open_folder(options.context, ignore_text(options), self._home.contexts)
        folders = [os.fsencode(path) for path in known["folders"]]
        return context if context.is_as_in(known["snapshot"], folders) else None

    def _is_latest(self, step: StepRecord) -> bool:
        """Whether the step's key still stands for its layer: with `--no-cache` another build may have made it anew."""
        if step.kind is StepKind.FROM or not step.key or step.layer is None:
            return True
        layer = self._home.cache.find_by(step.key_digest)
        made = (step.layer.get("diff_id"), step.layer.get("created"))
        return layer is not None and (str(layer.diff_id), layer.created) == made

    def _has_layers(self, found: FoundImage) -> bool:
        return all(self._home.blobs.has(layer.digest, layer.size) for layer in found.manifest.layers)

    def _tell(
        self, options: BuildOptions, before: BuildRecord, found: FoundImage, context: BuildContext, log: EventLog
    ) -> None:
        """Name the image, and leave the record of a build of cache hits, after the events of its steps."""
        references = tuple(map(Reference.parse, options.tags))
        facts = context.facts
        log(ContextRead(context="", files=facts.files, size=facts.size, hashed=facts.hashed))
        for reference in references:
            self._home.layout.tag(reference, found.descriptor)
        log(
            BuildFinished(
                build=log.build,
                image_id=found.image_id,
                digest=found.descriptor.digest,
                references=tuple(reference.familiar for reference in references),
                seconds=log.seconds,
            )
        )
        record = _again(before, options, log)
        self._home.builds.write(log.build, record.to_json())
        log.save(self._home.builds.path(log.build) / "events.jsonl")
        self._mark_cached(found, log.build)

    def _mark_cached(self, found: FoundImage, build: str) -> None:
        """The picture of the image shows its layers as they came the last time."""
        with suppress(PydockError):
            facts = self._home.images.read(found.image_id.hex)
            steps = [step | {"cached": True, "seconds": 0.0} for step in facts["steps"]]
            self._home.images.write(found.image_id.hex, facts | {"build": build, "steps": steps})


def _is_plain(options: BuildOptions) -> bool:
    chosen = {name: getattr(options, name) for name in _HARMLESS}
    return BuildOptions(**chosen) == options


def _question(options: BuildOptions) -> list[object]:
    chosen = {name: getattr(options, name) for name in _HARMLESS if name != "tags"}
    return ["rebuild", __version__, repr(chosen), ignore_text(options)]


def _started(before: BuildRecord, log: EventLog) -> BuildStarted:
    return BuildStarted(
        build=log.build,
        steps=len(before.steps),
        skipped_stages=before.skipped,
        dockerfile=before.dockerfile,
        dockerfile_name=before.dockerfile_name,
    )


def _step_events(before: BuildRecord, path: Path) -> Iterable[Event]:
    """Each step begins, is found, and ends."""
    documents = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    labels = {one["step"]: one.get("label", "") for one in documents if one["event"] == "StepStarted"}
    for step in before.steps:
        yield StepStarted(
            step=step.number,
            total=len(before.steps),
            stage=step.stage,
            text=step.text,
            line=step.line,
            end_line=step.end_line,
            label=labels.get(step.number, ""),
        )
        if step.key and step.kind is not StepKind.FROM:
            yield CacheHit(step=step.number, key=step.key_digest)
        yield StepFinished(step=step.number, seconds=0.0, cached=True)


def _again(before: BuildRecord, options: BuildOptions, log: EventLog) -> BuildRecord:
    return replace(
        before,
        build=log.build,
        status=BuildStatus.DONE,
        created=log.created,
        seconds=log.seconds,
        references=options.tags,
        steps=tuple(map(_cached, before.steps)),
    )


def _cached(step: StepRecord) -> StepRecord:
    return replace(step, cached=True, seconds=0.0)
