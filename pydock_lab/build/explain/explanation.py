"""Why steps missed: each step's own causes, or the step below that it follows from.

    2  COPY req.txt /    missed   files: req.txt          <- its own cause, the first
    3  RUN pip install   missed   stands on 2             <- a consequence
    4  COPY . /app       missed   stands on 3, files: req.txt, which 2 has said already: a consequence
    5  RUN make -j4      missed   stands on 4, command    <- its own, and a consequence too

What a step says again that a step below it has said already is no cause of its own: an ENV that changed is in the
keys of all RUN steps behind it, and it changed once.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from pydock_lab.build.explain.align import Alignment, align
from pydock_lab.build.explain.causes import causes_of, set_by_base, stages_read
from pydock_lab.build.explain.facts import grounds, steps_of
from pydock_lab.build.explain.files import FilesOf, other_times
from pydock_lab.build.explain.origins import Pair, Side
from pydock_lab.build.explain.variables import Provenance
from pydock_lab.build.record import BuildRecord, BuildStatus, StepKind, StepRecord
from pydock_lab.views import Cause, CauseKind, Explanation, KeyView, Outcome, StepExplanation

_OUTCOMES = {True: Outcome.CACHED, False: Outcome.MISSED, None: Outcome.UNKNOWN}
_STEPS = frozenset({CauseKind.NEW_STEP, CauseKind.REMOVED_STEP, CauseKind.ORDER})


def explain(before: BuildRecord | None, after: BuildRecord, files: FilesOf) -> Explanation:
    """A build beside an earlier one (None: there is none), step by step.

    `files` gives what a step read in a build, by its path in the context, stage or image, or None where that was
    not kept.
    """
    steps = _Explainer(before, after, files).steps() if before else map(_alone, after.steps)
    return Explanation(
        build=after.build,
        name=next(iter(after.references), ""),
        created=after.created,
        steps=tuple(steps),
        compared_with=before.build if before else "",
        compared_created=before.created if before else "",
        predicted=after.status is BuildStatus.PREDICTED,
    )


def _alone(step: StepRecord) -> StepExplanation:
    causes = (Cause(kind=CauseKind.FIRST_BUILD),) if _outcome(step) is Outcome.MISSED else ()
    return replace(_plain(step), causes=causes)


def _outcome(step: StepRecord) -> Outcome:
    is_lookup = step.kind not in (StepKind.CONFIG, StepKind.FROM)
    return _OUTCOMES[step.cached] if step.key or is_lookup else Outcome.NONE


def _plain(step: StepRecord) -> StepExplanation:
    return StepExplanation(
        number=step.number,
        stage=step.stage,
        text=step.text,
        line=step.line,
        end_line=step.end_line,
        outcome=_outcome(step),
        after=_key(step),
        seconds=step.made_seconds,
        layer_size=int((step.layer or {}).get("unpacked_size", 0)),
    )


def _key(step: StepRecord | None) -> KeyView | None:
    return KeyView(text=step.key, digest=step.key_digest) if step and step.key else None


class _Explainer:
    """Goes through the steps in their order, so that of each step below all is known already."""

    def __init__(self, before: BuildRecord, after: BuildRecord, files: FilesOf) -> None:
        self._before, self._after, self._files = before, after, files
        self._old, self._new = Provenance(before), Provenance(after)
        self._alignment: Alignment = align(before, after)
        self._done: dict[int, StepExplanation] = {}
        self._said: dict[int, frozenset[Cause]] = {}  # by each step, and by those it follows from

    def steps(self) -> Iterator[StepExplanation]:
        """All steps of the later build."""
        for step in self._after.steps:
            found = self._done[step.number] = self._step(step)
            because = self._said.get(found.because_of, frozenset())
            self._said[step.number] = because | frozenset(found.causes)
            yield found

    def _step(self, step: StepRecord) -> StepExplanation:
        plain = _plain(step)
        old = self._alignment.was.get(step.number)
        if step.kind is StepKind.CONFIG or (self._is_same(step) and step.cached is not False):
            return replace(plain, was=old.number if old else 0, before=_key(old), other_times=self._times(old, step))
        if not step.key and step.kind is not StepKind.FROM:
            return self._unknown(plain, step, old)
        comparable = old is not None and not self._is_same(step) and (old.key or step.kind is StepKind.FROM)
        own = causes_of(self._pair(old, step), self._files) if old is not None and comparable else ()
        because_of = self._because(step, old, own)
        said = self._said.get(because_of, frozenset())
        causes = self._causes(step, old, own, because_of)
        kept = tuple(_news(cause, said) for cause in causes if not _is_known(cause, said, causes))
        return replace(
            plain,
            causes=kept,
            because_of=because_of,
            root=self._done[because_of].root or because_of if because_of else 0,
            was=old.number if old else 0,
            before=_key(old),
        )

    def _unknown(self, plain: StepExplanation, step: StepRecord, old: StepRecord | None) -> StepExplanation:
        """A step whose key nobody knows yet: because of the stage that it copies from, or of the step before it."""
        before = (one for one in reversed(self._after.steps) if one.number < step.number)
        same = (one for one in before if one.stage_index == step.stage_index and one.kind is not StepKind.CONFIG)
        last = next(same, None)
        candidates = [*self._rebuilt(old or step, step), last.number if last else 0]
        return replace(plain, because_of=candidates[0], was=old.number if old else 0, before=_key(old))

    def _is_same(self, step: StepRecord) -> bool:
        """Whether the step has the key that it had."""
        old = self._alignment.was.get(step.number)
        if old is None:
            return False
        if step.kind is StepKind.FROM and (step.origin or old.origin):
            # It has no key of its own: it is what it stands on.
            ours, theirs = grounds(self._after, step), grounds(self._before, old)
            was = [self._alignment.was.get(one.number) for one in ours]
            return was == list(theirs) and not any(map(self._differs, ours))
        return old.key_digest == step.key_digest

    def _pair(self, old: StepRecord, new: StepRecord) -> Pair:
        return Pair(
            old=Side(record=self._before, provenance=self._old, step=old),
            new=Side(record=self._after, provenance=self._new, step=new),
        )

    def _times(self, old: StepRecord | None, new: StepRecord) -> int:
        if old is None or new.kind not in (StepKind.COPY, StepKind.ADD):
            return 0
        before, after = self._files(self._before, old), self._files(self._after, new)
        return other_times(before, after) if before and after else 0

    # ---- what it follows from

    def _because(self, step: StepRecord, old: StepRecord | None, own: tuple[Cause, ...]) -> int:
        """The step below that is not as it was: what this one stands on, else what it copies from."""
        if self._is_same(step):
            return 0
        for ground in grounds(self._after, step):
            if self._differs(ground):
                return ground.number
        # Other bytes from another stage: it is that stage that has to be explained.
        if old is None or not any(cause.kind is CauseKind.FILES for cause in own):
            return 0
        return next(iter(self._rebuilt(old, step)), 0)

    def _differs(self, step: StepRecord) -> bool:
        return not self._is_same(step) or step.number in self._alignment.moved

    def _rebuilt(self, old: StepRecord, step: StepRecord) -> Iterator[int]:
        """The last step of each stage that the step copies from, where that stage is not what it was."""
        for title in stages_read(self._pair(old, step).new):
            of_stage = [one for one in steps_of(self._after, title) if one.key]
            # With the same keys, a stage that was done again may have given other bytes.
            yield from (one.number for one in reversed(of_stage) if self._differs(one) or one.cached is False)

    # ---- its own causes

    def _causes(self, step: StepRecord, old: StepRecord | None, own: tuple[Cause, ...], because_of: int) -> list[Cause]:
        if self._after.no_cache or step.stage in self._after.no_cache_filter:
            return [Cause(kind=CauseKind.NO_CACHE, name="" if self._after.no_cache else step.stage)]
        if old is None:
            return [Cause(kind=CauseKind.NEW_STEP, name=step.kind.value, text=step.text)]
        if not old.key and step.kind is not StepKind.FROM:
            # What nobody has got to has no key to compare with.
            return [] if because_of else [Cause(kind=CauseKind.NOT_REACHED)]
        if self._is_same(step):
            return [Cause(kind=CauseKind.NOT_REACHED if old.cached is None else CauseKind.GONE)]
        found = [*self._places(step, old, because_of), *own]
        shorter = () if because_of else tuple(self._shorter(old, step, own))
        if shorter or any(self._rebuilt(old, step)):
            # What came out of another stage is no file of the reader's.
            found = [cause for cause in found if cause.kind is not CauseKind.FILES]
        found += shorter
        return found if found or because_of else [_stands_elsewhere(step, old)]

    def _shorter(self, old: StepRecord, step: StepRecord, own: tuple[Cause, ...]) -> Iterator[Cause]:
        """Steps that were at the end of a stage which the step stands on, or copies from, and are not any more."""
        reads = any(cause.kind is CauseKind.FILES for cause in own)
        titles = stages_read(self._pair(old, step).new) if reads or step.kind is StepKind.FROM else ()
        for title in sorted(titles):
            known = [self._alignment.was.get(one.number) for one in steps_of(self._after, title)]
            last = max((one for one in known if one), key=lambda one: one.number, default=None)
            if last is not None:
                yield from self._gone(last.stage_index, last.number, len(self._before.steps) + 1)

    def _places(self, step: StepRecord, old: StepRecord, because_of: int) -> Iterator[Cause]:
        """What was between this step and the one below it, and is not any more."""
        said = self._said.get(because_of, frozenset())
        if any(cause.kind is CauseKind.ORDER for cause in said):
            return
        if step.number in self._alignment.moved:
            yield Cause(kind=CauseKind.ORDER, name=step.kind.value, text=step.text)
            return
        ground = next(iter(grounds(self._after, step)), None)
        anchor = self._alignment.was.get(ground.number) if ground else None
        if anchor is not None and anchor.stage_index == old.stage_index:
            yield from self._gone(old.stage_index, anchor.number, old.number)

    def _gone(self, stage_index: int, first: int, last: int) -> Iterator[Cause]:
        """The steps of a stage between two others that are not there, or not in that place, any more."""
        removed = {one.number for one in self._alignment.removed}
        for one in self._before.steps:
            if one.stage_index == stage_index and first < one.number < last and one.key:
                kind = CauseKind.REMOVED_STEP if one.number in removed else CauseKind.ORDER
                yield Cause(kind=kind, name=one.kind.value, text=one.text)


def _is_known(cause: Cause, said: AbstractSet[Cause], beside: Sequence[Cause]) -> bool:
    """Whether the steps below, or the other causes of the step, say so already."""
    if cause in said:
        return True
    if cause.kind is CauseKind.FILES:
        return bool(cause.files) and not _news(cause, said).files
    if cause.kind is CauseKind.WORKDIR:
        return any(one.kind in _STEPS and one.name == StepKind.WORKDIR for one in (*said, *beside))
    # A new base brings new variables, users and folders: that is one change.
    return set_by_base(cause) and any(one.kind is CauseKind.BASE for one in said)


def _news(cause: Cause, said: AbstractSet[Cause]) -> Cause:
    """The cause without the files that others speak of."""
    if not cause.files:
        return cause
    known = {file for one in said for file in one.files}
    return replace(cause, files=tuple(file for file in cause.files if file not in known))


def _stands_elsewhere(step: StepRecord, old: StepRecord) -> Cause:
    """The last resort: what is below differs, and nobody can say in what (a record that is not whole)."""
    return Cause(kind=CauseKind.ORDER, text=step.text, old=old.key_digest, new=step.key_digest)
