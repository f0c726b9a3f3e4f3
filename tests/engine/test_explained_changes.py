"""Single changes to a project, really built before and after: each is explained by exactly its one cause."""

import io
import os
import shutil

import pytest
from samples.base_images import busybox_tar
from samples.mutations import mutations, project

from pydock_lab.engine.face import Engine
from pydock_lab.engine.options import BuildOptions
from pydock_lab.views import CauseKind

BASE, OTHER = "base/one:1", "base/other:1"
COUNT = 200 if os.environ.get("PYDOCK_FUZZ") else 40


def write(folder, project):
    shutil.rmtree(folder, ignore_errors=True)
    for path, file in project.files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if file.target:
            place.symlink_to(file.target)
        else:
            place.write_text(file.content)
            place.chmod(file.mode)
    if project.ignore:
        (folder / ".dockerignore").write_text(project.ignore)


def build(engine, folder, project):
    write(folder, project)
    engine.full.build(
        BuildOptions(
            dockerfile=project.dockerfile,
            context=folder,
            build_args=project.build_args,
            target=project.target,
            add_hosts=project.add_hosts,
            tags=("app:1",),
        )
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A store in which the project has been built, to be copied."""
    home = tmp_path_factory.mktemp("home")
    engine = Engine(home)
    for name, files in ((BASE, {}), (OTHER, {"etc/other": "x"})):
        engine.full.import_(io.BytesIO(busybox_tar(files=files)), name)
    build(engine, tmp_path_factory.mktemp("project") / "context", project(BASE, OTHER))
    return home


@pytest.mark.fuzz
@pytest.mark.usefixtures("containers")
def test_one_change_has_one_cause(built, tmp_path):
    context = tmp_path / "context"
    failures = []
    for number, mutation in enumerate(mutations(COUNT, base=BASE, other=OTHER)):
        home = tmp_path / str(number)
        shutil.copytree(built, home, symlinks=True)
        engine = Engine(home)
        build(engine, context, mutation.after)
        causes = engine.full.explain("app:1").causes
        named = {cause.name for cause in causes} | {file.path for cause in causes for file in cause.files}
        if [cause.kind for cause in causes] != [mutation.kind] or (mutation.name and mutation.name not in named):
            failures.append((mutation.what, mutation.kind, mutation.name, [(one.kind, one.name) for one in causes]))
        shutil.rmtree(home)
    assert failures == []


@pytest.mark.usefixtures("containers")
def test_without_a_change_nothing_is_explained(built, tmp_path):
    shutil.copytree(built, tmp_path / "home", symlinks=True)
    engine = Engine(tmp_path / "home")
    build(engine, tmp_path / "context", project(BASE, OTHER))
    assert engine.full.explain("app:1").causes == ()
    assert CauseKind.GONE not in {cause.kind for cause in engine.full.explain().causes}
