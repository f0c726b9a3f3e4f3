"""Base images of the vectors: those that a case describes; every other name is an image with a PATH and one layer."""

import json

from pydock_lab.build.plan import PlanOptions
from pydock_lab.dockerfile.platforms import LINUX_AMD64, parse_platform
from pydock_lab.oci import ContainerConfig, Digest, ImageConfig, Reference

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Images:
    """What `plan` asks for configurations."""

    def __init__(self, known):
        self.known = known

    def config(self, name, _platform):
        reference = str(Reference.parse(name))
        if reference in self.known:
            return ImageConfig.from_bytes(json.dumps(self.known[reference]).encode())
        return ImageConfig(
            platform=LINUX_AMD64,
            config=ContainerConfig(env=(PATH,)),
            diff_ids=(Digest.of(reference.encode()),),
        )


def options(given):
    """The options of a build that a case's input holds."""
    return PlanOptions(
        build_args=given.get("build_args", {}),
        labels=given.get("labels", {}),
        target=given.get("target", ""),
        platform=parse_platform(given.get("platform", "linux/amd64")),
    )
