"""Two hundred single changes, each explained by exactly its one cause."""

from itertools import pairwise

import pytest
from samples.builds import Builder
from samples.mutations import mutations, project

from pydock_lab.build.explain.explanation import explain
from pydock_lab.views import CauseKind


@pytest.mark.parametrize("mutation", [*mutations(240)], ids=lambda one: one.what)
def test_one_change_has_one_cause(mutation):
    builder = Builder()
    before = builder.build(project())
    after = builder.build(mutation.after)
    found = explain(before, after, builder.files)
    assert [cause.kind for cause in found.causes] == [mutation.kind]
    cause = found.causes[0]
    names = [file.path for file in cause.files] if mutation.kind is CauseKind.FILES else [cause.name]
    assert mutation.name in names or not mutation.name
    # All that missed is explained: by itself, or by a step that is.
    own = {step.number for step in found.own}
    assert own
    assert all(step.root in own for step in found.consequences)


def test_without_a_change_all_hits():
    builder = Builder()
    before, after = builder.build(project()), builder.build(project())
    found = explain(before, after, builder.files)
    assert (found.first, found.consequences, found.causes) == (None, (), ())


CHANGED = [one.after for one in mutations(72, seed=5)]


@pytest.mark.parametrize(("first", "second"), [*pairwise(CHANGED), *pairwise(CHANGED[::7])])
def test_of_several_changes_none_is_left_unexplained(first, second):
    builder = Builder()
    builder.build(project())
    before = builder.build(first)
    found = explain(before, builder.build(second), builder.files)
    own = {step.number for step in found.own}
    assert all(step.root in own for step in found.consequences)
    assert all(step.causes for step in found.own)
    assert bool(found.own) == any(step.missed for step in found.steps)
    kinds = {cause.kind for cause in found.causes}
    assert CauseKind.GONE not in kinds
    assert not any(cause.old.startswith("sha256:") for cause in found.causes if cause.kind is CauseKind.ORDER)
