"""Builds that nobody does: projects in memory, planned as real ones, their keys computed, and a cache that is a set.

What RUN would write is not known, so a stage's files are taken to be other ones whenever its key is.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from pydock_lab.archive import checksum
from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.build.explain.files import FileFact, FileKind
from pydock_lab.build.keys import SCRATCH, CacheKey, base_key
from pydock_lab.build.plan import PlanOptions, plan
from pydock_lab.build.record import Base, BuildRecord, BuildStatus, StepKind, StepRecord
from pydock_lab.build.steps import CopyStep, FolderStep, RunStep, Stage, Step
from pydock_lab.dockerfile.ignore import IgnoreRules
from pydock_lab.dockerfile.mounts import MountType
from pydock_lab.dockerfile.platforms import LINUX_AMD64, parse_platform
from pydock_lab.dockerfile.stages import parse
from pydock_lab.oci import ContainerConfig, ImageConfig

PATH = "PATH=/usr/bin:/bin"
KINDS = {RunStep: StepKind.RUN, FolderStep: StepKind.WORKDIR}


@dataclass(frozen=True)
class File:
    """A file, or a link where it has a target."""

    content: str = ""
    mode: int = 0o644
    target: str = ""
    mtime: float = 0

    @property
    def digest(self) -> str:
        kind = EntryType.SYMLINK if self.target else EntryType.FILE
        body = self.content.encode()
        said = checksum.start(Entry(path=b"", type=kind, mode=self.mode, size=len(body), target=self.target.encode()))
        said.update(body)
        return "sha256:" + said.hexdigest()

    @property
    def fact(self) -> FileFact:
        kind = FileKind.LINK if self.target else FileKind.FILE
        size = len(self.content.encode())
        return FileFact(kind=kind, mode=self.mode, size=size, link=self.target, checksum=self.digest, mtime=self.mtime)


@dataclass(frozen=True, kw_only=True)
class Project:
    """What a build is given; `bases` are the layers' chain and the variables of each base image."""

    dockerfile: str
    files: Mapping[str, File] = field(default_factory=dict)
    ignore: str = ""
    build_args: Mapping[str, str] = field(default_factory=dict)
    platform: str = ""
    target: str = ""
    bases: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    add_hosts: tuple[str, ...] = ()

    @property
    def context(self) -> Mapping[str, File]:
        """The files that the ignore file leaves."""
        rules = IgnoreRules.parse(self.ignore)
        return {path: file for path, file in self.files.items() if not rules.ignores(path)}

    def base(self, name: str) -> tuple[str, tuple[str, ...]]:
        return self.bases.get(name, (f"sha256:layers-of-{name}", (PATH,)))


class Images:
    def __init__(self, project: Project) -> None:
        self.project = project

    def config(self, name: str, _platform: str) -> ImageConfig:
        env = self.project.base(name)[1]
        return ImageConfig(platform=LINUX_AMD64, config=ContainerConfig(env=env))


class Builder:
    """Builds one after the other, on one cache; keeps what each COPY read."""

    def __init__(self) -> None:
        self.cache: set[str] = set()
        self.read: dict[tuple[str, int], Mapping[str, FileFact]] = {}
        self.count = 0

    def build(self, project: Project, *, seconds: Mapping[str, float] | None = None, **more) -> BuildRecord:
        """The record of a build; `more` are fields of the record, `seconds` by texts of steps."""
        self.count += 1
        record = BuildRecord(
            build=f"build-{self.count}",
            status=BuildStatus.DONE,
            created=f"2026-01-01T00:00:{self.count:02}Z",
            dockerfile=project.dockerfile,
            ignore=project.ignore,
            build_args=dict(project.build_args),
            platform=project.platform,
            target=project.target,
            references=("app:latest",),
            context="/home/me/app",
        )
        steps = tuple(_Build(self, project, record.build, no_cache=more.get("no_cache", False)).steps())
        took = seconds or {}
        steps = tuple(replace(step, made_seconds=took.get(step.text, 0.0)) for step in steps)
        return replace(record, steps=steps, **more)

    def files(self, record: BuildRecord, step: StepRecord) -> Mapping[str, FileFact] | None:
        return self.read.get((record.build, step.number))


