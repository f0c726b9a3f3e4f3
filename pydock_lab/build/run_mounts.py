"""What `RUN --mount` asks for, made ready for the container of one step, and taken away after it.

    bind     of a stage or image    its layers as a second overlay, a writable one on top where rw is asked for
             of the context         a copy of what is selected: owners and ignored files as COPY would have them
    cache    a folder of the store  cache_mounts.py
    tmpfs    files in memory
    secret   a file in memory of the container alone, or a variable: on no disk, in no layer, record, log or key
    ssh      a socket that leads to the user's agent

The places on which they are mounted lie in a folder below all layers, so none of them stays in the layer that the
step makes. Source: Dockerfile reference, "RUN --mount".
"""

import base64
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pydock_lab.archive.entry import EntryType
from pydock_lab.build.cache_mounts import NewFolder
from pydock_lab.build.copying import Copier, CopyRequest
from pydock_lab.build.layers import write_draft
from pydock_lab.build.origins import SCRATCH, Origins
from pydock_lab.build.selection import Selected
from pydock_lab.build.source import clean, resolve
from pydock_lab.build.ssh_relay import SshRelay
from pydock_lab.build.steps import RunStep, StepMount
from pydock_lab.build.tree import LayeredTree
from pydock_lab.build.workshop import Workshop
from pydock_lab.dockerfile.mounts import MountType
from pydock_lab.errors import BuildError
from pydock_lab.oci.runtime_spec import Mount, MountKind, Rootfs

# Docker's default (Dockerfile reference, "RUN --mount=type=secret").
_SECRET = 0o400


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """What a step's container gets beside its own tree; `stub` holds the places to mount on ("": none)."""

    mounts: tuple[Mount, ...] = ()
    env: tuple[str, ...] = ()
    stub: str = ""


@contextmanager
def prepared(
    step: RunStep, tree: LayeredTree, folder: Path, workshop: Workshop, origins: Origins
) -> Iterator[Prepared]:
    """The mounts of a step on top of `tree`, as long as the context lasts; raises BuildError."""
    with ExitStack() as stack:
        maker = _Maker(folder, workshop, origins, stack)
        made = [(mount, maker.make(mount, number)) for number, mount in enumerate(step.mounts)]
        mounts = [found for _, found in made if found is not None]
        if step.script:
            mounts.append(_script(step, folder))
        stub = _stub(mounts, maker.files, tree, folder / "places") if mounts else ""
        yield Prepared(mounts=tuple(mounts), env=tuple(maker.env), stub=stub)


def _script(step: RunStep, folder: Path) -> Mount:
    """The script of a here-document, as a file that the container sees."""
    path = folder / "script"
    path.write_text(step.script, encoding="utf-8", errors="surrogateescape")
    # Whoever USER is has to read and execute it, whatever our umask has left.
    path.chmod(0o755)
    return Mount(target=step.args[-1], source=str(path), read_only=True)


def _stub(mounts: list[Mount], files: set[str], tree: LayeredTree, folder: Path) -> str:
    """A tree of nothing but the places that the mounts need, those of `files` by target; links are followed."""
    folder.mkdir()
    for mount in mounts:
        place = folder / os.fsdecode(resolve(tree, clean(mount.target)))
        is_bound_file = mount.kind is MountKind.BIND and not os.path.isdir(mount.source)
        # A file can only be mounted on a file, a directory only on a directory (mount(2), ENOTDIR).
        if is_bound_file or mount.kind is MountKind.DATA or mount.target in files:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
        else:
            place.mkdir(parents=True, exist_ok=True)
    return str(folder)


