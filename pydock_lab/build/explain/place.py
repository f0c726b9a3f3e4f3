"""A step that should have been kept, in the Dockerfile of one build: what stands before it, and what that says."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

from pydock_lab.build.explain.facts import facts_of
from pydock_lab.build.explain.files import FilesOf
from pydock_lab.build.explain.variables import Provenance
from pydock_lab.build.record import BuildRecord, StepKind, StepRecord
from pydock_lab.dockerfile import instructions as ins


@dataclass(frozen=True, kw_only=True)
class Place:
    """The step to keep in one of the two builds, and `root`, where its miss began (None: not in this build)."""

    record: BuildRecord
    provenance: Provenance
    files: FilesOf
    step: StepRecord
    root: StepRecord | None

    @cached_property
    def commands(self) -> tuple[ins.Instruction, ...]:
        """The instructions of its stage."""
        stage = self.provenance.stage(self.step.stage_index)
        return stage.commands if stage else ()

    @cached_property
    def steps(self) -> Mapping[int, StepRecord]:
        """The steps of its stage, by their lines."""
        return {one.line: one for one in self.record.steps if one.stage_index == self.step.stage_index}

    def between(self, first: int) -> tuple[ins.Instruction, ...]:
        """The instructions from line `first` to the step, itself left out."""
        return tuple(one for one in self.commands if first <= one.lines.first < self.step.line)

    def text(self, instruction: ins.Instruction) -> str:
        """An instruction as it is written, here-documents included."""
        lines = self.record.dockerfile.splitlines()
        return "\n".join(lines[instruction.lines.first - 1 : instruction.lines.last])

    def mentions(self, instruction: ins.Instruction, names: Iterable[str]) -> bool:
        """Whether an instruction writes one of these variables with a dollar."""
        text = self.text(instruction)
        return any(re.search(rf"\$\{{?{re.escape(name)}\b", text) for name in names)


def command_of(step: StepRecord) -> str:
    """What the shell receives of a RUN."""
    facts = facts_of(step)
    return "\n".join(filter(None, [str(next(reversed(facts.get("args") or [""]))), str(facts.get("script") or "")]))


def folder_of(step: StepRecord) -> str:
    """The folder that a RUN works in."""
    return str(facts_of(step).get("cwd") or "/")


def copied(place: Place, step: StepRecord) -> dict[str, str]:
    """Where a COPY of the context puts its files: paths in the image, and the files' own."""
    read = place.files(place.record, step) or {}
    destination = str(facts_of(step).get("destination") or "/")
    return dict(_copied(step, destination, read)) if step.kind in (StepKind.COPY, StepKind.ADD) else {}


def _copied(step: StepRecord, destination: str, read: Iterable[str]) -> Iterator[tuple[str, str]]:
    into = destination.endswith("/") or len(step.sources) > 1
    for source in step.sources:
        top = posixpath.normpath(source.lstrip("/") or ".")
        for path in read:
            if path == top or fnmatchcase(path, top):
                name = posixpath.basename(path) if into else ""
                yield posixpath.normpath(posixpath.join(destination, name)), path
            elif top == "." or path.startswith(f"{top}/"):
                inside = path if top == "." else path[len(top) + 1 :]
                yield posixpath.normpath(posixpath.join(destination, inside)), path
