"""`docker build --metadata-file`: what came of a build, for programs, with BuildKit's keys.

Source: Docker's documentation, "docker buildx build --metadata-file".
"""

import json

from pydock_lab.engine.options import BuildOptions
from pydock_lab.engine.results import BuildResult
from pydock_lab.oci import Reference

BUILDER = "pydock/local"  # builder and node, as a build's reference names them
_NO_IMAGE = ("local", "tar", "cacheonly")


def build_reference(build: str) -> str:
    """How a build is referred to."""
    return f"{BUILDER}/{build}"


def metadata(options: BuildOptions, result: BuildResult) -> str:
    """The document; of an image only where the build gave one."""
    found: dict[str, object] = {"buildx.build.ref": build_reference(result.build)}
    if not options.outputs or options.push or any(output.kind not in _NO_IMAGE for output in options.outputs):
        details = result.image.details
        content = details.manifest.to_bytes()
        platform = details.config.platform
        found |= {
            "containerimage.config.digest": str(details.image_id),
            "containerimage.descriptor": {
                "mediaType": str(details.manifest.media_type),
                "digest": str(details.digest),
                "size": len(content),
                "platform": {"architecture": platform.architecture, "os": platform.os}
                | ({"variant": platform.variant} if platform.variant else {}),
            },
            "containerimage.digest": str(details.digest),
        }
        names = dict.fromkeys((*options.tags, *(name for output in options.outputs for name in output.names)))
        if names:
            found["image.name"] = ",".join(str(Reference.parse(name)) for name in names)
    return json.dumps(dict(sorted(found.items())), indent=2) + "\n"
