"""One stage from its first instruction to its last: what each sees, and what it leaves to the next."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydock_lab.dockerfile import instructions as ins
from pydock_lab.dockerfile.expansion import Expansion, Mode, expand
from pydock_lab.dockerfile.git_reference import find_git_reference
from pydock_lab.dockerfile.mounts import parse_mount
from pydock_lab.dockerfile.ports import parse_ports
from pydock_lab.dockerfile.positions import located
from pydock_lab.dockerfile.survey.scope import Scope
from pydock_lab.dockerfile.survey.sights import (
    ArgumentSeen,
    InstructionSeen,
    MountSeen,
    PortSeen,
    Sight,
    SourceSeen,
    WordSeen,
)
from pydock_lab.dockerfile.survey.words import values
from pydock_lab.errors import DockerfileError

_ONCE = (ins.Cmd, ins.Entrypoint, ins.Healthcheck)
_PORT_ITSELF = ("dockerfile.port-missing", "dockerfile.port-protocol")
_ADDRESSES = ("http://", "https://")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What is the same for all instructions of a stage: `origin` of a COPY is None for the build context."""

    escape: str
    build_args: Mapping[str, str]
    global_values: Mapping[str, str]
    check_origin: Callable[[ins.Copy], None]


def walk(commands: Iterable[ins.Instruction], scope: Scope, reading: Reading) -> Iterator[Sight]:
    """The sights of some instructions; `scope` is changed as they say. Raises DockerfileError."""
    for command in commands:
        with located(command.lines):
            yield from _Step(command, scope, reading).sights()


class _Step:
    """One instruction while its words are read."""

    def __init__(self, instruction: ins.Instruction, scope: Scope, reading: Reading) -> None:
        self._instruction, self._scope, self._reading = instruction, scope, reading
        self._read: list[Expansion] = []

    def _expand(self, word: str, mode: Mode = Mode.VALUE) -> str:
        # A here-document has its own escape, whatever the file's is.
        escape = "\\" if mode is Mode.PLAIN_QUOTES else self._reading.escape
        found = expand(word, self._scope.env, escape, mode)
        self._read.append(found)
        return found.text

    def _words(self) -> Iterator[Sight]:
        """What was read since the last time."""
        for found in self._read:
            yield WordSeen(instruction=self._instruction, scope=self._scope, expansion=found)
        self._read.clear()

    def sights(self) -> Iterator[Sight]:
        """What there is to see, up to the first mistake."""
        try:
            found = self._values()
        except DockerfileError:
            yield from self._words()
            raise
        yield from self._words()
        instruction, scope = self._instruction, self._scope
        match instruction:
            case ins.Expose():
                yield from self._ports(instruction)
            case ins.Run():
                yield from self._mounts(instruction)
            case ins.Transfer():
                yield from self._sources(instruction, found)
            case ins.Volume() if not all(found):
                raise DockerfileError("dockerfile.volume-empty")
        yield InstructionSeen(instruction=instruction, scope=scope, values=found)
        if isinstance(instruction, ins.Arg):
            yield from self._arguments(instruction)
        else:
            _apply(instruction, found, scope)

    def _values(self) -> tuple[str, ...]:
        if isinstance(self._instruction, ins.Run):
            for mount in self._instruction.mounts:
                parse_mount(mount, self._expand)
        return values(self._instruction, self._expand)

    def _mounts(self, instruction: ins.Run) -> Iterator[Sight]:
        for text in instruction.mounts:
            # Read once more: its words have been told, and are dropped below.
            mount = parse_mount(text, self._expand)
            yield MountSeen(instruction=instruction, scope=self._scope, mount=mount)
        self._read.clear()

    def _ports(self, instruction: ins.Expose) -> Iterator[Sight]:
        # Here nobody looks whether the variables are there.
        texts = [expand(port, self._scope.env, self._reading.escape).words for port in instruction.ports]
        for port in (word for text in texts for word in text):
            seen = PortSeen(instruction=instruction, scope=self._scope, port=port)
            try:
                parse_ports([port])
            except DockerfileError as error:
                if error.key not in _PORT_ITSELF:
                    yield seen
                raise
            yield seen

    def _sources(self, instruction: ins.Transfer, sources: tuple[str, ...]) -> Iterator[Sight]:
        if isinstance(instruction, ins.Copy) and instruction.origin:
            self._reading.check_origin(instruction)
            return
        for source in sources:
            if find_git_reference(source) is None and not source.startswith(_ADDRESSES):
                yield SourceSeen(instruction=instruction, scope=self._scope, path=source)

    def _arguments(self, instruction: ins.Arg) -> Iterator[Sight]:
        """Each ARG of a line sees those before it."""
        for variable in instruction.variables:
            value, is_inherited = self._reading.build_args.get(variable.key), False
            if value is None and variable.default is not None:
                value = yield from self._default(variable.default)
            elif value is None:
                value = self._reading.global_values.get(variable.key)
                is_inherited = value is not None
            yield ArgumentSeen(
                instruction=instruction, scope=self._scope, variable=variable, value=value, is_inherited=is_inherited
            )
            if value is not None:
                self._scope.set(variable.key, value)
            self._scope.declared.add(variable.key)

    def _default(self, word: str) -> Generator[Sight, None, str]:
        text = self._expand(word)
        yield from self._words()
        return text


def _apply(instruction: ins.Instruction, found: tuple[str, ...], scope: Scope) -> None:
    match instruction:
        case ins.Env():
            for name, value in zip(found[::2], found[1::2], strict=True):
                scope.set(name, value)
        case ins.Workdir():
            scope.has_workdir = True
        case ins.Shell():
            scope.has_shell = True
    if isinstance(instruction, _ONCE):
        scope.earlier[type(instruction)] = instruction.lines
