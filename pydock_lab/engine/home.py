"""An opened `$PYDOCK_HOME`: the store, the engine's own records, and the door to the workers.

Importing and starting the runtime costs, and some machines have none: only who runs something makes it.
"""

import contextlib
import threading
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pydock_lab.build.cache import BuildCache
from pydock_lab.build.record import FORMAT as BUILD_FORMAT
from pydock_lab.build.stat_cache import StatCache
from pydock_lab.engine.ground import Ground
from pydock_lab.errors import PydockError
from pydock_lab.runtime.state import STATE_FILE
from pydock_lab.store import Store, happenings
from pydock_lab.store.active import Active
from pydock_lab.store.home import make_private
from pydock_lab.store.indexes import IndexStore
from pydock_lab.store.records import Collection
from pydock_lab.store.starts import Starts
from pydock_lab.store.transfers import Transfers

if TYPE_CHECKING:
    from pydock_lab.build.cache_mounts import CacheMounts
    from pydock_lab.runtime.base import Runtime
    from pydock_lab.sandbox.client import Sandbox
    from pydock_lab.snapshot.snapshotter import Snapshotter


class Home:
    """The store below `root` (default: `$PYDOCK_HOME`, else the user's data directory), made if it is not there."""

    def __init__(self, root: Path | None = None) -> None:
        self.store = Store.open(root)
        self.root = self.store.root
        self.blobs, self.layout, self.leases = self.store.blobs, self.store.layout, self.store.leases
        self.indexes = IndexStore(self.root, self.blobs)
        self.cache = BuildCache(self.root)
        self.builds = Collection(self.root, "builds", form=BUILD_FORMAT)
        self.contexts = StatCache(self.root)
        self.images = self.store.collection("images")
        self.containers = self.store.collection("containers", "container.json")
        # Beside the records: how each container was when something last happened to it.
        self.states = self.store.collection("containers", STATE_FILE)
        self.volumes = self.store.collection("volumes", "volume.json")
        self._active = Active(self.root)
        self._grounds: dict[str, Ground] = {}
        self.events = self.root / happenings.FILE
        self.starts = Starts(self.root)
        self.transfers = Transfers(self.root)
        self.networks = self.store.collection("networks", "network.json")

    @cached_property
    def cache_mounts(self) -> "CacheMounts":
        """The folders of `RUN --mount=type=cache`."""
        from pydock_lab.build.cache_mounts import CacheMounts  # noqa: PLC0415 - only for builds that do something

        return CacheMounts(self.root)

    def ground(self, isolation: str = "") -> Ground:
        """What containers of a tier stand on ("": of the best that this machine gives)."""
        if isolation not in self._grounds:
            usual = self.ground if isolation else None
            self._grounds.setdefault(isolation, Ground(self.root, isolation, usual))
        return self._grounds[isolation]

    @property
    def snapshots(self) -> "Snapshotter":
        """Unpacked layers, as the best tier has them."""
        return self.ground().snapshots

    @property
    def runtime(self) -> "Runtime":
        """Containers of the best tier; what is found in a container's own folder is the same for all."""
        return self.ground().runtime

    def warm(self, isolation: str = "") -> None:
        """Have the zygote start while something else is being done: a container will be wanted soon."""
        # Who really needs a container hears what is wrong. Imported here: two threads that import hold each other up.
        with contextlib.suppress(PydockError, ImportError, OSError):
            sandbox = self.ground(isolation).runtime.sandbox
            threading.Thread(target=self._warm, args=(sandbox,), name="pydock-warm", daemon=True).start()

    @staticmethod
    def _warm(sandbox: "Sandbox") -> None:
        with contextlib.suppress(PydockError, OSError):
            _ = sandbox.tier

    @contextlib.contextmanager
    def work_folder(self) -> Iterator[Path]:
        """A folder for the writable snapshots of a build; swept when its process is dead, whatever happened."""
        self.sweep()
        folder = self._active.own()
        make_private(folder)
        try:
            yield folder
        finally:
            _discard(folder, self.snapshots)

    def remove_tree(self, path: Path, snapshots: "Snapshotter") -> bool:
        """Remove a tree: gone at once, its files soon, or by the next one who sweeps if we are killed; was it there?"""
        folder = self._active.take(path)
        if folder is not None:
            _discard(folder, snapshots)
        return folder is not None

    def sweep(self) -> None:
        """Remove what those left that were killed: of builds, and of containers that they were removing."""
        for path in self._active.stale():
            _discard(path, self.snapshots)


def _discard(folder: Path, snapshots: "Snapshotter") -> None:
    try:
        folder.rmdir()
    except OSError:  # not empty: there is a tree in it
        snapshots.remove(folder)