class _Maker:
    def __init__(self, folder: Path, workshop: Workshop, origins: Origins, stack: ExitStack) -> None:
        self._folder, self._workshop, self._origins, self._stack = folder, workshop, origins, stack
        self.env: list[str] = []
        self.files: set[str] = set()  # targets of what is a file in the tree of a stage or image

    def make(self, mount: StepMount, number: int) -> Mount | None:
        """One mount; None where an optional secret or agent is not there, or a secret is only a variable."""
        match mount.type:
            case MountType.TMPFS:
                size = mount.size_limit
                return Mount(target=mount.target, kind=MountKind.TMPFS, size=size, is_executable=True)
            case MountType.SECRET:
                return self._secret(mount)
            case MountType.SSH:
                return self._agent(mount, number)
            case MountType.CACHE:
                return self._cache(mount)
            case MountType.BIND:
                return self._bind(mount, number)

    # ---- files

    def _bind(self, mount: StepMount, number: int) -> Mount:
        source = self._origins.source(mount.origin)
        path = resolve(source, clean(mount.source))
        entry = source.entry(path)
        if entry is None:
            raise BuildError("build.copy-missing", path=mount.source)
        if not isinstance(mount.origin, int | str):
            copy = self._copied(Selected(source=source, path=path), self._folder / f"mount-{number}")
            return Mount(target=mount.target, source=str(copy), read_only=mount.read_only)
        if entry.type is not EntryType.DIRECTORY:
            self.files.add(mount.target)
        return self._overlay(mount, os.fsdecode(path), self._folder / f"mount-{number}")

    def _overlay(self, mount: StepMount, inside: str, folder: Path) -> Mount:
        """A path in the tree of a stage or image."""
        assert isinstance(mount.origin, int | str)  # noqa: S101 - the caller has looked
        found, snapshots = self._origins.layers(mount.origin), self._workshop.snapshots
        folder.mkdir()
        self._workshop.unpacked(found.layers, found.chain_ids)
        rootfs = snapshots.rootfs(found.chain_ids, folder, writable=not mount.read_only)
        bottom = folder / "bottom"  # the kernel wants two lower directories, or a writable one
        bottom.mkdir()
        rootfs = replace(rootfs, layers=(*rootfs.layers, str(bottom)))
        return Mount(
            target=mount.target,
            kind=MountKind.OVERLAY,
            source="/" + inside,
            read_only=mount.read_only,
            tree=rootfs if found.layers else Rootfs(layers=(str(bottom), str(bottom)), mountpoint=rootfs.mountpoint),
        )

    def _copied(self, what: Selected, folder: Path) -> Path:
        """A file or folder of the context on its own, as COPY would put it into an image."""
        self._copy(what, "/copy", folder)
        return folder / "copy"

    def _copy(self, what: Selected, destination: str, folder: Path) -> None:
        copier = Copier(LayeredTree([], lambda _: iter(())))
        copier.copy(what, CopyRequest(destination=destination, keep_owner=True))
        with self._workshop.snapshots.filled(folder) as sink:
            write_draft(copier.finish(), sink)

    def _cache(self, mount: StepMount) -> Mount:
        def make(wanted: NewFolder) -> None:
            if mount.origin not in (None, SCRATCH):
                self._fill(mount, wanted.path)
            self._workshop.snapshots.make_folder(wanted.path, wanted.mode, wanted.uid, wanted.gid)

        data = self._stack.enter_context(self._workshop.cache_mounts.use(mount, make))
        inside = os.fsdecode(clean(mount.source)) if mount.origin in (None, SCRATCH) else ""
        if inside:
            self._workshop.snapshots.find(data, inside)  # it must be there
        return Mount(target=mount.target, source=str(data), subpath=inside, read_only=mount.read_only)

    def _fill(self, mount: StepMount, data: Path) -> None:
        """What a new cache begins with."""
        source = self._origins.source(mount.origin)
        what = Selected(source=source, path=resolve(source, clean(mount.source)), only_inside=True)
        self._copy(what, "/", data)

    # ---- what must leave no trace

    def _secret(self, mount: StepMount) -> Mount | None:
        content = self._workshop.secrets(mount.cache_id)
        if content is None:
            if mount.required:
                raise BuildError("build.secret-missing", id=mount.cache_id)
            return None
        if mount.env:
            self.env.append(f"{mount.env}={os.fsdecode(content)}")
        if not mount.target:
            return None
        return Mount(
            target=mount.target,
            kind=MountKind.DATA,
            read_only=True,
            data=base64.b64encode(content).decode(),
            mode=_SECRET if mount.mode is None else mount.mode,
            uid=mount.uid or 0,
            gid=mount.gid or 0,
        )

    def _agent(self, mount: StepMount, number: int) -> Mount | None:
        agent = self._workshop.agents(mount.cache_id or "default")
        if agent is None:
            if mount.required:
                raise BuildError("build.ssh-missing", id=mount.cache_id or "default")
            return None
        relay = self._stack.enter_context(SshRelay(agent, self._folder, f"agent-{number}"))
        return Mount(target=mount.target, source=str(relay.path))
