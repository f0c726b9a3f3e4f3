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
from difflib import SequenceMatcher

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

    def became(self, step: StepRecord) -> int:
        """The number in the later build of a step of the earlier one, 0 for none."""
        return next((number for number, old in self.was.items() if old.number == step.number), 0)


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


def _score(old: StepRecord, new: StepRecord) -> float:
    if _KINDS.get(old.kind, old.kind) is not _KINDS.get(new.kind, new.kind):
        return 0.0
    if StepKind.FROM in (old.kind, new.kind):
        return _SAME
    if _same(old, new):
        return _SAME
    # Word by word: this is about which of two RUNs is the one that changed, not about letters.
    return _ALIKE + SequenceMatcher(None, old.text.split(), new.text.split(), autojunk=False).ratio()


def _same(old: StepRecord, new: StepRecord) -> bool:
    return old.text == new.text or (bool(old.key) and own_facts(facts_of(old)) == own_facts(facts_of(new)))


def _in_order(theirs: Sequence[StepRecord], ours: Sequence[StepRecord]) -> list[tuple[StepRecord, StepRecord]]:
    """The pairs that keep their order and have the highest score together (Needleman and Wunsch, 1970)."""
    scores = [[_score(old, new) for new in ours] for old in theirs]
    best = [[0.0] * (len(ours) + 1) for _ in range(len(theirs) + 1)]
    for i in range(len(theirs) - 1, -1, -1):
        for j in range(len(ours) - 1, -1, -1):
            paired = scores[i][j] + best[i + 1][j + 1] if scores[i][j] else 0.0
            best[i][j] = max(paired, best[i + 1][j], best[i][j + 1])
    return list(_way(theirs, ours, scores, best))


def _way(
    theirs: Sequence[StepRecord], ours: Sequence[StepRecord], scores: list[list[float]], best: list[list[float]]
) -> Iterator[tuple[StepRecord, StepRecord]]:
    i = j = 0
    while i < len(theirs) and j < len(ours):
        if scores[i][j] and best[i][j] == scores[i][j] + best[i + 1][j + 1]:
            yield theirs[i], ours[j]
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1


def _elsewhere(
    theirs: Sequence[StepRecord], ours: Sequence[StepRecord], found: Sequence[tuple[StepRecord, StepRecord]]
) -> Iterator[tuple[StepRecord, StepRecord]]:
    """Of the steps that are left over, those that say the same: they changed places."""
    left = {step.number: step for step in theirs} | {old.number: None for old, _ in found}
    taken = {new.number for _, new in found}
    for new in ours:
        if new.number not in taken:
            old = next((step for step in left.values() if step and step.kind is new.kind and _same(step, new)), None)
            if old is not None:
                left[old.number] = None
                yield old, new
