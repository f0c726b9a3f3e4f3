"""A build cache that travels: `--cache-to` writes it, `--cache-from` reads it, into a store that has built nothing.

    type=local      a folder, an OCI layout       index.json --> manifest --> config: a record a step, with its key
    type=registry   an image of a registry                                --> layers: what the steps made
    type=inline     the built image itself, its records in an annotation

Records are small and read at once; a layer is fetched when a step has its key. With `mode=max` the steps of all
stages are written, otherwise only those that the image is made of.
Source: Docker's documentation, "Cache storage backends"; the form of the records is our own.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from pydock_lab.build.builder import BuiltImage
from pydock_lab.build.cache import Layer
from pydock_lab.build.keys import CacheKey
from pydock_lab.build.stage import StepResult
from pydock_lab.build.steps import Plan
from pydock_lab.engine.home import Home
from pydock_lab.engine.options import CacheKind, CacheStore
from pydock_lab.engine.transfers import OpenClient
from pydock_lab.engine.unpacking import unpacking
from pydock_lab.errors import BuildError
from pydock_lab.events import ignore
from pydock_lab.oci import Descriptor, Digest, Manifest, MediaType, Reference
from pydock_lab.store import saving
from pydock_lab.store.blobs import BlobStore
from pydock_lab.store.layout import REF_NAME
from pydock_lab.store.leases import Lease

CONFIG_TYPE = "application/vnd.pydock.cache.config.v1+json"
INLINE = "org.pydock.cache.records"
FORMAT = 1


def exported(plan: Plan, results: Iterable[StepResult], *, is_whole: bool) -> list[tuple[CacheKey, Layer]]:
    """The steps that belong into a cache: those of all stages, or those that the target is made of."""
    wanted = {id(step) for index in _lineage(plan) for step in plan.stage(index).steps}
    return [
        (result.key, result.layer)
        for result in results
        if result.key and result.layer and (is_whole or id(result.step) in wanted)
    ]


def _lineage(plan: Plan) -> Iterator[int]:
    """The target, and the stages that it stands on."""
    at: object = plan.target
    while isinstance(at, int):
        yield at
        at = plan.stage(at).base


def records_json(steps: Iterable[tuple[CacheKey, Layer]], *, has_texts: bool = True) -> bytes:
    """The records as a document; without texts a key is only its digest."""
    rows = [{"digest": key.digest} | ({"key": key.text} if has_texts else {}) | layer.to_json() for key, layer in steps]
    return json.dumps({"format": FORMAT, "records": rows}, ensure_ascii=False).encode("utf-8", "surrogateescape")


def inline(built: BuiltImage, steps: Sequence[tuple[CacheKey, Layer]], home: Home, lease: Lease) -> BuiltImage:
    """The image with the records in its manifest; its id stays, for its config is the same."""
    here = {layer.digest for layer in built.manifest.layers}
    kept = [(key, layer) for key, layer in steps if layer.descriptor.digest in here]
    text = records_json(kept, has_texts=False).decode("utf-8", "replace")
    manifest = replace(built.manifest, annotations={**built.manifest.annotations, INLINE: text})
    descriptor = _keep(manifest.to_bytes(), MediaType.MANIFEST, home.blobs, lease)
    return replace(built, manifest=manifest, descriptor=descriptor)


def write(
    target: CacheStore, steps: Sequence[tuple[CacheKey, Layer]], home: Home, lease: Lease, open_client: OpenClient
) -> None:
    """Write a cache to where it is wanted; raises PydockError."""
    config = _keep(records_json(steps), CONFIG_TYPE, home.blobs, lease)
    layers = {layer.descriptor.digest: layer.descriptor for _, layer in steps}
    manifest = Manifest(config=config, layers=tuple(layers.values()), artifact_type=CONFIG_TYPE)
    descriptor = _keep(manifest.to_bytes(), MediaType.MANIFEST, home.blobs, lease)
    if target.kind is CacheKind.LOCAL and target.path is not None:
        named = replace(descriptor, annotations={REF_NAME: target.tag})
        try:
            with unpacking(target.path) as sink:
                saving.save([(None, named)], home.blobs, sink, docker=False)
        except OSError as error:
            raise BuildError("build.output", path=str(target.path), reason=error.strerror or str(error)) from error
    elif target.kind is CacheKind.REGISTRY:
        from pydock_lab.registry.transfer import push  # noqa: PLC0415 - requests is only for who transfers

        reference = Reference.parse(target.reference)
        push(home.blobs, descriptor, open_client(reference.domain, ignore), reference)


def _keep(content: bytes, media_type: str, blobs: BlobStore, lease: Lease) -> Descriptor:
    lease.add(Digest.of(content))
    blobs.put(content)
    return Descriptor.of(content, media_type)
