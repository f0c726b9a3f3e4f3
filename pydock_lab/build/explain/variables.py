"""Who set a variable: the Dockerfile read once more, from its top to the step that saw the value.

1  ARG VERSION=1            a global one, for FROM lines, until a stage declares it again
2  FROM lab/python          may bring variables of its own (set by the base image)
3  ARG VERSION              takes 1 from line 1, or what --build-arg says
4  ENV APP=app-$VERSION     set here, but it *follows* VERSION: where only that one differs, that one is the cause
5  RUN make                 sees both
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, singledispatchmethod
from itertools import takewhile
from typing import TypeVar

from pydock_lab.build.record import BuildRecord
from pydock_lab.dockerfile import instructions as ins
from pydock_lab.dockerfile.expansion import expand
from pydock_lab.dockerfile.platforms import LINUX_AMD64, parse_platform, platform_arguments
from pydock_lab.dockerfile.stages import Dockerfile, Stage, parse
from pydock_lab.errors import PydockError
from pydock_lab.views import SetBy, Setter

I = TypeVar("I", bound=ins.Instruction)  # noqa: E741


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """A variable at some place: its value (None: declared only), who gave it, and what it is made of.

    `written` is the value before variables in it were replaced, `uses` are those variables.
    """

    value: str | None
    setter: Setter
    written: str | None = None
    uses: frozenset[str] = frozenset()


Settings = Mapping[str, Setting]


class Provenance:
    """The Dockerfile of a record, to be asked who set what; without answers where it cannot be read."""

    def __init__(self, record: BuildRecord) -> None:
        self._record = record
        self._timelines: dict[int, list[tuple[int, Settings]]] = {}

    @cached_property
    def _file(self) -> Dockerfile | None:
        try:
            return parse(self._record.dockerfile)
        except PydockError:
            return None

    @cached_property
    def globals(self) -> Settings:
        """The variables that FROM lines see."""
        if self._file is None:
            return {}
        found = dict(self._platform())
        for arg in self._file.meta_args:
            for variable in arg.variables:
                found |= self._declared(variable, arg, found, SetBy.GLOBAL_ARG)
        return found

    def _platform(self) -> Iterator[tuple[str, Setting]]:
        record = self._record
        try:
            target = parse_platform(record.platform) if record.platform else LINUX_AMD64
        except PydockError:
            return
        for name, value in platform_arguments(build=LINUX_AMD64, target=target, stage=record.target).items():
            yield name, self._given(name) or Setting(value=value, setter=Setter(by=SetBy.PLATFORM, text=name))

    def _given(self, name: str) -> Setting | None:
        value = self._record.build_args.get(name)
        if value is None:
            return None
        return Setting(value=value, setter=Setter(by=SetBy.BUILD_ARG, text=f"--build-arg {name}={value}"))

    def _declared(self, variable: ins.Variable, arg: ins.Arg, known: Settings, by: SetBy) -> dict[str, Setting]:
        """What one ARG makes of the variables."""
        name = variable.key
        given = self._given(name)
        if given is None and variable.default is not None:
            given = self._made(variable.default, Setter(by=by, line=arg.lines.first, text=arg.code), known)
        if given is None:
            given = self.globals.get(name) if by is SetBy.ARG else None
        return {} if given is None else {name: given}

    def _made(self, written: str, setter: Setter, known: Settings) -> Setting:
        values = {name: setting.value for name, setting in known.items() if setting.value is not None}
        try:
            found = expand(written, values, self._file.escape if self._file else "\\")
        except PydockError:
            return Setting(value=written, setter=setter, written=written)
        return Setting(value=found.text, setter=setter, written=written, uses=found.matched | found.unmatched)

    # ---- stages

    def stage(self, index: int) -> Stage | None:
        """A stage by its index."""
        stages = self._file.stages if self._file else ()
        return stages[index] if index < len(stages) else None

    def base(self, index: int) -> int | None:
        """The index of the stage that a stage stands on, if it does."""
        stage = self.stage(index)
        if stage is None or self._file is None:
            return None
        name = (self._made(stage.base, Setter(by=SetBy.INSTRUCTION), self.globals).value or "").lower()
        return next((at for at in range(index - 1, -1, -1) if self._file.stages[at].name == name != ""), None)

    def before(self, index: int, line: int) -> Iterator[ins.Instruction]:
        """The instructions in force at a line of a stage: those above it, and those of the stages it stands on."""
        below = self.base(index)
        if below is not None:
            yield from self.before(below, 1 << 31)
        stage = self.stage(index)
        yield from takewhile(lambda one: one.lines.first < line, stage.commands if stage else ())

    def at(self, index: int, line: int) -> Settings:
        """The variables that an instruction at this line of a stage sees, but those of its base image."""
        found: Settings = {}
        for first, settings in self._timeline(index):
            if first >= line:
                break
            found = settings
        return found

    def _timeline(self, index: int) -> list[tuple[int, Settings]]:
        """The variables of a stage behind each line that sets one; those of the stages below stand at line 0."""
        known = self._timelines.get(index)
        if known is None:
            below, stage = self.base(index), self.stage(index)
            start = self._timeline(below)[-1][1] if below is not None else {}
            known = self._timelines[index] = [(0, start)]
            for instruction in stage.commands if stage else ():
                found = self._sets(instruction, known[-1][1])
                if found:
                    known.append((instruction.lines.first, {**known[-1][1], **found}))
        return known

    @singledispatchmethod
    def _sets(self, _instruction: ins.Instruction, _known: Settings) -> Mapping[str, Setting]:
        return {}

    @_sets.register
    def _(self, instruction: ins.Env, known: Settings) -> Mapping[str, Setting]:
        setter = Setter(by=SetBy.ENV, line=instruction.lines.first, text=instruction.code)
        made = ((self._made(pair.key, setter, known).value, pair) for pair in instruction.pairs)
        return {name: self._made(pair.value, setter, known) for name, pair in made if name}

    @_sets.register
    def _(self, instruction: ins.Arg, known: Settings) -> Mapping[str, Setting]:
        found: dict[str, Setting] = {}
        for variable in instruction.variables:
            found |= self._declared(variable, instruction, dict(known) | found, SetBy.ARG)
        return found

    def last(self, kind: type[I], index: int, line: int) -> I | None:
        """The last instruction of this kind that is in force at a line of a stage."""
        return next((one for one in reversed([*self.before(index, line)]) if isinstance(one, kind)), None)

    def instruction(self, index: int, line: int) -> ins.Instruction | None:
        """The instruction at a line of a stage, its FROM included; None where it came from the base (ONBUILD)."""
        stage = self.stage(index)
        candidates = (stage.start, *stage.commands) if stage else ()
        return next((one for one in candidates if one.lines.first == line), None)

    def uses(self, word: str, known: Settings) -> frozenset[str]:
        """The variables that a word is made of."""
        return self._made(word, Setter(by=SetBy.INSTRUCTION), known).uses
