r"""From a policy to a program: a binary search over the numbers of the system calls.

    which way did it come? -- none that we know --> `foreign`
      |
    number >= 217?          neighbours with the same answer are one leaf: what Docker's profile says
     /         \            of x86-64 are some 70 runs, each found with seven or eight questions
    >= 59?      >= 302?
    /  \        /  \        (a question is one instruction: they share their leaves)
  ALLOW  ...  ...   jump to the rules on the arguments of socket(2), which all architectures share

Since Linux 5.11 the kernel asks once, when a program is installed, what it says of each number; where that is ALLOW
whatever the arguments are, it never runs the program for it again. The depth of the tree matters for all others, and
for the time that installing takes.

Source: userspace-api/seccomp_filter.rst of Linux; linux/audit.h.
"""

import errno
import os
from collections.abc import Iterator, Mapping

from pydock_lab.errors import ContainerError, IsolationError
from pydock_lab.linux.seccomp import bpf
from pydock_lab.linux.seccomp.bpf import Code, Instruction, Program
from pydock_lab.linux.seccomp.policy import Policy, Rule, deny
from pydock_lab.linux.syscall_numbers import X32_BIT, Architecture, numbers

# AUDIT_ARCH_*: how a filter is told by which way a call came. x32 comes as x86_64, with a bit in its number.
_AUDIT = {
    Architecture.X86_64: 0xC000_003E,
    Architecture.I386: 0x4000_0003,
    Architecture.AARCH64: 0xC000_00B7,
    Architecture.ARM: 0x4000_0028,
}
# The machines, as uname(2) calls them, and the ways into their kernels.
_WAYS = {
    "x86_64": (Architecture.X86_64, Architecture.I386, Architecture.X32),
    "aarch64": (Architecture.AARCH64, Architecture.ARM),
}

_Outcome = int | tuple[Rule, ...]  # a verdict, or rules that look at the arguments
_Spans = list[tuple[int, _Outcome]]  # from which number on it holds
_GROUP = 128  # spans; a group is as many instructions again for its leaves at most, and no jump in it is too far


def ways(machine: str = "") -> tuple[Architecture, ...]:
    """The ways into the kernel of `machine` (default: this one), its own first; raises IsolationError for others."""
    name = machine or os.uname().machine
    if name not in _WAYS:
        raise IsolationError("linux.seccomp-machine", facet="processes", machine=name, known=", ".join(_WAYS))
    return _WAYS[name]


def own_numbers(names: tuple[str, ...]) -> dict[int, str]:
    """The names of these system calls by their numbers on this machine; empty where there is no table."""
    known = _WAYS.get(os.uname().machine)
    table = numbers(known[0]) if known else {}
    return {table[name]: name for name in names if name in table}


def assemble(policy: Policy, machine: str = "") -> bytes:
    """The BPF program of a policy, 8 bytes an instruction, for `machine` (default: this one).

    Raises IsolationError for a machine without a table, ContainerError where the kernel would refuse the length.
    """
    own, *others = ways(machine)
    outcomes = _outcomes(policy)
    bodies: dict[tuple[Rule, ...], int] = {}
    program = [Instruction(Code.RETURN, policy.foreign)]
    # Built from its end: the machine's own way is the first that is asked for.
    for way in reversed([own, *[one for one in others if one in policy.also and one in _AUDIT]]):
        spans = _spans(numbers(way), outcomes, policy)
        if way is Architecture.X86_64:
            spans += _x32_spans(outcomes, policy)
        section = [Instruction(Code.LOAD, bpf.NUMBER), *_search(spans, bodies)]
        program = bpf.branch(Code.JUMP_EQUAL, _AUDIT[way], section, program)
    # The way comes before any number: 59 is execve by that of x86-64, oldolduname by that of i386, where execve is 11.
    program = _attach(bodies, [Instruction(Code.LOAD, bpf.ARCHITECTURE), *program], policy.default)
    if len(program) > bpf.MOST:
        raise ContainerError("linux.seccomp-length", count=len(program), most=bpf.MOST)
    return bpf.pack(program)


