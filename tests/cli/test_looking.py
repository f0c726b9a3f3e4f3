"""`pydock explain`: which build is meant, and its keys in plain text, such that anybody can compute their digests."""

import io
import shlex
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from samples.faces import RememberingFace

from pydock_lab.cli import invoke
from pydock_lab.drawing import to_text
from pydock_lab.errors import CommandError, NotFound
from pydock_lab.registry.server import RegistryServer


@pytest.fixture
def docker(engine):
    """`docker("explain ...")`: its face."""

    def do(line):
        face = RememberingFace()
        assert invoke(shlex.split(line), open_engine=lambda: engine.full, face=face) == 0
        return face

    return do


@pytest.fixture
def builds(engine, tmp_path):
    """Two builds of one image, the second with another file: their results."""
    (tmp_path / "a").write_text("1")
    text = "FROM scratch\nCOPY b /b\nCOPY a /a\nCOPY b /c\n"
    (tmp_path / "b").write_text("b")
    first = engine.build(text, "app:1", context=tmp_path)
    (tmp_path / "a").write_text("22")
    return first, engine.build(text, "app:1", context=tmp_path)


@pytest.mark.parametrize("name", ["", "app:1", "{build}", "{short}", "pydock/local/{build}", "{image}"])
def test_which_build_is_meant(docker, builds, name):
    build = builds[1].build
    named = name.format(build=build, short=build[:8], image=builds[1].image.id.removeprefix("sha256:")[:12])
    found = docker(f"explain {named}").shown[0]
    assert found.build == build
    assert [step.number for step in found.own] == [3]
    assert [step.number for step in found.consequences] == [4]


def test_the_same_in_python(engine, builds):
    found = builds[1].explain()
    assert found == engine.explain() == engine.explain("app:1")
    assert [file.path for file in found.first.causes[0].files] == ["a"]
    assert builds[0].explain().compared_with == ""


def test_a_forecast_in_python(engine, builds, tmp_path):
    text = "FROM scratch\nCOPY b /b\nCOPY a /a\nCOPY b /c\n"
    assert not any(step.missed for step in engine.predict(text, "app:1", context=tmp_path).steps)
    (tmp_path / "b").write_text("bb")
    found = engine.predict(text, "app:1", context=tmp_path)
    assert [step.number for step in found.steps if step.missed] == [2, 3, 4]
    assert engine.explain().build == builds[1].build


def test_a_key_and_the_python_that_computes_its_digest(docker, builds):  # noqa: ARG001 - what is explained
    for line in ("explain --keys", "explain --step 3", "explain app:1 --step 3 --keys"):
        lines = docker(line).written.splitlines()
        digest = next(each for each in lines if each.startswith("the key now: ")).rpartition(" ")[2]
        program = "\n".join(each.strip() for each in lines[-2:])
        with redirect_stdout(io.StringIO()) as printed:
            exec(program, {})  # it is there to be tried
        assert printed.getvalue().strip() == digest


@pytest.mark.usefixtures("containers")
def test_a_container_that_was_never_started_and_one_that_has_no_keys(docker, engine):
    docker("create --name never lab/busybox true")
    with pytest.raises(CommandError, match="has not been started yet"):
        docker("explain never")
    docker("run --name once lab/busybox true")
    with pytest.raises(CommandError, match="once is a container"):
        docker("explain once --keys")
    full = engine.full
    Path(full.home.starts.place(full.container("once").id)).unlink()  # it was long ago
    with pytest.raises(NotFound):
        docker("explain once")


def test_a_step_or_build_that_there_is_not(docker, builds):  # noqa: ARG001 - see above
    with pytest.raises(CommandError, match="there is no step 9"):
        docker("explain --step 9")
    with pytest.raises(NotFound):
        docker("explain other:1")


def test_a_push_and_a_pull_as_they_went(docker, builds, tmp_path):  # noqa: ARG001 - what is pushed
    with RegistryServer(tmp_path / "registry") as server:
        name = f"{server.address}/lab/app:1"
        docker(f"tag app:1 {name}")
        docker(f"push {name}")
        docker(f"pull {name}")

    def shown(line):
        return to_text(docker(line).shown[-1])

    said = shown("explain push")
    assert said.startswith(f"push {name}   ")
    assert "PUT manifest 1             201  the name means it now" in said
    assert shown(f"explain push {name}") == said
    assert "Nothing had to travel" in shown(f"explain pull {name}")
    step = shown("explain pull --step 1")
    assert ">  1  GET manifest 1" in step
    assert f"GET http://{server.address}/v2/lab/app/manifests/1\nThe manifest names the config" in step


def test_a_transfer_that_there_is_not(docker, builds):  # noqa: ARG001 - see above
    with pytest.raises(NotFound) as caught:
        docker("explain pull lab/other")
    assert caught.value.key == "store.no-transfer"
    with pytest.raises(CommandError) as two:
        docker("explain app app")
    assert two.value.key == "cli.one-name"
