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


def arguments_near(policy: Policy, name: str) -> Iterator[tuple[int, ...]]:
    """Each value that a rule compares with, one less and one more, in all places; and nothing in any."""
    conditions = [one for rule in policy.rules if name in rule.names for one in rule.conditions]
    near = {0, ALL_BITS}
    for one in conditions:
        near |= {(one.value + step) & ALL_BITS for step in (-1, 0, 1)} | {one.mask, one.value | one.mask, 1 << 40}
    yield from ((value,) * 6 for value in sorted(near))
    yield from ((value, 5, 0, value, 1, 2) for value in sorted(near))


@st.composite
def _conditions(draw: st.DrawFn, *, for_libseccomp: bool) -> Condition:
    argument, value = draw(st.integers(0, 5)), draw(_NUMBERS)
    mask = draw(st.one_of(st.just(ALL_BITS), _NUMBERS))
    if mask == ALL_BITS:
        return Condition(argument=argument, comparison=draw(st.sampled_from(Comparison)), value=value)
    if for_libseccomp:  # it compares masked values for being equal, and has no opinion on bits beside the mask
        return Condition(argument=argument, mask=mask, comparison=Comparison.EQUAL, value=value & mask)
    return Condition(argument=argument, mask=mask, comparison=draw(st.sampled_from(Comparison)), value=value)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy at all."""
    conditions = st.lists(_conditions(for_libseccomp=False), max_size=4).map(tuple)
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
        for _ in range(draw(st.integers(1, 3))):
            drawn = draw(st.lists(_conditions(for_libseccomp=True), max_size=3, unique_by=lambda one: one.argument))
            rules.append(Rule(names=(name,), verdict=verdict, conditions=tuple(drawn)))
    return Policy(rules=tuple(rules), default=default)
