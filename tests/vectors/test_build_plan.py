"""build_plan.json: the operations that a build consists of."""

import json

from vectors.made_up_images import Images, options
from vectors.plan_graph import Graph

from pydock_lab.build.plan import plan
from pydock_lab.dockerfile.stages import parse


def read(nodes):
    """The expected nodes; followpaths is a JSON text inside the JSON."""
    for node in nodes:
        attributes = node.get("source", {}).get("attrs", {})
        if "local.followpaths" in attributes:
            attributes["local.followpaths"] = json.loads(attributes["local.followpaths"])
    return nodes


def check(case):
    given = case.input
    found = plan(parse(given["dockerfile"]), options(given), Images(given.get("base_images", {})))
    assert Graph(found).document() == read(case.expect["plan"])


def test_build_plan(every_case):
    every_case("dockerfile/build_plan", check)
