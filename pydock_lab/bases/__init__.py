"""Base images made of what the host has: `FROM lab/base` works offline, on the first day, without a registry.

    lab/base      a shell and everyday tools        lab/python   and the host's Python
    lab/busybox   one static program, where the host has it

They are honest about it: a label says that they come from this host, and other hosts give other digests.
"""

import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from pydock_lab.archive.compress import LayerWriter
from pydock_lab.archive.writer import Writable
from pydock_lab.bases import busybox, host
from pydock_lab.bases.tree import FileTree
from pydock_lab.errors import NotFound
from pydock_lab.oci import (
    ContainerConfig,
    Descriptor,
    Digest,
    History,
    ImageConfig,
    Manifest,
    MediaType,
    Platform,
    Reference,
)
from pydock_lab.oci.times import rfc3339
from pydock_lab.store import Store

__all__ = ["HOST_DERIVED", "Base", "available", "build", "install", "platform_of_host"]

HOST_DERIVED = "org.pydock_lab.host-derived"
_ARCHITECTURES = {
    "x86_64": ("amd64", ""),
    "AMD64": ("amd64", ""),
    "aarch64": ("arm64", "v8"),
    "arm64": ("arm64", "v8"),
    "armv7l": ("arm", "v7"),
    "i686": ("386", ""),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Base:
    """A base image whose layer has been written; `size` in bytes of its files, `created` in RFC 3339."""

    name: str
    settings: ContainerConfig
    created: str
    size: int

    def config(self, diff_id: Digest) -> ImageConfig:
        """The image config with this layer."""
        origin = "pydock_lab: made of this host's files"
        step = History(created=self.created, created_by=f"FROM {self.name}", comment=origin)
        return ImageConfig(
            platform=platform_of_host(),
            config=self.settings,
            diff_ids=(diff_id,),
            history=(step,),
            created=self.created,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Recipe:
    build: Callable[[FileTree], None]
    command: str
    is_possible: Callable[[], bool]


def _python(tree: FileTree) -> None:
    from pydock_lab.bases import python  # noqa: PLC0415 - it loads ssl, which `import pydock_lab` must not

    python.build(tree)


_RECIPES = {
    "lab/base": _Recipe(build=host.build, command="/bin/sh", is_possible=lambda: host.find("sh") is not None),
    "lab/python": _Recipe(build=_python, command="python3", is_possible=lambda: host.find("sh") is not None),
    "lab/busybox": _Recipe(build=busybox.build, command="/bin/sh", is_possible=lambda: busybox.program() is not None),
}


def available() -> tuple[str, ...]:
    """The names that can be built here; none where the host is not Linux."""
    if sys.platform != "linux":
        return ()
    return tuple(name for name, recipe in _RECIPES.items() if recipe.is_possible())


def build(name: str, sink: Writable) -> Base:
    """Write the layer of `name` to `sink` as an uncompressed tar; raises NotFound where it cannot be built here."""
    if name not in available():
        raise NotFound("bases.unknown", name=name, known=", ".join(available()))
    recipe, tree = _RECIPES[name], FileTree()
    recipe.build(tree)
    size = tree.write(sink)
    settings = ContainerConfig(
        env=(f"PATH={host.PATH}", "LANG=C.UTF-8"), cmd=(recipe.command,), labels={HOST_DERIVED: "true"}
    )
    # Not now: the same files must give the same image.
    created = rfc3339(datetime.fromtimestamp(tree.newest, UTC))
    return Base(name=name, settings=settings, created=created, size=size)


def install(name: str, store: Store) -> Descriptor:
    """Build `name` into the store as an image of one layer, tagged `name:latest`; raises NotFound."""
    with store.leases.hold("base") as lease, store.blobs.writer() as blob:
        with LayerWriter(blob) as writer:
            base = build(name, writer)
        layer = writer.close()
        # Named before it is there: from its rename on nobody can prune it.
        lease.add(layer.digest)
        blob.commit(layer.digest, layer.size)
        config = base.config(layer.diff_id).to_bytes()
        written = Descriptor(media_type=layer.media_type, digest=layer.digest, size=layer.size)
        manifest = Manifest(config=Descriptor.of(config, MediaType.CONFIG), layers=(written,)).to_bytes()
        for content in (config, manifest):
            lease.add(Digest.of(content))
            store.blobs.put(content)
        descriptor = Descriptor.of(manifest, MediaType.MANIFEST)
        store.layout.tag(Reference.parse(name), descriptor)
    return descriptor


def platform_of_host() -> Platform:
    """The platform that programs of this machine need."""
    machine = platform.machine()
    architecture, variant = _ARCHITECTURES.get(machine, (machine, ""))
    return Platform(os="linux", architecture=architecture, variant=variant)
