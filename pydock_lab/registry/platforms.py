"""Which manifest of an index is for this machine.

Source: OCI image specification, image-index.md; containerd, platforms/compare.go (a processor runs what was made for
an older one of its kind).
"""

from pydock_lab.errors import RegistryError
from pydock_lab.oci import Descriptor, Index, Platform

# Each variant runs what was made for those after it.
_VARIANTS = {"amd64": ("v4", "v3", "v2", "v1"), "arm": ("v8", "v7", "v6", "v5"), "arm64": ("v9", "v8")}
_USUAL = {"amd64": "v1", "arm": "v7", "arm64": "v8"}
_LAST = 5


def choose(index: Index, platform: Platform, what: str) -> Descriptor:
    """The child of `index` for `platform`, the best fitting first; RegistryError, naming `what`, where none fits."""
    ranked = [(rank, child) for child in index.manifests if (rank := _rank(child, platform)) is not None]
    if not ranked:
        offered = ", ".join(dict.fromkeys(str(child.platform) for child in index.manifests if child.platform))
        raise RegistryError("registry.no-platform", what=what, platform=str(platform), offered=offered or "-")
    return min(ranked, key=lambda pair: pair[0])[1]


def _rank(child: Descriptor, wanted: Platform) -> int | None:
    """How far a child is from what is wanted, 0 for the very thing; None where it cannot run here."""
    offered = child.platform
    if offered is None:  # nobody said: it may do, where nothing better is there
        return _LAST
    if (offered.os, offered.architecture) != (wanted.os, wanted.architecture):
        return None
    ours, theirs = _variant(wanted), _variant(offered)
    if ours == theirs:
        return 0
    known = _VARIANTS.get(wanted.architecture, ())
    if ours in known and theirs in known:
        distance = known.index(theirs) - known.index(ours)
        return distance if distance > 0 else None
    # A variant that we do not know: whatever it is, it runs the plain one.
    return 1 if theirs in ("", _USUAL.get(wanted.architecture)) else None


def _variant(platform: Platform) -> str:
    """The variant, where it says more than the architecture does: arm64 is always v8, arm mostly v7."""
    return platform.variant or _USUAL.get(platform.architecture, "")
