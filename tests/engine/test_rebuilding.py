"""A build of which nothing has changed is done again without the builder; anything else is for the builder."""

import io
import os
import time
from dataclasses import replace

import pytest
from samples.base_images import busybox_tar

from pydock_lab.build import stage
from pydock_lab.engine.building import ImageBuilding
from pydock_lab.engine.options import BuildOptions
from pydock_lab.errors import NotFound
from pydock_lab.events import CacheHit, StepFinished, StepStarted
from pydock_lab.views import Outcome

DOCKERFILE = 'FROM base/one:1\nARG A=1\nRUN echo $A > /a\nCOPY . /src\nCMD ["true"]\n'
OLD = time.time() - 3600


@pytest.fixture
def project(engine, tmp_path, monkeypatch):
    """A project built once; `again(**changes)` builds it again: whether the builder had to look."""
    engine.full.import_(io.BytesIO(busybox_tar()), "base/one:1")
    context = tmp_path / "context"
    (context / "sub").mkdir(parents=True)
    for name in ("a.txt", "sub/b.txt"):
        (context / name).write_text(name)
        os.utime(context / name, (OLD, OLD))
    looked = []
    build = ImageBuilding.build

    def counted(self, options, log):
        looked.append(options)
        return build(self, options, log)

    monkeypatch.setattr(ImageBuilding, "build", counted)
    # Files as young as the build are looked at once more: git's rule.
    monkeypatch.setattr("pydock_lab.build.stat_cache._RACY_NS", -(10**9))
    options = BuildOptions(dockerfile=DOCKERFILE, context=context, tags=("app:1",))

    def again(*, on_event=lambda _event: None, **changes) -> bool:
        before = len(looked)
        engine.full.build(replace(options, **changes), on_event=on_event)
        return len(looked) > before

    again()
    again.context = context
    again.engine = engine
    return again


@pytest.mark.usefixtures("containers")
def test_nothing_has_changed(project):
    image = project.engine.image("app:1").id
    events = []
    assert not project(on_event=events.append)
    assert project.engine.image("app:1").id == image
    steps = [event.step for event in events if isinstance(event, StepStarted)]
    assert steps == [1, 2, 3, 4, 5]
    assert [event.step for event in events if isinstance(event, CacheHit)] == [3, 4]
    assert all(event.cached for event in events if isinstance(event, StepFinished))
    explained = project.engine.full.explain()
    assert {step.outcome for step in explained.steps} == {Outcome.CACHED, Outcome.NONE}


@pytest.mark.usefixtures("containers")
def test_another_name_for_it(project):
    assert not project(tags=("other:2",))
    assert project.engine.image("other:2").id == project.engine.image("app:1").id


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize(
    "changes",
    [
        {"dockerfile": DOCKERFILE + "ENV X=1\n"},
        {"build_args": {"A": "2"}},
        {"no_cache": True},
        {"labels": {"a": "b"}},
    ],
    ids=str,
)
def test_another_build(project, changes):
    assert project(**changes)


def edit(project):
    (project.context / "sub" / "b.txt").write_text("other")


def add(project):
    (project.context / "sub" / "c.txt").write_text("new")


def remove(project):
    (project.context / "a.txt").unlink()


def mode(project):
    (project.context / "a.txt").chmod(0o600)


def ignore(project):
    (project.context / ".dockerignore").write_text("sub\n")


def base(project):
    project.engine.full.import_(io.BytesIO(busybox_tar(files={"new": "x"})), "base/one:1")


def prune(project):
    home = project.engine.full.home
    layer = project.engine.image("app:1").details.manifest.layers[-1]
    home.blobs.delete(layer.digest)


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize("change", [edit, add, remove, mode, ignore, base, prune], ids=lambda one: one.__name__)
def test_something_has_changed(project, change):
    change(project)
    assert project()


@pytest.mark.usefixtures("containers")
def test_a_dockerfile_with_remarks_is_read_again_so_that_they_are_shown(project):
    text = DOCKERFILE.replace("ARG A=1", "ARG A=1\nENV secret_token=1")
    assert project(dockerfile=text)
    assert project(dockerfile=text)


@pytest.mark.usefixtures("containers")
def test_what_was_made_anew_is_what_counts(project):
    """`--no-cache` has refreshed a layer: the next build must not go back to the one before."""
    first = project.engine.image("app:1").id
    assert project(no_cache=True)
    second = project.engine.image("app:1").id
    assert second != first
    project()
    assert project.engine.image("app:1").id == second


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_text('{"event": "Step')])
def test_events_that_are_damaged_make_the_builder_look(project, damage):
    for path in project.engine.full.home.builds.directory.glob("*/events.jsonl"):
        damage(path)
    assert project()


@pytest.mark.usefixtures("containers")
def test_names_that_are_no_text(project):
    os.close(os.open(os.fsencode(project.context) + b"/caf\xe9.txt", os.O_CREAT | os.O_WRONLY))
    dockerfile = "FROM base/one:1\nARG A=1\nRUN echo $A > /a\nCOPY *.txt /src/\n"
    more = {"dockerfile": dockerfile, "build_args": {"A": os.fsdecode(b"caf\xe9")}}
    assert project(**more)
    assert not project(**more)


def test_a_base_that_is_pruned_while_it_is_planned_is_missed(project, monkeypatch):
    """Without the base's layers there is no image, whatever the plan said."""
    engine = project.engine
    layers = stage.image_layers

    def pruned(*words):
        found = layers(*words)
        engine.full.home.blobs.delete(found.layers[0].descriptor.digest)
        return found

    monkeypatch.setattr(stage, "image_layers", pruned)
    with pytest.raises(NotFound):
        engine.build('FROM base/one:1\nCMD ["x"]\n', "late:1")
    with pytest.raises(NotFound):
        engine.image("late:1")
