"""Volumes: folders that stay when a container goes. `volumes/<name>/_data`, with a record beside it.

A volume that is used while it is empty is filled with what the image has at the place where it is mounted (files,
owners, permissions), as Docker does: a database finds its first tables there.
"""

import contextlib
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pydock_lab.archive.entry import EntryType
from pydock_lab.build.source import resolve
from pydock_lab.engine.final_tree import FinalTree
from pydock_lab.engine.ground import Ground
from pydock_lab.engine.home import Home
from pydock_lab.engine.network_options import OnChange, ignore_change
from pydock_lab.engine.run_options import VolumeMount
from pydock_lab.engine.values import VolumeSummary
from pydock_lab.errors import CommandError, Conflict, ContainerError, NotFound, StoreError
from pydock_lab.oci.runtime_spec import Mount, Propagation
from pydock_lab.snapshot.snapshotter import CHANGES
from pydock_lab.store.locks import FileLock

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")


class Volumes:
    """The volumes of a home; `on_change` hears of what happens to them, for `docker events`."""

    def __init__(self, home: Home, *, on_change: OnChange = ignore_change) -> None:
        self._home, self._records = home, home.volumes
        self._wanting = home.volumes.directory / ".wanting"
        self._on_change = on_change

    def all(self) -> tuple[VolumeSummary, ...]:
        """`docker volume ls`, by name."""
        found = []
        for name in self._records:
            with contextlib.suppress(NotFound):  # removed meanwhile, or damaged
                found.append(self.get(name))
        return tuple(found)

    def get(self, name: str) -> VolumeSummary:
        """One volume; raises NotFound."""
        try:
            record = self._records.read(name)
            return VolumeSummary(
                name=name,
                mountpoint=str(self._data(name)),
                created=record["created"],
                anonymous=record["anonymous"],
                labels=record.get("labels", {}),
            )
        except (StoreError, KeyError):
            raise NotFound("engine.no-volume", volume=name) from None

    def inspect(self, name: str) -> dict[str, object]:
        """`docker volume inspect`; raises NotFound. Source: Docker Engine API, VolumeInspect."""
        volume = self.get(name)
        return {
            "CreatedAt": volume.created,
            "Driver": volume.driver,
            "Labels": dict(volume.labels) or None,
            "Mountpoint": volume.mountpoint,
            "Name": volume.name,
            "Options": None,
            "Scope": "local",
        }

    def create(
        self, name: str = "", *, labels: Mapping[str, str] | None = None, driver: str = "local"
    ) -> VolumeSummary:
        """A volume of that name, new or as it is; without a name an anonymous one. Raises CommandError."""
        if driver not in ("", "local"):
            raise CommandError("engine.volume-driver", driver=driver)
        anonymous = not name
        name = name or secrets.token_hex(32)
        if not _NAME.fullmatch(name):
            raise CommandError("engine.volume-name", volume=name)
        with self._records.lock():
            is_new = name not in self._records
            if is_new:
                _make(self._data(name))
                created = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
                said = {"created": created, "anonymous": anonymous, "labels": dict(labels or {})}
                self._records.write(name, said)
        if is_new:
            self._on_change("volume", "create", name, {"driver": "local"})
        return self.get(name)

    def wanting(self) -> FileLock:
        """What one holds, with others, who finds volumes for a container that is not on record yet: none is removed."""
        return FileLock(self._wanting, shared=True)

    def remove(self, name: str, users: Callable[[str], tuple[str, ...]]) -> None:
        """Remove a volume and all that is in it; raises NotFound, Conflict while containers (`users`) have it."""
        with FileLock(self._wanting):
            self.get(name)
            if found := users(name):
                raise Conflict("engine.volume-in-use", volume=name, containers=", ".join(found))
            self._home.snapshots.remove(self._records.path(name))
        self._on_change("volume", "destroy", name, {"driver": "local"})

    def mount(self, wanted: VolumeMount, tree: Callable[[], FinalTree], ground: Ground) -> tuple[Mount, str]:
        """What `-v` asks for as a mount, and the name of the volume that it made if it is an anonymous one.

        `tree` gives the image's files for a volume that is empty; they are put there as `ground` has them. Raises
        ContainerError.
        """
        mount = Mount(
            target=wanted.target,
            source=wanted.source,
            read_only=wanted.read_only,
            propagation=Propagation(wanted.propagation or Propagation.RPRIVATE),
            is_recursive=wanted.is_recursive,
        )
        if wanted.source.startswith("/"):
            if not os.path.exists(wanted.source):
                if wanted.must_exist:
                    raise ContainerError("engine.bind-source", source=wanted.source)
                try:
                    Path(wanted.source).mkdir(parents=True)  # as Docker does for -v
                except OSError as error:
                    raise ContainerError(
                        "engine.bind-make", source=wanted.source, reason=error.strerror or str(error)
                    ) from None
            return mount, ""
        volume = self.create(wanted.source, labels=wanted.labels, driver=wanted.driver)
        _make(Path(volume.mountpoint))  # who filled it may have been killed
        if not wanted.no_copy and _is_empty(volume, ground):
            # Of two who use it first, one fills it.
            with FileLock(self._records.path(volume.name) / ".lock"):
                if _is_empty(volume, ground):
                    _fill(volume, wanted.target, tree(), ground)
        if wanted.subpath:
            ground.snapshots.find(Path(volume.mountpoint), wanted.subpath)  # it must be there
        mount = replace(mount, source=volume.mountpoint, subpath=wanted.subpath, volume=volume.name)
        return mount, volume.name if volume.anonymous else ""

    def _data(self, name: str) -> Path:
        return self._records.path(name) / "_data"


def _make(data: Path) -> None:
    """Have the folder of a volume, for all users of a container, and only they can write to it who own it."""
    with contextlib.suppress(FileExistsError):
        data.mkdir(parents=True)
        data.chmod(0o755)  # whatever the umask is


def _is_empty(volume: VolumeSummary, ground: Ground) -> bool:
    try:
        with os.scandir(volume.mountpoint) as found:
            return next(found, None) is None
    except PermissionError:  # it belongs to one of the container's users
        total: int = ground.call(CHANGES, {"directory": volume.mountpoint})["total"]
        return total == 0


def _fill(volume: VolumeSummary, target: str, tree: FinalTree, ground: Ground) -> None:
    """Copy what the image has there; nothing where it has nothing, or no folder."""
    top = resolve(tree, os.fsencode(target))
    folder = tree.entry(top)
    if folder is None or folder.type is not EntryType.DIRECTORY:
        return
    # Into the folder that there is: a container that uses the empty volume has that one mounted.
    data = Path(volume.mountpoint)
    with ground.snapshots.filled(data) as sink:
        tree.write(sink, top)
    ground.snapshots.make_folder(data, folder.mode, folder.uid, folder.gid)
