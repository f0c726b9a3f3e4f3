"""What if: the edit that would have kept the expensive step in the cache, with what it saves.

    both builds -->  the same edit in both  -->  the keys of both  -->  equal for the expensive step?  a proposal

No proposal is made that was not tried: the keys of the edited Dockerfile, with the files and options of the earlier
build and with those of the later one, are the proof. What it saves is what the record says that the steps took.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from pydock_lab.build.explain.align import align
from pydock_lab.build.explain.edits import with_patterns
from pydock_lab.build.explain.explanation import explain
from pydock_lab.build.explain.files import FilesOf
from pydock_lab.build.explain.place import Place
from pydock_lab.build.explain.proposals import copy_first, ignore_patterns, move_step, move_variables, needed_before
from pydock_lab.build.explain.variables import Provenance
from pydock_lab.build.record import BuildRecord, StepKind, StepRecord
from pydock_lab.errors import PydockError
from pydock_lab.views import (
    Cause,
    CauseKind,
    Explanation,
    Proposal,
    ProposalKind,
    StepExplanation,
    StepOutcome,
    StepTime,
    WhatIf,
)

_TRIED = 5  # so many of the most expensive steps
_VARIABLES = frozenset({CauseKind.ENV, CauseKind.ARG})


class Version(Enum):
    """Whose files and options are meant: those of the earlier build, or of the later."""

    BEFORE = "before"
    AFTER = "after"


# The steps of a Dockerfile and an ignore file with their keys, nothing being run; "" for a key that only a run can
# tell. May raise PydockError.
Keys = Callable[[str, str, Version], Sequence[StepRecord]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """An idea, applied to both builds: the texts of Dockerfile and ignore file for each."""

    kind: ProposalKind
    names: tuple[str, ...]
    texts: Mapping[Version, tuple[str, str]]


def what_if(before: BuildRecord, after: BuildRecord, files: FilesOf, keys: Keys) -> WhatIf:
    """The edits that would have kept steps of `after` in the cache; only those whose keys prove it."""
    found = _Finder(before, after, files, keys).proposals()
    ordered = sorted(found, key=lambda one: (-one.seconds, one.kind))
    name = next(iter(after.references), "")
    return WhatIf(build=after.build, name=name, proposals=tuple(ordered), steps=tuple(map(_time, after.steps)))


def _time(step: StepRecord) -> StepTime:
    """A step with its seconds: of one that was done, those that the saving is reckoned with."""
    return StepTime(
        number=step.number,
        stage=step.stage,
        text=step.text,
        outcome=_outcome(step),
        seconds=step.made_seconds if step.cached is False else step.seconds,
    )


def _outcome(step: StepRecord) -> StepOutcome:
    if step.kind is StepKind.FROM:
        return StepOutcome.BASE
    if step.kind is StepKind.CONFIG:
        return StepOutcome.CONFIG
    if step.cached is None:
        return StepOutcome.UNREACHED
    return StepOutcome.CACHED if step.cached else StepOutcome.MISSED


def kept_steps(edit: Edit, after: BuildRecord, keys: Keys) -> tuple[StepRecord, ...]:
    """The steps that missed, and would have been found after this edit: equal keys, not unknown ones."""
    try:
        steps = {version: keys(*texts, version) for version, texts in edit.texts.items()}
    except PydockError:
        return ()
    known = {step.key_digest for step in steps[Version.BEFORE] if step.key_digest}
    kept = {name for name, step in _named(steps[Version.AFTER]).items() if step.key_digest in known}
    return tuple(step for name, step in _named(after.steps).items() if name in kept and step.cached is False)


def _named(steps: Iterable[StepRecord]) -> dict[tuple[str, str, int], StepRecord]:
    """Steps by stage and words; of equal ones, the first, the second ..."""
    found: dict[tuple[str, str, int], StepRecord] = {}
    for step in steps:
        at = 0
        while (step.stage, step.text, at) in found:
            at += 1
        found[step.stage, step.text, at] = step
    return found


class _Finder:
    def __init__(self, before: BuildRecord, after: BuildRecord, files: FilesOf, keys: Keys) -> None:
        self._records = {Version.BEFORE: before, Version.AFTER: after}
        self._provenance = {version: Provenance(record) for version, record in self._records.items()}
        self._files, self._keys = files, keys
        self._explanation: Explanation = explain(before, after, files)
        self._was = align(before, after).was

    def proposals(self) -> Iterator[Proposal]:
        """One for each edit that keeps something; of two that give the same text, the first."""
        seen: set[tuple[str, str]] = set()
        for step in self._expensive():
            for edit in self._edits(step):
                texts = edit.texts[Version.AFTER]
                if texts in seen:
                    continue
                kept = kept_steps(edit, self._records[Version.AFTER], self._keys)
                if step.number in {one.number for one in kept}:
                    seen.add(texts)
                    yield self._proposal(edit, step, kept)

    def _proposal(self, edit: Edit, step: StepExplanation, kept: tuple[StepRecord, ...]) -> Proposal:
        after = self._records[Version.AFTER]
        dockerfile, ignore = edit.texts[Version.AFTER]
        return Proposal(
            kind=edit.kind,
            step=step.number,
            text=step.text,
            names=edit.names,
            kept=tuple(one.number for one in kept),
            dockerfile=dockerfile,
            old_dockerfile=after.dockerfile,
            ignore=ignore,
            old_ignore=after.ignore,
            seconds=sum(one.made_seconds for one in kept),
            layer_size=sum(int((one.layer or {}).get("unpacked_size", 0)) for one in kept),
        )

    def _expensive(self) -> list[StepExplanation]:
        """The missed steps whose own words are as they were, the slowest first."""
        missed = [step for step in self._explanation.steps if step.missed and step.was]
        kept = [step for step in missed if all(cause.kind in _VARIABLES for cause in step.causes)]
        return sorted(kept, key=lambda step: -step.seconds)[:_TRIED]

    def _chain(self, step: StepExplanation) -> Iterator[Cause]:
        """The causes of a step, and of all below it that it follows from."""
        by_number = {one.number: one for one in self._explanation.steps}
        at: StepExplanation | None = step
        while at is not None:
            yield from at.causes
            at = by_number.get(at.because_of)

    def _edits(self, step: StepExplanation) -> Iterator[Edit]:
        causes = tuple(self._chain(step))
        places = self._places(step)
        kinds = {cause.kind for cause in causes}
        if CauseKind.FILES in kinds:
            yield from self._ignored(causes)
            needed = needed_before(places[Version.AFTER])
            if needed is not None:
                yield from self._edited(
                    ProposalKind.COPY_FIRST, sorted(needed), places, lambda place: copy_first(place, needed)
                )
        names = sorted({cause.name for cause in causes if cause.kind in _VARIABLES})
        if names:
            yield from self._edited(
                ProposalKind.MOVE_VARIABLE, names, places, lambda place: move_variables(place, names)
            )
        root = places[Version.AFTER].root
        if root is not None and root.kind is StepKind.RUN and not kinds <= _VARIABLES:
            yield from self._edited(ProposalKind.MOVE_STEP, [root.text], places, move_step)

    def _places(self, step: StepExplanation) -> dict[Version, Place]:
        after = self._records[Version.AFTER]
        by_number = {one.number: one for one in after.steps}
        root = by_number.get(step.root)
        steps = {Version.AFTER: (by_number[step.number], root)}
        steps[Version.BEFORE] = (self._was[step.number], self._was.get(root.number) if root else None)
        return {
            version: Place(
                record=self._records[version],
                provenance=self._provenance[version],
                files=self._files,
                step=kept,
                root=where,
            )
            for version, (kept, where) in steps.items()
        }

    def _edited(
        self,
        kind: ProposalKind,
        names: Sequence[str],
        places: Mapping[Version, Place],
        change: Callable[[Place], str | None],
    ) -> Iterator[Edit]:
        """The same change in both Dockerfiles; where it does not apply to the earlier one, that stays as it is."""
        later = change(places[Version.AFTER])
        if later is None or later == self._records[Version.AFTER].dockerfile:
            return
        earlier = change(places[Version.BEFORE]) or self._records[Version.BEFORE].dockerfile
        texts = {Version.BEFORE: earlier, Version.AFTER: later}
        yield Edit(
            kind=kind,
            names=tuple(names),
            texts={version: (text, self._records[version].ignore) for version, text in texts.items()},
        )

    def _ignored(self, causes: Iterable[Cause]) -> Iterator[Edit]:
        paths = sorted({file.path for cause in causes for file in cause.files})
        patterns = ignore_patterns(self._records[Version.AFTER], paths)
        if patterns:
            yield Edit(
                kind=ProposalKind.IGNORE,
                names=patterns,
                texts={
                    version: (record.dockerfile, with_patterns(record.ignore, patterns))
                    for version, record in self._records.items()
                },
            )
