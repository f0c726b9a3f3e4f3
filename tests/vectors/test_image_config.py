"""image_config.json: the config and the history that a Dockerfile gives, base images being made up."""

from vectors.made_up_images import Images, options

from pydock_lab.build.plan import plan
from pydock_lab.build.steps import ConfigStep
from pydock_lab.dockerfile.stages import parse


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
    found = plan(parse(given["dockerfile"]), options(given), Images(given.get("base_images", {})))
    final = found.stage(found.target)
    assert final.config.to_json() == image.get("config", {})
    assert history(found, found.target) == (image.get("history") or [])
    assert final.author == image.get("author", "")


def test_image_config(every_case):
    every_case("dockerfile/image_config", check)
