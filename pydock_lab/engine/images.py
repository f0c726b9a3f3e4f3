"""Images of the local engine: found by any of their names, listed, tagged, removed; made from the host on first use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pydock_lab.engine.results import Image
from pydock_lab.engine.values import ImageDetails, ImageSummary
from pydock_lab.errors import Conflict, InvalidReference, NotFound, StoreError
from pydock_lab.oci import INDEX_TYPES, Descriptor, Digest, ImageConfig, Index, Manifest, Reference
from pydock_lab.store.remembered import Memory

if TYPE_CHECKING:
    from pydock_lab.engine.home import Home
    from pydock_lab.engine.layerstack import BuildFacts
    from pydock_lab.views import LayerStack

FindUsers = Callable[[str], tuple[str, ...]]
Content = TypeVar("Content")
_SHORTEST_ID = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundImage:
    """An image of the store: its manifest's descriptor and documents, and the names it has."""

    descriptor: Descriptor
    manifest: Manifest
    config: ImageConfig
    references: tuple[Reference, ...]

    @property
    def image_id(self) -> Digest:
        """The digest of the config."""
        return self.manifest.config.digest

    def details(self) -> ImageDetails:
        """As it is told to a user."""
        return ImageDetails(
            image_id=self.image_id,
            digest=self.descriptor.digest,
            references=tuple(reference.familiar for reference in self.references),
            manifest=self.manifest,
            config=self.config,
            size=self.manifest.size,
        )


