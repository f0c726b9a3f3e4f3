"""What a key says: its facts, those of the step alone, and the step that it stands on.

{"step": "RUN", "on": "sha256:51c0...", "args": [...], ...}
                 |                       '-- its own facts
                 '-- the digest of the key below: the only thing that a step knows of what came before it
"""

import json
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

from pydock_lab.build.record import BuildRecord, StepKind, StepRecord

Facts = Mapping[str, Any]
BELOW = "on"


def facts_of(step: StepRecord) -> Facts:
    """The facts of a step's key; none where it has no key, or one that is no JSON object."""
    try:
        found = json.loads(step.key) if step.key else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def own_facts(facts: Facts) -> Facts:
    """All but what the step stands on."""
    return {name: value for name, value in facts.items() if name != BELOW}


def grounds(record: BuildRecord, step: StepRecord) -> tuple[StepRecord, ...]:
    """The steps that this one stands on, the nearest first; none for a FROM of an image, and for a linked layer.

    It is one step, whose digest the key names. Only above linked layers there are several: such a layer does not know
    what is below it, so what stands on it stands on both.
    """
    if step.kind is StepKind.FROM:
        return _topmost([one for one in reversed(steps_of(record, step.origin)) if one.key_digest])
    digest = facts_of(step).get(BELOW)
    if digest is None:
        return ()
    before = [one for one in reversed(record.steps) if one.number < step.number]
    same = [one for one in before if one.stage_index == step.stage_index and one.kind is not StepKind.CONFIG]
    # Two stages may have equal keys; the step of the same stage is the one that is meant.
    named = next((one for one in same if one.key_digest == digest), None)
    if named is not None or not same:
        return (named,) if named else ()
    return _topmost(same)


def _topmost(steps: Sequence[StepRecord]) -> tuple[StepRecord, ...]:
    """Of the steps of a stage, the last one first: the linked ones, and the one below them."""
    linked = takewhile(lambda one: BELOW not in facts_of(one) and one.kind is not StepKind.FROM, steps)
    return tuple(steps[: len(list(linked)) + 1])


def steps_of(record: BuildRecord, stage: str) -> tuple[StepRecord, ...]:
    """The steps of a stage, by its title."""
    return tuple(step for step in record.steps if step.stage == stage)
