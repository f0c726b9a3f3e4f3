"""Builds told step by step, from what they left behind."""

import json

import pytest

from pydock_lab.errors import BuildError, NotFound
from pydock_lab.views import ChangeKind, StepOutcome

DOCKERFILE = """\
FROM lab/base AS build
RUN echo built > /made && echo said

FROM lab/base AS docs
RUN sleep 0.3; echo docs > /docs
FROM build AS unused
FROM lab/base
ENV A=1
COPY --from=build /made /made
RUN --mount=from=docs,target=/d cat /d/docs > /all && rm /made
"""


@pytest.fixture
def built(engine):
    return engine.build(DOCKERFILE, "app:1")


@pytest.mark.usefixtures("containers")
def test_each_step_has_its_moment_its_layer_and_its_files(engine, built):
    view = built.trace
    assert view == engine.trace("app:1") == engine.trace(built.build[:8]) == engine.trace()
    assert (view.name, view.image_id, view.dockerfile) == ("app:1", built.image.id, tuple(DOCKERFILE.splitlines()))
    made = next(step for step in view.steps if step.line == 2)
    assert made.outcome is StepOutcome.MISSED
    assert made.output == ("said",)
    assert [(one.path, one.kind) for one in made.changes] == [("/made", ChangeKind.ADDED)]
    assert made.diff_id.startswith("sha256:")
    last = view.steps[-1]
    assert {(one.path, one.kind) for one in last.changes} == {("/all", ChangeKind.ADDED), ("/made", ChangeKind.DELETED)}
    assert last.end <= view.seconds
    assert [step.outcome for step in view.steps if step.line in (7, 8)] == [StepOutcome.BASE, StepOutcome.CONFIG]
    base = view.steps[0]
    assert base.changes_total > 3
    assert base.unpacked_size > 1000


@pytest.mark.usefixtures("containers")
def test_stages_say_what_they_need_and_which_was_skipped(built):
    stages = {stage.title: stage for stage in built.trace.stages}
    assert {title for title, stage in stages.items() if stage.is_skipped} == {"unused"}
    assert (stages["stage-3"].needs, stages["stage-3"].is_target) == ((0, 1), True)
    assert (stages["build"].line, stages["build"].end_line) == (1, 3)
    steps = {step.line: step for step in built.trace.steps}
    assert (steps[9].needs, steps[10].needs, steps[8].needs) == ((0,), (1,), ())


@pytest.mark.usefixtures("containers")
def test_stages_that_need_nothing_begin_at_the_same_time(built):
    steps = {step.line: step for step in built.trace.steps}
    assert steps[2].start < steps[5].end
    assert steps[5].start < steps[2].end + 0.3
    assert steps[10].start >= steps[5].end - 0.05


@pytest.mark.usefixtures("containers", "built")
def test_what_came_from_the_cache_says_what_it_once_took(engine):
    view = engine.build(DOCKERFILE, "app:1").trace
    assert {step.outcome for step in view.steps} == {StepOutcome.BASE, StepOutcome.CACHED, StepOutcome.CONFIG}
    assert view.saved_seconds > 0.3
    assert next(step for step in view.steps if step.line == 2).changes


@pytest.mark.usefixtures("containers")
def test_a_build_that_failed_shows_where(engine):
    with pytest.raises(BuildError):
        engine.build("FROM lab/base\nRUN echo words; exit 3\nRUN echo never\n")
    view = engine.trace()
    assert [step.outcome for step in view.steps] == [StepOutcome.BASE, StepOutcome.FAILED, StepOutcome.UNREACHED]
    assert view.steps[1].output == ("words",)
    assert "exit code: 3" in view.steps[1].error
    assert view.error


@pytest.mark.usefixtures("containers")
def test_what_was_pruned_meanwhile_or_never_written_is_left_out(engine, built):
    home = engine.full.home
    (home.builds.path(built.build) / "events.jsonl").write_text(json.dumps({"event": "StepStarted"})[:9])
    view = engine.trace()
    assert all(step.start == 0.0 for step in view.steps)
    assert [step.diff_id for step in view.steps if step.line == 2] != [""]


def test_there_is_no_such_build(engine):
    with pytest.raises(NotFound):
        engine.trace()


@pytest.mark.usefixtures("containers")
def test_of_a_container_it_is_said_where_its_start_is_shown(engine):
    engine.run("lab/base", "true", name="red")
    with pytest.raises(NotFound) as caught:
        engine.trace("red")
    assert "docker explain red" in caught.value.hint()
    with pytest.raises(NotFound, match="image"):
        engine.trace("blue")