class _Build:
    def __init__(self, builder: Builder, project: Project, build: str, *, no_cache: bool) -> None:
        self.builder, self.project, self.build, self.no_cache = builder, project, build, no_cache
        self.last: dict[int, CacheKey] = {}
        self.number = 0

    def steps(self) -> Iterator[StepRecord]:
        project = self.project
        platform = parse_platform(project.platform) if project.platform else LINUX_AMD64
        options = PlanOptions(
            build_args=project.build_args, target=project.target, platform=platform, add_hosts=project.add_hosts
        )
        self.plan = plan(parse(project.dockerfile), options, Images(project))
        for stage in self.plan.stages:
            yield self._from(stage)
            for step in stage.steps:
                yield self._step(stage, step)

    def _from(self, stage: Stage) -> StepRecord:
        self.number += 1
        below = stage.base if isinstance(stage.base, int) else None
        chain = "" if stage.base is None else self.project.base(str(stage.base))[0] + self.project.platform
        key = self.last[below] if below is not None else SCRATCH if stage.base is None else base_key(chain)
        self.last[stage.index] = key
        return StepRecord(
            stage=stage.title,
            stage_index=stage.index,
            number=self.number,
            kind=StepKind.FROM,
            text=stage.text,
            line=stage.lines.first,
            end_line=stage.lines.last,
            cached=True,
            key=key.text if below is None else "",
            key_digest=key.digest if below is None else "",
            origin="" if below is None else self.plan.stage(below).title,
            base=Base(name=str(stage.base), chain=chain) if below is None else None,
        )

    def _step(self, stage: Stage, step: Step) -> StepRecord:
        self.number += 1
        key = self._key(stage, step)
        cached = True
        if key is not None:
            below = self.last[stage.index]
            is_linked = isinstance(step, CopyStep) and step.link
            self.last[stage.index] = CacheKey.of("LINK", on=below.digest, layer=key.digest) if is_linked else key
            cached = key.digest in self.builder.cache and not self.no_cache
            self.builder.cache.add(key.digest)
        kind = KINDS.get(type(step), StepKind.CONFIG)
        if isinstance(step, CopyStep):
            kind = StepKind(step.created_by.partition(" ")[0])
        return StepRecord(
            stage=stage.title,
            stage_index=stage.index,
            number=self.number,
            kind=kind,
            text=step.text,
            line=step.lines.first,
            end_line=step.lines.last,
            cached=cached,
            key=key.text if key else "",
            key_digest=key.digest if key else "",
            in_history=bool(step.created_by),
            sources=step.sources if isinstance(step, CopyStep) else (),
            origin=self._origin(step),
        )

    def _origin(self, step: Step) -> str:
        origin = getattr(step, "origin", None)
        return "" if origin is None else self.plan.stage(origin).title if isinstance(origin, int) else str(origin)

    def _key(self, stage: Stage, step: Step) -> CacheKey | None:
        on = self.last[stage.index].digest
        if isinstance(step, RunStep):
            return CacheKey.of(
                "RUN",
                on=on,
                args=list(step.args),
                env=list(step.env),
                cwd=step.cwd,
                user=step.user,
                network=step.network.value,
                hosts=list(step.hosts),
                mounts=[self._mount(mount) for mount in step.mounts],
                platform=step.platform,
                script=step.script,
            )
        if isinstance(step, FolderStep):
            return CacheKey.of("WORKDIR", on=on, path=step.path, user=step.user)
        return self._copy_key(step, on) if isinstance(step, CopyStep) else None

    def _mount(self, mount) -> dict[str, object]:
        fact = {"type": mount.type.value, "target": mount.target}
        if mount.type is not MountType.BIND:
            return fact
        if mount.origin is not None:
            return fact | {"files": [["", self._made(mount.origin, mount.source)]]}
        found = self._read((mount.source.strip("/") or ".",), ())
        return fact | {"files": [["", _digest([[path, file.digest] for path, file in found.items()])]]}

    def _copy_key(self, step: CopyStep, on: str) -> CacheKey:
        if step.origin is None:
            files = [[path, file.digest] for path, file in self._read(step.sources, step.excludes).items()]
        else:
            files = [[path, self._made(step.origin, path)] for path in step.sources]
        below = {} if step.link else {"on": on}
        return CacheKey.of(
            step.created_by.partition(" ")[0],
            **below,
            files=files,
            inline=[[file.name, file.data] for file in step.inline],
            destination=step.destination,
            owner=step.chown,
            mode=step.chmod,
            unpack=step.unpack,
            link=step.link,
            excludes=list(step.excludes),
        )

    def _made(self, origin: object, path: str) -> str:
        key = self.last[origin].digest if isinstance(origin, int) else str(origin)
        return _digest([key, path])

    def _read(self, patterns: tuple[str, ...], excludes: tuple[str, ...]) -> Mapping[str, File]:
        rules, wanted = IgnoreRules.of(excludes), IgnoreRules.of([one.strip("/") or "." for one in patterns])
        everything = any(one in (".", "./", "/") for one in patterns)
        found = {
            path: file
            for path, file in sorted(self.project.context.items())
            if (everything or wanted.ignores(path)) and not rules.ignores(path)
        }
        self.builder.read[self.build, self.number] = {path: file.fact for path, file in found.items()}
        return found


def _digest(document: object) -> str:
    return "sha256:" + hashlib.sha256(json.dumps(document).encode()).hexdigest()
