"""image_config.json: the config and the history that a Dockerfile gives, base images being made up."""

import json

from pydock_lab.build.plan import PlanOptions, plan
from pydock_lab.build.steps import ConfigStep
from pydock_lab.dockerfile.platforms import LINUX_AMD64, parse_platform
from pydock_lab.dockerfile.stages import parse
from pydock_lab.oci import ContainerConfig, ImageConfig, Reference

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Images:
    """The base images of a case; every other name is an image with a PATH and one layer."""

    def __init__(self, known):
        self.known = known

    def config(self, name, _platform):
        reference = str(Reference.parse(name))
        if reference in self.known:
            return ImageConfig.from_bytes(json.dumps(self.known[reference]).encode())
        return ImageConfig(platform=LINUX_AMD64, config=ContainerConfig(env=(PATH,)))


def history(found, index):
    stage = found.stage(index)
    below = stage.base
    before = history(found, below) if isinstance(below, int) else [one.to_json() for one in stage.base_config.history]
    return before + [entry(step) for step in stage.steps if step.created_by]


def entry(step):
    empty = {"empty_layer": True} if isinstance(step, ConfigStep) else {}
    return {"comment": "buildkit.dockerfile.v0", "created_by": step.created_by} | empty


def check(case):
    given, image = case.input, case.expect["image"]
    options = PlanOptions(
        build_args=given.get("build_args", {}),
        labels=given.get("labels", {}),
        target=given.get("target", ""),
        platform=parse_platform(given.get("platform", "linux/amd64")),
    )
    found = plan(parse(given["dockerfile"]), options, Images(given.get("base_images", {})))
    final = found.stage(found.target)
    assert final.config.to_json() == image.get("config", {})
    assert history(found, found.target) == (image.get("history") or [])
    assert final.author == image.get("author", "")


def test_image_config(every_case):
    every_case("dockerfile/image_config", check)
