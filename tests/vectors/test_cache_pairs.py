"""cache_pairs.json: a Dockerfile and what became of it, both built for real; and what `--predict` says in between.

The commands of the cases (`RUN a`, `RUN build`) are scripts in their base images. They write every path that a COPY
takes from a stage, always with the same bytes: so a step that is keyed by content hits.
"""

import re
from pathlib import Path

import pytest
from samples.base_images import busybox_tar
from vectors.real_builds import Asked, asked_images, take_images, write_context

from pydock_lab.build.plan import PlanOptions, plan
from pydock_lab.dockerfile.instructions import Copy, Run
from pydock_lab.dockerfile.platforms import parse_platform
from pydock_lab.dockerfile.stages import parse
from pydock_lab.engine.face import Engine
from pydock_lab.engine.options import BuildOptions, SecretSource
from pydock_lab.views import Outcome

WORD = re.compile(r"[a-z][a-z0-9]*")
SHELL = {"sh", "cat", "ls", "echo", "true"}


def scripts(texts):
    """A script for every word of the commands."""
    commands = [one for text in texts for stage in parse(text).stages for one in stage.commands]
    copied = {path for one in commands if isinstance(one, Copy) and one.origin for path in one.sources}
    lines = [part for one in commands if isinstance(one, Run) for part in (one.code, *_bodies(one))]
    words = {word for line in lines for word in WORD.findall(line)}
    body = "".join(f"mkdir -p $(dirname {path}); echo same > {path}\n" for path in sorted(copied))
    return dict.fromkeys(words - SHELL, f"#!/bin/sh\n{body}")


def _bodies(run):
    return [heredoc.content for heredoc in run.command.heredocs]


def sources(texts):
    """A file for every path of the context that is copied or mounted."""
    commands = [one for text in texts for stage in parse(text).stages for one in stage.commands]
    copied = {path for one in commands if isinstance(one, Copy) and not one.origin for path in one.sources}
    mounted = {path for one in commands if isinstance(one, Run) for path in re.findall("source=([^, ]+)", one.code)}
    plain = {path.removeprefix("./") for path in copied | mounted} - {"."}
    return {path: f"what is in {path}" for path in plain if not set(path) & set("*?[")}


def _step(view, number):
    return next(step for step in view.steps if step.number == number)


class Pair:
    """One case in a store of its own."""

    def __init__(self, case, folder: Path):
        self.case, self.context = case, folder / "context"
        self.texts = [case.input[when]["dockerfile"] for when in ("before", "after")]
        self.engine = Engine(folder / "home")
        self.context.mkdir(parents=True)
        write_context(self.context, sources(self.texts))
        (folder / "secret").write_text("s")
        self.secret = folder / "secret"

    def options(self, when) -> BuildOptions:
        said = self.case.input[when]
        images = asked_images(said["dockerfile"], build_args=said.get("build_args", {}))
        users = "".join(f"{name}:x:{90 + number}:{90 + number}::/:/bin/sh\n" for number, name in enumerate("abuv"))
        platform = said.get("platform", "")
        for image in images:
            files = {"etc/release": f"{image} {platform}", "etc/passwd": f"root:x:0:0::/:/bin/sh\n{users}"}
            files["etc/group"] = re.sub(r"(\w+):x:\d+:(\d+).*", r"\1:x:\2:", files["etc/passwd"])
            tar = busybox_tar(scripts(self.texts), files)
            take_images(self.engine, [image], tar, configs=said.get("images"), platform=platform)
        names = set(re.findall(r"id=(\w+)", said["dockerfile"]))
        return BuildOptions(
            dockerfile=said["dockerfile"],
            context=self.context,
            build_args=said.get("build_args", {}),
            network=said.get("network", "default"),
            platform=platform,
            secrets=tuple(SecretSource(id=name, path=self.secret) for name in sorted(names)),
        )

    def check(self):
        self.engine.full.build(self.options("before"))
        after = self.options("after")
        predicted = self.engine.full.predict(after)
        self.engine.full.build(after)
        real, numbers = self.engine.full.explain(), self.numbers()
        for expect in self.case.expect["steps"]:
            # Steps of BuildKit's own making: here they are a part of the COPY.
            if not expect["step"].startswith(("LINK ", "preparing inline")):
                number = numbers[expect["step"]]
                self.check_step(expect, _step(predicted, number), _step(real, number))

    def check_step(self, expect, thought, found):
        text = expect["step"]
        missed = {"hit": Outcome.CACHED, "miss": Outcome.MISSED}
        if expect["result"] == "content":
            wanted = Outcome.MISSED if "<<" in text else Outcome.CACHED
            assert found.outcome is wanted, f"{text}: built"
            assert thought.outcome in (wanted, Outcome.UNKNOWN), f"{text}: predicted"
            return
        assert found.outcome is missed[expect["result"]], f"{text}: built"
        assert thought.outcome is missed[expect["result"]], f"{text}: predicted"

    def numbers(self):
        """The number of each step by its label, without `[build 2/4]`."""
        said = self.case.input["after"]
        options = PlanOptions(
            build_args=said.get("build_args", {}), platform=parse_platform(said.get("platform", "linux/amd64"))
        )
        found, number = {}, 0
        for stage in plan(parse(said["dockerfile"]), options, Asked()).stages:
            number += 1
            for step in stage.steps:
                number += 1
                # Behind a here-document the label goes on with its first words.
                found[re.sub(r"(<<\S+) \(.*", r"\1", step.label.partition("] ")[2])] = number
        return found


@pytest.mark.usefixtures("containers")
def test_pairs(every_case, tmp_path):
    numbers = iter(range(10_000))
    every_case("dockerfile/cache_pairs", lambda case: Pair(case, tmp_path / str(next(numbers))).check())
