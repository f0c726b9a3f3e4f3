"""Random policies, the answer that follows from their rules, and arguments that stand near their borders."""

from collections.abc import Iterator

from hypothesis import strategies as st

from pydock_lab.linux.seccomp import ALLOW, Comparison, Condition, Policy, Rule, Verdict, deny
from pydock_lab.linux.seccomp.policy import ALL_BITS

NAMES = ("read", "write", "openat", "mount", "unshare", "clone", "statx", "futex", "prctl", "keyctl", "bpf", "getpid")
VERDICTS = (ALLOW, deny(0), deny(1), deny(38), Verdict.KILL_PROCESS, Verdict.LOG, Verdict.TRACE | 7)
# Borders of the two halves that a comparison is made of.
_NUMBERS = st.one_of(
    st.sampled_from([0, 1, 2**31, 2**32 - 1, 2**32, 2**32 + 1, 2**63, ALL_BITS]),
    st.integers(0, 70),
    st.integers(0, ALL_BITS),
)


def holds(condition: Condition, argument: int) -> bool:
    masked, value = argument & condition.mask, condition.value
    answers = {
        Comparison.EQUAL: masked == value,
        Comparison.NOT_EQUAL: masked != value,
        Comparison.LESS: masked < value,
        Comparison.LESS_OR_EQUAL: masked <= value,
        Comparison.GREATER: masked > value,
        Comparison.GREATER_OR_EQUAL: masked >= value,
    }
    return answers[condition.comparison]


def expected(policy: Policy, name: str, arguments: tuple[int, ...]) -> int:
    for rule in policy.rules:
        if name in rule.names and all(holds(one, arguments[one.argument]) for one in rule.conditions):
            return rule.verdict
    return policy.default


def mentioned(policy: Policy) -> list[str]:
    """The calls that the rules speak of, and one that they do not."""
    return [*sorted({name for rule in policy.rules for name in rule.names}), "reboot"]


def arguments_near(policy: Policy, name: str) -> Iterator[tuple[int, ...]]:
    """Each value that a rule compares with, one less and one more, in all places; and nothing in any."""
    conditions = [one for rule in policy.rules if name in rule.names for one in rule.conditions]
    near = {0, ALL_BITS}
    for one in conditions:
        near |= {(one.value + step) & ALL_BITS for step in (-1, 0, 1)} | {one.mask, one.value | one.mask, 1 << 40}
    yield from ((value,) * 6 for value in sorted(near))
    yield from ((value, 5, 0, value, 1, 2) for value in sorted(near))


@st.composite
def _conditions(draw: st.DrawFn) -> Condition:
    mask, value = draw(st.one_of(st.just(ALL_BITS), _NUMBERS)), draw(_NUMBERS)
    comparison = draw(st.sampled_from(Comparison))
    return Condition(argument=draw(st.integers(0, 5)), mask=mask, comparison=comparison, value=value)


@st.composite
def _agreed_conditions(draw: st.DrawFn, *, alone: bool) -> Condition:
    """What libseccomp can express; of several rules on a call, which is right: it mixes up two inequalities.

    (Version 2.5.4 finds that 1 is not less than 2**32 where another rule says "less than 0".)
    """
    mask, value = draw(st.one_of(st.just(ALL_BITS), _NUMBERS)), draw(_NUMBERS)
    comparison = draw(st.sampled_from(Comparison)) if alone and mask == ALL_BITS else Comparison.EQUAL
    return Condition(argument=draw(st.integers(0, 5)), mask=mask, comparison=comparison, value=value & mask)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy at all."""
    conditions = st.lists(_conditions(), max_size=4).map(tuple)
    names = st.lists(st.sampled_from(NAMES), min_size=1, max_size=5).map(tuple)
    rule = st.builds(Rule, names=names, verdict=st.sampled_from(VERDICTS), conditions=conditions)
    rules = draw(st.lists(rule, max_size=12))
    return Policy(rules=tuple(rules), default=draw(st.sampled_from(VERDICTS)))


@st.composite
def agreed_policies(draw: st.DrawFn) -> Policy:
    """Policies that mean the same to libseccomp: one verdict a call, and not the default one."""
    default = draw(st.sampled_from(VERDICTS))
    rules = []
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=6)):
        verdict = draw(st.sampled_from([one for one in VERDICTS if one != default]))
        count = draw(st.integers(1, 3))
        condition = _agreed_conditions(alone=count == 1)
        for _ in range(count):
            drawn = draw(st.lists(condition, max_size=3, unique_by=lambda one: one.argument))
            rules.append(Rule(names=(name,), verdict=verdict, conditions=tuple(drawn)))
    return Policy(rules=tuple(rules), default=default)
