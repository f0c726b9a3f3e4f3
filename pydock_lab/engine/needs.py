"""What in a store is needed though no image names it (a module of its own: lists want nothing of builds)."""

from pydock_lab.engine.failed_steps import FailedSteps
from pydock_lab.engine.home import Home
from pydock_lab.engine.records import ContainerShelf
from pydock_lab.oci import Digest


def needed(home: Home) -> frozenset[Digest]:
    """Layers of the build cache, snapshots of containers and failed steps."""
    layers = {digest for _, layer in home.cache.layers() for digest in (layer.descriptor.digest, layer.diff_id)}
    chains = {Digest(chain) for line in ContainerShelf(home).lines() for chain in line.layers}
    return frozenset({*layers, *chains, *FailedSteps(home).needed()})