def _outcomes(policy: Policy) -> dict[str, _Outcome]:
    """What becomes of each call that the rules speak of, by its name."""
    chains: dict[str, list[Rule]] = {}
    for rule in policy.rules:
        for name in rule.names:
            chain = chains.setdefault(name, [])
            if not chain or chain[-1].conditions:  # behind a rule that always fits, none is asked
                chain.append(rule)
    return {name: tuple(chain) if chain[0].conditions else chain[0].verdict for name, chain in chains.items()}


def _spans(table: Mapping[str, int], outcomes: Mapping[str, _Outcome], policy: Policy, first: int = 0) -> _Spans:
    """The runs of numbers with one outcome, from `first` on without a gap."""
    spans: _Spans = []

    def add(start: int, outcome: _Outcome) -> None:
        if not spans or spans[-1][1] != outcome:
            spans.append((start, outcome))

    free = first
    for number, name in sorted((table[name], name) for name in outcomes.keys() & table.keys()):
        if number > free:
            add(free, policy.default)
        add(number, outcomes[name])
        free = number + 1
    add(free, policy.default if policy.newer is None else policy.newer)
    return spans


def _x32_spans(outcomes: Mapping[str, _Outcome], policy: Policy) -> _Spans:
    if Architecture.X32 in policy.also:
        return _spans(numbers(Architecture.X32), outcomes, policy, X32_BIT)
    # The same calls of the kernel under other numbers: a way around every rule.
    return [(X32_BIT, deny(errno.EPERM))]


def _search(spans: _Spans, bodies: dict[tuple[Rule, ...], int]) -> Program:
    """Find the span of the number in the register. A jump with a negative value waits for `_attach`."""
    if len(spans) > _GROUP:
        middle = len(spans) // 2
        lower, upper = _search(spans[:middle], bodies), _search(spans[middle:], bodies)
        return bpf.branch(Code.JUMP_GREATER_OR_EQUAL, spans[middle][0], upper, lower)
    found = dict.fromkeys(outcome for _, outcome in spans)
    leaves = {outcome: place for place, outcome in enumerate(found, len(spans) - 1)}
    return [*_questions(spans, leaves), *(_leaf(one, bodies) for one in leaves)]


def _questions(spans: _Spans, leaves: Mapping[_Outcome, int], place: int = 0) -> Iterator[Instruction]:
    """The questions of a group, from `place` in it on: each leads to the next two, or to leaves, which all share."""
    if len(spans) == 1:
        return
    middle = len(spans) // 2
    lower, upper, behind = spans[:middle], spans[middle:], place + 1
    if_lower = leaves[lower[0][1]] - behind if len(lower) == 1 else 0
    if_upper = leaves[upper[0][1]] - behind if len(upper) == 1 else len(lower) - 1
    yield Instruction(Code.JUMP_GREATER_OR_EQUAL, upper[0][0], if_upper, if_lower)
    yield from _questions(lower, leaves, behind)
    yield from _questions(upper, leaves, place + len(lower))


def _leaf(outcome: _Outcome, bodies: dict[tuple[Rule, ...], int]) -> Instruction:
    if isinstance(outcome, int):
        return Instruction(Code.RETURN, outcome)
    return Instruction(Code.JUMP, -1 - bodies.setdefault(outcome, len(bodies)))


def _attach(bodies: Mapping[tuple[Rule, ...], int], program: Program, default: int) -> Program:
    """Put the rules on arguments behind the program, and lead the jumps that wait for them there."""
    starts: list[int] = []
    whole = list(program)
    for rules in bodies:
        starts.append(len(whole))
        whole += bpf.judge_arguments(rules, default)
    for place, one in enumerate(program):
        if one.value < 0:
            whole[place] = Instruction(Code.JUMP, starts[-1 - one.value] - place - 1)
    return whole
