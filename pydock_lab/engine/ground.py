"""The ground that containers of a home stand on: a runtime of one tier, and the layers as that tier has them on disk.

    tier                             layers                the owner of a file
    root, rootless                   snapshots/            is its owner
    rootless-single, nested          snapshots-single/     is said by a mark, where it is not root
    traced                           snapshots-traced/     and so are modes and devices

Mostly there is one: the best that this machine gives. `--isolation` asks for another, which has a zygote of its own.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydock_lab import locale
from pydock_lab.engine.storage_driver import StorageDriver, driver_of
from pydock_lab.errors import IsolationError
from pydock_lab.oci import Digest

if TYPE_CHECKING:
    from pydock_lab.runtime.base import Runtime
    from pydock_lab.snapshot.snapshotter import Snapshotter

# The values of linux.tiers.Tier that can be asked for: not every machine can import it.
_TRACED, _NONE = "traced", "none"
ISOLATIONS = ("root", "rootless", "rootless-single", "nested", _TRACED, _NONE)
_LAYERS: Mapping[str, str] = MappingProxyType(
    {"rootless-single": "snapshots-single", "nested": "snapshots-single", _TRACED: "snapshots-traced"}
)
_USUAL_LAYERS = "snapshots"


class Ground:
    """A tier of a home; "" for the best there is. `usual` is the ground that is used if it happens to be the same."""

    def __init__(self, root: Path, isolation: str = "", usual: "Callable[[], Ground] | None" = None) -> None:
        self._root, self._isolation, self._usual = root, isolation, usual

    @property
    def tier(self) -> str:
        """Its name; raises IsolationError where it cannot be had."""
        return self._isolation or str(self.runtime.tier)

    @cached_property
    def runtime(self) -> "Runtime":
        """Containers; raises IsolationError for a tier that is unknown."""
        # Imported only here: it costs, and some machines have none.
        from pydock_lab.runtime.base import Runtime  # noqa: PLC0415 - see above
        from pydock_lab.snapshot.snapshotter import JOB_MODULES  # noqa: PLC0415 - see above

        if self._usual is not None and self._usual().tier == self._isolation:
            return self._usual().runtime
        return Runtime(self._root, jobs=JOB_MODULES, tier=self._isolation or None)

    def check(self) -> None:
        """Raises IsolationError where no container can be started: this machine gives none, or they were not wanted."""
        if self.runtime.tier == _NONE:
            key = "engine.no-containers" if self.runtime.sandbox.refusals else "engine.none-chosen"
            raise IsolationError(key, facet="processes")

    @cached_property
    def snapshots(self) -> "Snapshotter":
        """Unpacked layers; the work is done by the runtime's workers."""
        from pydock_lab.snapshot.snapshotter import Snapshotter  # noqa: PLC0415 - see `runtime`

        return Snapshotter(lambda: self._layers, self.call)

    @cached_property
    def driver(self) -> StorageDriver:
        """How containers get their tree of files from the layers: tried."""
        if sys.platform != "linux":
            return StorageDriver.NONE
        try:
            facets = {facet.name: facet.in_force for facet in self.runtime.probe()}
            return driver_of(self.tier, can_share=facets.get("storage", False))
        except IsolationError:  # one was asked for that cannot be had
            return StorageDriver.NONE

    def layer(self, chain_id: Digest) -> Path:
        """Where a layer is, or would be, as a directory; raises IsolationError as `tier` does."""
        return self._layers / chain_id.hex

    @property
    def _layers(self) -> Path:
        return self._root / _LAYERS.get(self.tier, _USUAL_LAYERS)

    def call(self, job: str, arguments: Mapping[str, Any], descriptors: Sequence[int] = ()) -> Any:
        """Have a worker do a job; raises the PydockError that it ended with."""
        return self.runtime.call(job, arguments, descriptors)


def shown(tier: str) -> str:
    """A tier's name as people read it: with a word of warning where a container is less than it looks."""
    return locale.text("engine.traced") if tier == _TRACED else tier
