"""Which step of a build is which of an earlier one: by what they say, in order; then those that changed places.

    before            after
    FROM base         FROM base          the same
    COPY a /a    .--- RUN make           changed places: it is the same step, above another one
    RUN make  ---'    COPY a /a          the same
                      RUN new            new

The pairs are those that keep their order and agree in most (an alignment as `diff` makes it): a step that says
exactly the same counts more than any number that are only alike. Alike are those of one kind; what they stand on does
not count, for that would make all steps behind a changed one different.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile

from pydock_lab.build.explain.facts import facts_of, own_facts
from pydock_lab.build.record import BuildRecord, StepKind, StepRecord

_SAME = 1000.0  # more than all that are only alike can give together
_ALIKE = 1.0
_KINDS = {StepKind.ADD: StepKind.COPY}  # ADD may become COPY, and is then changed


@dataclass(frozen=True, kw_only=True, slots=True)
class Alignment:
    """Steps by their numbers: `was` from the later build to the earlier; `moved` are those that changed places."""

    was: Mapping[int, StepRecord]
    moved: frozenset[int]
    removed: tuple[StepRecord, ...]


def align(before: BuildRecord, after: BuildRecord) -> Alignment:
    """The steps with a key of both builds; those that only change the configuration are in no key of their own."""
    was: dict[int, StepRecord] = {}
    moved: set[int] = set()
    removed: list[StepRecord] = []
    pairs = stage_pairs(before, after)
    for index in sorted({step.stage_index for step in before.steps}):
        theirs = _keyed(before, index)
        ours = _keyed(after, next((new for new, old in pairs.items() if old == index), -1))
        found = _in_order(theirs, ours)
        was |= {new.number: old for old, new in found}
        for old, new in _elsewhere(theirs, ours, found):
            was[new.number] = old
            moved.add(new.number)
        matched = {old.number for old in was.values()}
        removed += [step for step in theirs if step.number not in matched]
    return Alignment(was=was, moved=frozenset(moved), removed=tuple(removed))


def stage_pairs(before: BuildRecord, after: BuildRecord) -> Mapping[int, int]:
    """The stages of the later build and which they were: by name, else those left over that say most alike."""
    ours, theirs = _titles(after), _titles(before)
    by_name = {title: index for index, title in theirs.items()}
    pairs = {index: by_name[title] for index, title in ours.items() if title in by_name and not _unnamed(title, index)}
    chances = [
        (_likeness(before, old, after, new), old == new, new, old)
        for new in ours.keys() - pairs.keys()
        for old in theirs.keys() - pairs.values()
    ]
    for shared, is_same_place, new, old in sorted(chances, reverse=True):
        if (shared or is_same_place) and new not in pairs and old not in pairs.values():
            pairs[new] = old
    return pairs


def _titles(record: BuildRecord) -> dict[int, str]:
    return {step.stage_index: step.stage for step in record.steps}


def _unnamed(title: str, index: int) -> bool:
    return title == f"stage-{index}"


def _likeness(before: BuildRecord, old: int, after: BuildRecord, new: int) -> int:
    """How many steps two stages share."""
    theirs = {step.text for step in _keyed(before, old)}
    return sum(step.text in theirs for step in _keyed(after, new))


def _keyed(record: BuildRecord, index: int) -> list[StepRecord]:
    return [step for step in record.steps if step.stage_index == index and step.kind is not StepKind.CONFIG]


@dataclass(frozen=True, kw_only=True)
class _Said:
    """What a step says, read once, for it is compared with many."""

    step: StepRecord

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(self.step.text.split())

    @cached_property
    def facts(self) -> Mapping[str, object]:
        return own_facts(facts_of(self.step))

    def is_same(self, other: "_Said") -> bool:
        """Whether both say the same: in their words, or in what is meant by them."""
        return self.step.text == other.step.text or (bool(self.step.key) and self.facts == other.facts)

    def score(self, other: "_Said") -> float:
        """How much is gained by taking both for one step; 0 where that cannot be."""
        kinds = [_KINDS.get(one.step.kind, one.step.kind) for one in (self, other)]
        if kinds[0] is not kinds[1]:
            return 0.0
        if kinds[0] is StepKind.FROM or self.is_same(other):
            return _SAME
        # This is about which of two RUNs is the one that changed: the words that they share tell.
        return _ALIKE + len(self.words & other.words) / max(len(self.words | other.words), 1)


_Pairs = list[tuple[StepRecord, StepRecord]]


def _in_order(theirs: Sequence[StepRecord], ours: Sequence[StepRecord]) -> _Pairs:
    """The pairs that keep their order and have the highest score together (Needleman and Wunsch, 1970)."""
    old, new = [_Said(step=step) for step in theirs], [_Said(step=step) for step in ours]
    # What both begin and end with is the same in the best alignment too, and most edits leave little between.
    start = _shared(old, new)
    end = _shared(old[start:][::-1], new[start:][::-1])
    last, final = len(old) - end, len(new) - end
    middle = _aligned(old[start:last], new[start:final])
    outside = [*zip(theirs[:start], ours[:start], strict=True), *zip(theirs[last:], ours[final:], strict=True)]
    return sorted([*outside, *middle], key=lambda pair: pair[1].number)


def _shared(old: Sequence[_Said], new: Sequence[_Said]) -> int:
    """How many are the same at the start of both."""
    pairs = zip(old, new, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0].is_same(pair[1]), pairs))


def _aligned(old: Sequence[_Said], new: Sequence[_Said]) -> Iterator[tuple[StepRecord, StepRecord]]:
    scores = [[one.score(other) for other in new] for one in old]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in range(len(old) - 1, -1, -1):
        for j in range(len(new) - 1, -1, -1):
            paired = scores[i][j] + best[i + 1][j + 1] if scores[i][j] else 0.0
            best[i][j] = max(paired, best[i + 1][j], best[i][j + 1])
    i = j = 0
    while i < len(old) and j < len(new):
        if scores[i][j] and best[i][j] == scores[i][j] + best[i + 1][j + 1]:
            yield old[i].step, new[j].step
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1


def _elsewhere(theirs: Sequence[StepRecord], ours: Sequence[StepRecord], found: _Pairs) -> _Pairs:
    """Of the steps that are left over, those that say the same: they changed places."""
    kept, taken = {old.number for old, _ in found}, {new.number for _, new in found}
    left = [_Said(step=step) for step in theirs if step.number not in kept]
    pairs: _Pairs = []
    for new in (_Said(step=step) for step in ours if step.number not in taken):
        old = next((one for one in left if one.step.kind is new.step.kind and one.is_same(new)), None)
        if old is not None:
            left.remove(old)
            pairs.append((old.step, new.step))
    return pairs
