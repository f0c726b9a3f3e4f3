"""What a name means after FROM, `--from=` and `--mount=from=`: a stage, an image, or what --build-context says.

                       FROM x      COPY --from=x    RUN --mount=from=x
    context called x   first       first            first
    stage called x     an earlier one, in small letters; any one, in any case
    number             -           that stage       -
    image x            else        else             else

COPY and mounts find stages further down too, which is an error of its own and not the name of an image.
Source: the behaviour of BuildKit; buildx's documentation, "--build-context".
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from pydock_lab.build.places import placed
from pydock_lab.build.steps import NamedContext, Origin
from pydock_lab.dockerfile.expansion import expand
from pydock_lab.dockerfile.instructions import Copy, Instruction, Run
from pydock_lab.dockerfile.positions import LineRange
from pydock_lab.dockerfile.scalars import fields
from pydock_lab.errors import BuildError, InvalidReference
from pydock_lab.oci import Reference

SCRATCH = "scratch"
_UNNAMED = ("scratch", "context")  # what these two mean cannot be changed
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")
_IMAGE = "docker-image://"
_LAYOUT = "oci-layout://"
_TARGET = "target:"


class Names:
    """The names of one Dockerfile: those of its `stages` ("" for one without), and of `contexts`."""

    def __init__(self, stages: Iterable[str], contexts: Mapping[str, str]) -> None:
        self._stages = tuple(stages)
        self._latest = {name: index for index, name in enumerate(self._stages) if name}
        self._contexts = {_familiar(name): name for name in contexts}
        self._said = contexts

    def title(self, index: int) -> str:
        """How people call a stage: its name, or `stage-1`."""
        return self._stages[index] or f"stage-{index}"

    def replaced(self, index: int) -> Origin:
        """What stands in the place of a whole stage, None for one that is built."""
        return self.context(self._stages[index]) if self._stages[index] else None

    def base(self, name: str, index: int) -> Origin:
        """What the FROM of the stage `index` stands on, `scratch` being an image of no files."""
        for before in range(index - 1, -1, -1):
            if self._stages[before] == name and name:
                return before
        return self._context_or_image(name)

    def copied(self, name: str) -> Origin:
        """What COPY takes files from; raises BuildError for a number that no stage has."""
        if not _NUMBER.fullmatch(name):
            return self.mounted(name)
        if not 0 <= int(name) < len(self._stages):
            raise BuildError("build.stage-index", index=int(name))
        return int(name)

    def mounted(self, name: str) -> Origin:
        """What a mount shows; None, the build context, where no name is given."""
        if not name:
            return None
        found = self.stage(name)
        return self._context_or_image(name) if found is None else found

    def _context_or_image(self, name: str) -> Origin:
        found = self.context(name)
        return name if found is None else found

    def stage(self, name: str) -> int | None:
        """The last stage of that name, in any case."""
        return self._latest.get(name.lower())

    def context(self, name: str) -> Origin:
        """What --build-context says of a name, None where it says nothing; raises BuildError for an unknown stage."""
        known = self._contexts.get(_familiar(name))
        if known is None or name.lower() in _UNNAMED:
            return None
        said = self._said[known]
        if said.startswith(_LAYOUT):
            return said
        if said.startswith(_IMAGE):
            return said.removeprefix(_IMAGE)
        if not said.startswith(_TARGET):
            return NamedContext(known)
        target = self.stage(said.removeprefix(_TARGET))
        if target is None:
            raise BuildError("build.context-target", name=known, target=said.removeprefix(_TARGET))
        return target


def _familiar(name: str) -> str:
    """A name as people write it, so that `docker.io/library/alpine:latest` is `alpine`."""
    try:
        return Reference.parse(name).familiar.removesuffix(":latest")
    except InvalidReference:
        return name


def origins(command: Instruction, names: Names) -> Iterator[Origin]:
    """Where an instruction takes files from, the build context left out; raises DockerfileError and BuildError.

    These names take no variables, so they are known before anything else is.
    """
    if isinstance(command, Copy) and command.origin:
        if expand(command.origin, {}).text != command.origin:
            raise BuildError("build.from-variable", name=command.origin)
        yield names.copied(command.origin)
    elif isinstance(command, Run):
        found = (part.partition("=") for text in command.mounts for part in fields(text, what="mounts"))
        yield from (names.mounted(value) for key, _, value in found if key.lower() == "from" and value)


def check_cycles(needs: Iterable[Mapping[int, LineRange]], names: Names) -> None:
    """Raises BuildError where stages need each other; `needs` has for each the others, and where it says so."""
    graph = tuple(needs)
    done = set[int]()
    for start in range(len(graph)):
        # One entry a stage on the way: what it needs and nobody has looked at yet.
        way = {start: iter(graph[start].items())} if start not in done else {}
        first: LineRange | None = None
        while way:
            here = next(reversed(way))
            done.add(here)
            step = next(way[here], None)
            if step is None:
                del way[here]
                continue
            other, lines = step
            first = lines if here == start else first
            if other in way:
                with placed(first or lines):
                    raise BuildError("build.circular", stage=names.title(start))
            elif other not in done:
                way[other] = iter(graph[other].items())
