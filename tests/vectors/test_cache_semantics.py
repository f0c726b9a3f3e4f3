"""cache_semantics.json: builds one after the other, with a change of files, Dockerfile or arguments in between."""

import re

import pytest
from samples.web import serving_files
from vectors.real_builds import asked_images, take_images, write_context

from pydock_lab.engine.face import Engine
from pydock_lab.engine.options import BuildOptions
from pydock_lab.errors import PydockError
from pydock_lab.views import Outcome

SAID = re.compile(r'(?:stage "(?P<stage>\w+)" )?(?P<step>[A-Z]+)-(?P<result>hit|miss)(?P<fails>.*fails)?')
OUTCOMES = {"hit": Outcome.CACHED, "miss": Outcome.MISSED}


def check_step(engine, said, stage):
    steps = [step for step in engine.full.explain().steps if not stage or step.stage == stage]
    found = [step for step in steps if step.text.upper().startswith(said["step"]) and step.outcome is not Outcome.NONE]
    assert OUTCOMES[said["result"]] in {step.outcome for step in found}, said


class Builds:
    """The builds of one case."""

    def __init__(self, folder, server):
        self.engine, self.context, self.server = Engine(folder / "home"), folder / "context", server
        self.context.mkdir(parents=True)
        self.images: list[str] = []

    def do(self, step, dockerfile):
        write_context(self.context, step.get("context", {}) | step.get("change", {}))
        for old, new in step.get("rename", {}).items():
            (self.context / old).rename(self.context / new)
        text = step.get("dockerfile", dockerfile).replace("SERVER", self.server)
        if not self.images:
            take_images(self.engine, asked_images(text))
        options = BuildOptions(dockerfile=text, context=self.context, build_args=step.get("build_args", {}))
        said = SAID.match(step["expect"])
        try:
            self.images.append(self.engine.full.build(options).image.id)
        except PydockError:
            assert said, step["expect"]
            assert said["fails"]
        if said:
            check_step(self.engine, said, said["stage"])
        elif len(self.images) > 1:
            # Nothing but words in the configuration: the same image, or another one.
            assert (self.images[-1] == self.images[0]) == (step["expect"] == "hit")


@pytest.mark.usefixtures("containers")
def test_sequences(every_case, tmp_path):
    numbers = iter(range(10_000))
    with serving_files({"robots.txt": "robots", "index.html": "<html>"}) as server:

        def check(case):
            builds = Builds(tmp_path / str(next(numbers)), server)
            for step in case.input["steps"]:
                assert step["do"] == "build"
                builds.do(step, case.input["dockerfile"])

        every_case("dockerfile/cache_semantics", check)