class ImageShelf:
    """The images of a store."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._manifests: Memory[Manifest] = Memory()
        self._configs: Memory[ImageConfig] = Memory()

    def open(self, descriptor: Descriptor) -> FoundImage:
        """The documents of an image; raises NotFound or Corrupt."""
        if descriptor.media_type in INDEX_TYPES:
            return self.open(self._own(Index.from_bytes(self.home.blobs.read(descriptor))))
        manifest = self._understood(descriptor, Manifest.from_bytes, self._manifests)
        return FoundImage(
            descriptor=descriptor,
            manifest=manifest,
            config=self._understood(manifest.config, ImageConfig.from_bytes, self._configs),
            references=self.home.layout.references(descriptor.digest),
        )

    def _understood(
        self, descriptor: Descriptor, understand: Callable[[bytes], Content], memory: Memory[Content]
    ) -> Content:
        blobs, key = self.home.blobs, (descriptor.digest, descriptor.size)
        return memory.get(key, blobs.stamp(descriptor.digest), lambda: understand(blobs.read(descriptor)))

    def _own(self, index: Index) -> Descriptor:
        """The manifest of an index that is here."""
        for child in index.manifests:
            if self.home.blobs.has(child.digest):
                return child
        raise NotFound("engine.no-platform")

    def find(self, name: str) -> FoundImage:
        """An image by reference, digest, or the start of its id; raises NotFound, InvalidReference."""
        found = self._by_reference(name) or self._by_id(name)
        if found is None:
            found = self._from_host(name)
        if found is None:
            from pydock_lab import bases  # noqa: PLC0415 - most images are here already

            # The error of a name that can be none comes before "there is none".
            reference = Reference.parse(name)
            raise NotFound("engine.no-image", image=reference.familiar, bases=", ".join(bases.available()))
        return found

    def _by_reference(self, name: str) -> FoundImage | None:
        try:
            return self.open(self.home.layout.resolve(Reference.parse(name)))
        except (InvalidReference, NotFound):
            return None

    def _by_id(self, name: str) -> FoundImage | None:
        start = name.removeprefix("sha256:").lower()
        if len(start) < _SHORTEST_ID or set(start) - set("0123456789abcdef"):
            return None
        images = list(self.all())
        found = [image for image in images if image.image_id.hex.startswith(start)]
        found = found or [image for image in images if image.descriptor.digest.hex.startswith(start)]
        if len({image.image_id for image in found}) > 1:
            raise Conflict("engine.ambiguous-id", id=name, count=len(found))
        return found[0] if found else None

    def _descriptors(self) -> list[Descriptor]:
        return list({image.descriptor.digest: image.descriptor for image in self.home.layout.images()}.values())

    def _from_host(self, name: str) -> FoundImage | None:
        """A base image that this machine can give, made when it is first asked for."""
        from pydock_lab import bases  # noqa: PLC0415 - see find

        try:
            reference = Reference.parse(name)
        except InvalidReference:
            return None
        if reference.digest or reference.familiar.removesuffix(":latest") not in bases.available():
            return None
        return self.open(bases.install(reference.familiar.removesuffix(":latest"), self.home.store))

    # ---- what users ask

    def summaries(self, *, all_: bool) -> tuple[ImageSummary, ...]:
        """`docker images`: one row a name, newest first; with `all_` those without a name too."""
        rows = []
        for image in self.home.layout.images():
            if image.reference is None and not all_:
                continue
            try:
                found = self.open(image.descriptor)
            except StoreError:
                continue
            rows.append(_summary(image.reference, found))
        return tuple(sorted(rows, key=lambda row: row.created, reverse=True))

    def all(self) -> Iterator[FoundImage]:
        """Every image once, those without a name too; what is broken is left out."""
        for descriptor in self._descriptors():
            with suppress(StoreError):
                yield self.open(descriptor)

    def tag(self, source: str, destination: str) -> None:
        """Give an image one more name."""
        target = Reference.parse(destination)
        if target.digest:
            raise InvalidReference("engine.tag-digest", reference=destination, part=str(target.digest))
        self.home.layout.tag(target, self.find(source).descriptor)

    def remove(self, name: str, *, force: bool, find_users: FindUsers) -> tuple[str, ...]:
        """Take a name away, and with the last one the image; raises Conflict while a container stands on it.

        `find_users` gives the names of the containers on an image id.
        """
        found = self.find(name)
        by_name = self._by_reference(name) is not None and "@" not in name
        if by_name and len(found.references) > 1:
            reference = Reference.parse(name)
            self.home.layout.untag(reference)
            return (f"Untagged: {reference.familiar}",)
        if len(found.references) > 1 and not force:
            names = ", ".join(reference.familiar for reference in found.references)
            raise Conflict("engine.image-many-names", image=name, names=names)
        users = find_users(found.image_id)
        if users and not force:
            raise Conflict("engine.image-in-use", image=name, containers=", ".join(users))
        gone = self.home.layout.drop(found.descriptor.digest)
        return (*(f"Untagged: {reference.familiar}" for reference in gone), f"Deleted: {found.image_id}")

    def stack(self, name: str) -> LayerStack:
        """The layers of an image as a view."""
        from pydock_lab.engine.layerstack import layer_stack  # noqa: PLC0415 - only for who looks at it

        found = self.find(name)
        return layer_stack(_shown(found, name), found.details(), self.home.indexes, self._facts(found.image_id))

    def _facts(self, image_id: Digest) -> BuildFacts | None:
        from pydock_lab.engine.layerstack import facts_from  # noqa: PLC0415 - see stack

        try:
            return facts_from(self.home.images.read(image_id.hex))
        except StoreError:
            return None

    def image(self, engine: object, name: str) -> Image:
        """An image in a user's hands."""
        found = self.find(name)
        return Image(engine=engine, name=_shown(found, name), details=found.details())  # type: ignore[arg-type]


def _shown(found: FoundImage, asked: str) -> str:
    """Of an image's names the one that was asked for; any of them, or its id, where an id or digest was."""
    names = [reference.familiar for reference in found.references]
    same = [name for name in names if name in (asked, f"{asked}:latest")]
    return next(iter([*same, *names]), found.image_id.short)


def _summary(reference: Reference | None, found: FoundImage) -> ImageSummary:
    return ImageSummary(
        repository=reference.familiar_name if reference else "<none>",
        tag=reference.tag if reference and reference.tag else "<none>",
        image_id=found.image_id,
        digest=found.descriptor.digest,
        created=found.config.created,
        size=found.manifest.size,
        labels=found.config.config.labels,
    )
