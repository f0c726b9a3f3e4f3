"""From a value that differs to the words of the Dockerfile that made it differ.

    5  COPY app $DIR/app        reads /srv/app now, and read /opt/app before; its own words are the same,
    2  ARG DIR=/opt             so it is this line, or --build-arg DIR=/srv, that is the cause

A value is followed as long as the words that made it are the same in both builds: through variables made of
variables, and through a WORKDIR that stands on another one.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from pydock_lab.build.explain.facts import facts_of
from pydock_lab.build.explain.variables import Provenance, Setting, Settings
from pydock_lab.build.record import BuildRecord, StepRecord
from pydock_lab.dockerfile import instructions as ins
from pydock_lab.views import Cause, CauseKind, ChangeKind, SetBy, Setter

_KINDS = {SetBy.ARG: CauseKind.ARG, SetBy.GLOBAL_ARG: CauseKind.ARG, SetBy.BUILD_ARG: CauseKind.ARG}
I = TypeVar("I", bound=ins.Instruction)  # noqa: E741

Written = Callable[[Any], object]


@dataclass(frozen=True, kw_only=True)
class Side:
    """A step in one of the two builds, with all that may be asked about it."""

    record: BuildRecord
    provenance: Provenance
    step: StepRecord

    @cached_property
    def facts(self) -> Mapping[str, Any]:
        """The facts of its key."""
        return facts_of(self.step)

    @cached_property
    def instruction(self) -> ins.Instruction | None:
        """The instruction that it came from."""
        return self.provenance.instruction(self.step.stage_index, self.step.line)

    @cached_property
    def settings(self) -> Settings:
        """The variables that it sees; a FROM sees only the global ones."""
        if isinstance(self.instruction, ins.From):
            return self.provenance.globals
        return self.provenance.at(self.step.stage_index, self.step.line)

    @cached_property
    def environment(self) -> Mapping[str, str]:
        """NAME and value of all variables that are in its key."""
        parts = (str(entry).partition("=") for entry in self.facts.get("env", ()))
        return {name: value for name, _, value in parts}

    def value(self, name: str) -> str | None:
        """A variable's value: as it is in the key, else as the Dockerfile says."""
        if name in self.environment:
            return self.environment[name]
        setting = self.settings.get(name)
        return setting.value if setting else None

    @property
    def setter(self) -> Setter:
        """The step itself, as the one who gave a value."""
        return Setter(by=SetBy.INSTRUCTION, line=self.step.line, text=self.step.text)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One step in the earlier and in the later build."""

    old: Side
    new: Side

    def fact(self, name: str) -> tuple[Any, Any]:
        """One fact of both keys, None where there is none."""
        return self.old.facts.get(name), self.new.facts.get(name)

    # ---- variables

    def variable(self, name: str, seen: frozenset[str] = frozenset()) -> Iterator[Cause]:
        """Why a variable has another value: another variable that it is made of, else whoever sets it."""
        old, new = self.old.settings.get(name), self.new.settings.get(name)
        if old and new and _same_words(old, new):
            used = [one for one in sorted(new.uses - seen) if self.old.value(one) != self.new.value(one)]
            if used:
                for one in used:
                    yield from self.variable(one, seen | {name})
                return
        found = new or old
        if found and found.setter.by is SetBy.PLATFORM:
            yield self.platform()
        else:
            yield self._variable_cause(name, found.setter if found else Setter(by=SetBy.BASE))

    def _variable_cause(self, name: str, setter: Setter) -> Cause:
        old, new = self.old.value(name), self.new.value(name)
        change = ChangeKind.ADDED if old is None else ChangeKind.DELETED if new is None else ChangeKind.CHANGED
        kind = _KINDS.get(setter.by, CauseKind.ENV)
        return Cause(kind=kind, name=name, old=old or "", new=new or "", change=change, set_by=setter)

    def variables_in(self, word: str) -> Iterator[Cause]:
        """Why a word that is written the same now means something else."""
        names = self.new.provenance.uses(word, self.new.settings)
        for name in sorted(names):
            if self.old.value(name) != self.new.value(name):
                yield from self.variable(name)

    def platform(self) -> Cause:
        """The platform of the stage, where its FROM says it, or of the whole build."""
        stages = [side.provenance.stage(side.step.stage_index) for side in (self.old, self.new)]
        old, new = ((stage.platform if stage else "") for stage in stages)
        if old != new:
            line = stages[1].lines.first if stages[1] else 0
            setter = Setter(by=SetBy.INSTRUCTION, line=line, text=stages[1].start.code if stages[1] else "")
            return Cause(kind=CauseKind.PLATFORM, old=old, new=new, set_by=setter)
        return Cause(kind=CauseKind.PLATFORM, old=self.old.record.platform, new=self.new.record.platform)

    # ---- words of instructions

    def written(self, words: Written) -> Iterator[Cause]:
        """The variables in these words of the step's own instruction; nothing where the words themselves differ."""
        old, new = self.old.instruction, self.new.instruction
        if old is None or new is None or type(old) is not type(new) or words(old) != words(new):
            return
        yield from dict.fromkeys(cause for word in _flat(words(new)) for cause in self.variables_in(word))

    def governed(self, kind: CauseKind, instruction: type[I], words: Written, *, own: bool = False) -> Iterator[Cause]:
        """Why USER, WORKDIR or SHELL say something else; `own`: the step is that instruction itself."""
        lines = [side.step.line + own for side in (self.old, self.new)]
        while True:
            old, new = (
                side.provenance.last(instruction, side.step.stage_index, line)
                for side, line in zip((self.old, self.new), lines, strict=True)
            )
            if old is None or new is None or words(old) != words(new):
                yield _governed_cause(kind, old, new, words)
                return
            found = [cause for word in _flat(words(new)) for cause in self.variables_in(word)]
            if found or not (isinstance(new, ins.Workdir) and not new.path.startswith("/")):
                yield from found or [_governed_cause(kind, old, new, words)]
                return
            lines = [old.lines.first, new.lines.first]


def _same_words(old: Setting, new: Setting) -> bool:
    return old.setter.by is new.setter.by and old.written is not None and old.written == new.written


def _flat(words: object) -> list[str]:
    return [words] if isinstance(words, str) else [str(word) for word in words if word]  # type: ignore[attr-defined]


def _governed_cause(kind: CauseKind, old: I | None, new: I | None, words: Written) -> Cause:
    found = new or old
    by = Setter(by=SetBy.INSTRUCTION, line=found.lines.first, text=found.code) if found else Setter(by=SetBy.BASE)
    said = [" ".join(_flat(words(one))) if one else "" for one in (old, new)]
    return Cause(kind=kind, old=said[0], new=said[1], set_by=by)
