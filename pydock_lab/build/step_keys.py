"""The cache key of each kind of step: which facts are in it.

    RUN       the command as the shell gets it, variables, folder, user, mounts; never what it downloads
    COPY      the checksums of what it copies, and where it goes; never a time
    WORKDIR   the folder and its owner

Where a key asks what a file of another stage is, that stage has to be done first. Source: the facts that BuildKit's
solver hashes for each operation.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import singledispatchmethod

from pydock_lab.build.answers import Answers
from pydock_lab.build.cache import BuildCache
from pydock_lab.build.fetching import GetDownloads
from pydock_lab.build.keys import CacheKey
from pydock_lab.build.origins import Origins
from pydock_lab.build.paths import clean as absolute
from pydock_lab.build.selection import selected
from pydock_lab.build.source import checksum, clean, resolve
from pydock_lab.build.steps import (
    CopyStep,
    FolderStep,
    GitSource,
    HttpSource,
    Origin,
    PathSource,
    RunStep,
    Step,
    StepMount,
)
from pydock_lab.dockerfile.mounts import MountType
from pydock_lab.errors import BuildError


@dataclass(frozen=True, kw_only=True, slots=True)
class StepKeys:
    """Makes keys; `cache` remembers what was asked of layers, which never change.

    `epoch` is SOURCE_DATE_EPOCH: files of another time make another layer. `answers` are those about contexts.
    """

    origins: Origins
    downloads: GetDownloads
    cache: BuildCache
    epoch: int | None = None
    answers: Answers = field(default_factory=Answers)

    def look_ahead(self, step: CopyStep) -> None:
        """Find out what the key of a copy will ask, as long as its own turn has not come."""
        self._files(step)

    def key(self, step: Step, below: CacheKey) -> CacheKey | None:
        """The key of a step on top of `below`; None for one that changes no files. Raises PydockError."""
        key = self._key(step, below)
        return key.with_fact("epoch", self.epoch) if key and self.epoch is not None else key

    def after(self, step: Step, key: CacheKey, below: CacheKey) -> CacheKey:
        """What the next step stands on: the step's own key, or for a linked layer, both that and what is below it."""
        if isinstance(step, CopyStep) and step.is_independent:
            return CacheKey.of("LINK", on=below.digest, layer=key.digest)
        return key

    @singledispatchmethod
    def _key(self, _step: Step, _below: CacheKey) -> CacheKey | None:
        return None

    @_key.register
    def _(self, step: RunStep, below: CacheKey) -> CacheKey:
        # As BuildKit's ExecOp.CacheMap has it: of --add-host the names without addresses, of proxies nothing.
        more: dict[str, object] = {"script": step.script, "hosts": [one.partition(":")[0] for one in step.hosts]}
        more |= {"shm_size": step.shm_size, "ulimits": list(step.ulimits), "cgroup_parent": step.cgroup_parent}
        return CacheKey.of(
            "RUN",
            on=below.digest,
            args=list(step.args),
            env=list(step.env),
            cwd=step.cwd,
            user=step.user,
            network=step.network.value,
            security=step.security.value,
            platform=step.platform,
            mounts=[self._mount(mount) for mount in step.mounts],
            **{name: value for name, value in more.items() if value},
        )

    @_key.register
    def _(self, step: CopyStep, below: CacheKey) -> CacheKey:
        on = {} if step.is_independent else {"on": below.digest}
        included = [part.include for part in step.parts if isinstance(part, PathSource) and part.include]
        more = {"parents": included, "excludes": list(step.excludes), "remote": list(self._remote(step))}
        more |= {"inline": [[file.name, file.data] for file in step.inline]}
        return CacheKey.of(
            step.created_by.partition(" ")[0],
            **on,
            files=self._files(step),
            destination=step.destination,
            owner=step.chown,
            mode=step.chmod,
            unpack=step.unpack or step.unpack_remote,
            **{name: value for name, value in more.items() if value},
        )

    @_key.register
    def _(self, step: FolderStep, below: CacheKey) -> CacheKey:
        return CacheKey.of("WORKDIR", on=below.digest, path=step.path, user=step.user)

    # ---- files

    def _files(self, step: CopyStep) -> list[list[str]]:
        question = [[part.written, part.path, part.include] for part in step.parts if isinstance(part, PathSource)]
        return self._remembered(step.origin, ["files", question, list(step.excludes)], lambda: self._look(step))

    def _look(self, step: CopyStep) -> list[list[str]]:
        source = self.origins.source(step.origin)
        paths = (part for part in step.parts if isinstance(part, PathSource))
        return [one.fact() for part in paths for one in selected(part, source, step.excludes)]

    def _remembered(
        self, origin: Origin, question: list[object], look: Callable[[], list[list[str]]]
    ) -> list[list[str]]:
        """An answer about layers stays true: a stage that comes from the cache need not be read to know it."""
        if not isinstance(origin, int | str):
            found: list[list[str]] = self.answers.ask(repr((origin, question)), look)
            return found
        place = [str(self.origins.layers(origin).chain), *question]
        known: list[list[str]] | None = self.cache.recall(place)
        if known is None:
            known = look()
            self.cache.note(place, known)
        return known

    def _remote(self, step: CopyStep) -> Iterator[dict[str, object]]:
        for part in step.remote:
            match part:
                case HttpSource():
                    found = self.downloads().file(part)
                    yield {"file": part.filename, "digest": found.digest, "modified": found.last_modified}
                case GitSource():
                    commit = self.downloads().commit(part)
                    yield {"repository": part.reference, "commit": commit, "keep_git_dir": part.keep_git_dir}

    # ---- mounts

    def _mount(self, mount: StepMount) -> dict[str, object]:
        """What the key says of a mount: never what a secret is, and not what a cache holds."""
        said: dict[str, object] = {"type": mount.type.value, "target": mount.target}
        said |= {name: value for name, value in _options(mount).items() if value not in (None, "", 0, False)}
        if mount.type is MountType.BIND or (mount.type is MountType.CACHE and mount.origin not in (None, "scratch")):
            said["files"] = self._remembered(mount.origin, ["mount", mount.source], lambda: self._bound(mount))
        return said

    def _bound(self, mount: StepMount) -> list[list[str]]:
        source = self.origins.source(mount.origin)
        path = resolve(source, clean(mount.source))
        if source.entry(path) is None:
            raise BuildError("build.copy-missing", path=absolute(mount.source))
        return [["", checksum(source, path)]]


def _options(mount: StepMount) -> dict[str, object]:
    match mount.type:
        case MountType.BIND:
            return {"writable": not mount.read_only}
        case MountType.TMPFS:
            return {"size": mount.size_limit}
        case MountType.CACHE:
            return {"read_only": mount.read_only, "mode": mount.mode, "uid": mount.uid, "gid": mount.gid}
        case _:
            owner = {"mode": mount.mode, "uid": mount.uid, "gid": mount.gid}
            return {"id": mount.cache_id, "required": mount.required, "env": mount.env} | owner
