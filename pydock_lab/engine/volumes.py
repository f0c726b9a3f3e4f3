"""Volumes: folders that stay when a container goes. `volumes/<name>/_data`, with a record beside it."""

import re
import secrets
from datetime import UTC, datetime
from pathlib import Path

from pydock_lab.engine.home import Home
from pydock_lab.engine.options import VolumeMount
from pydock_lab.engine.values import VolumeSummary
from pydock_lab.errors import CommandError, Conflict, NotFound, StoreError
from pydock_lab.oci.runtime_spec import Mount

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")


class Volumes:
    """The volumes of a home."""

    def __init__(self, home: Home) -> None:
        self._home, self._records = home, home.volumes

    def all(self) -> tuple[VolumeSummary, ...]:
        """`docker volume ls`, by name."""
        return tuple(self.get(name) for name in self._records)

    def get(self, name: str) -> VolumeSummary:
        """One volume; raises NotFound."""
        try:
            record = self._records.read(name)
        except StoreError:
            raise NotFound("engine.no-volume", volume=name) from None
        return VolumeSummary(
            name=name,
            mountpoint=str(self._data(name)),
            created=record["created"],
            anonymous=record["anonymous"],
        )

    def create(self, name: str = "") -> VolumeSummary:
        """A volume of that name, new or as it is; without a name an anonymous one."""
        anonymous = not name
        name = name or secrets.token_hex(32)
        if not _NAME.fullmatch(name):
            raise CommandError("engine.volume-name", volume=name)
        with self._records.lock():
            if name not in self._records:
                self._data(name).mkdir(parents=True, exist_ok=True)
                created = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
                self._records.write(name, {"created": created, "anonymous": anonymous})
        return self.get(name)

    def remove(self, name: str, users: tuple[str, ...]) -> None:
        """Remove a volume and all that is in it; raises NotFound, Conflict while containers use it."""
        self.get(name)
        if users:
            raise Conflict("engine.volume-in-use", volume=name, containers=", ".join(users))
        self._home.snapshots.remove(self._records.path(name))

    def mount(self, wanted: VolumeMount) -> tuple[Mount, str]:
        """What `-v` asks for as a mount, and the name of the volume that it made if it is an anonymous one."""
        if wanted.source.startswith("/"):
            if not Path(wanted.source).exists():
                Path(wanted.source).mkdir(parents=True)  # as Docker does for -v
            return Mount(target=wanted.target, source=wanted.source, read_only=wanted.read_only), ""
        volume = self.create(wanted.source)
        mount = Mount(target=wanted.target, source=volume.mountpoint, read_only=wanted.read_only)
        return mount, volume.name if volume.anonymous else ""

    def _data(self, name: str) -> Path:
        return self._records.path(name) / "_data"
