"""An image in the form of `docker image inspect`, with Docker's names. Source: Docker Engine API, ImageInspect."""

from collections.abc import Sequence

from pydock_lab.engine.home import Home
from pydock_lab.engine.images import FoundImage
from pydock_lab.engine.storage_driver import StorageDriver
from pydock_lab.oci import Digest

_NEVER = "0001-01-01T00:00:00Z"  # Go's zero time


def image_document(home: Home, found: FoundImage) -> dict[str, object]:
    """The document of one image."""
    config, names = found.config, [reference for reference in found.references if reference.digest is None]
    digests = dict.fromkeys(f"{name.familiar_name}@{found.descriptor.digest}" for name in found.references)
    return {
        "Id": str(found.image_id),
        "RepoTags": [name.familiar for name in names],
        "RepoDigests": list(digests),
        "Parent": "",
        "Comment": config.history[-1].comment if config.history else "",
        "Created": config.created,
        "DockerVersion": "",
        "Author": config.author,
        "Config": config.config.to_json(),
        "Architecture": config.platform.architecture,
        **({"Variant": config.platform.variant} if config.platform.variant else {}),
        "Os": config.platform.os,
        "Size": found.manifest.size,
        "GraphDriver": _storage(home, config.chain_ids),
        "RootFS": {"Type": "layers", "Layers": [str(diff_id) for diff_id in config.diff_ids]},
        "Metadata": {"LastTagTime": _last_tagged(home, found.descriptor.digest)},
        "Descriptor": {
            "mediaType": str(found.manifest.media_type),
            "digest": str(found.descriptor.digest),
            "size": len(found.manifest.to_bytes()),
        },
    }


def _storage(home: Home, chain_ids: Sequence[Digest]) -> dict[str, object]:
    """Where its layers are as directories, once a container has stood on them; the topmost one is the upper."""
    ground = home.ground()
    if ground.driver is StorageDriver.NONE:
        return {"Data": None, "Name": str(ground.driver)}
    folders = [ground.layer(chain_id) for chain_id in reversed(chain_ids)]
    if not folders or not all(folder.is_dir() for folder in folders):
        return {"Data": None, "Name": str(ground.driver)}
    top, *below = map(str, folders)
    return {"Data": ({"LowerDir": ":".join(below)} if below else {}) | {"UpperDir": top}, "Name": str(ground.driver)}


def _last_tagged(home: Home, digest: Digest) -> str:
    return next((move.when for move in reversed(home.layout.moves()) if move.after == digest), _NEVER)
