"""`docker debug`: a RUN that failed, looked into as it was left; and the error that says how."""

import pytest
from samples.faces import RememberingFace

from pydock_lab.cli import invoke
from pydock_lab.errors import BuildError, NotFound

TEXT = """FROM lab/base
WORKDIR /work
ENV WORD=there
ARG GIVEN=too
RUN echo below > /work/below
USER 12:13
SHELL ["/bin/bash", "-eu", "-c"]
RUN echo left > /tmp/left; rm -f /tmp/nothing; echo said; false
"""


@pytest.fixture
def docker(engine):
    """`docker("debug", ...)`: the status and the face."""

    def do(*words):
        face = RememberingFace()
        return invoke(words, open_engine=lambda: engine.full, face=face), face

    return do


@pytest.fixture
def failed(engine, containers):  # noqa: ARG001 - it runs something
    """The error of a build that failed in its last step."""
    with pytest.raises(BuildError) as caught:
        engine.build(TEXT)
    return caught.value


LOOKS = [
    (["cat", "/tmp/left", "/work/below"], "left\nbelow\n", 0),
    (["pwd"], "/work\n", 0),
    (["sh", "-c", "echo $WORD $GIVEN; id -u; id -g"], "there too\n12\n13\n", 0),
    (["sh", "-c", "exit 7"], "", 7),
    (["hostname"], "buildkitsandbox\n", 0),
]


@pytest.mark.usefixtures("failed")
def test_it_is_exactly_the_state_of_the_step(docker):
    for command, written, status in LOOKS:
        found = docker("debug", "--", *command)
        assert (found[0], found[1].written) == (status, written), command


@pytest.mark.usefixtures("failed")
def test_without_a_command_and_a_terminal_it_looks_around(docker):
    status, face = docker("debug")
    assert status == 0
    assert face.written.startswith("/work\nuid=12 gid=13")
    assert "WORD=there" in face.written
    assert "below" in face.written


@pytest.mark.usefixtures("failed")
def test_looking_changes_nothing(docker):
    docker("debug", "--", "sh", "-c", "rm /tmp/left; echo new > /tmp/new")
    assert docker("debug", "--", "sh", "-c", "cat /tmp/left; ls /tmp")[1].written == "left\nleft\n"


@pytest.mark.usefixtures("failed")
def test_a_build_by_its_id(docker, engine):
    [build] = engine.full.home.builds
    assert docker("debug", build[:6], "--", "pwd")[1].written == "/work\n"
    assert docker("debug", f"pydock/local/{build}", "--", "pwd")[1].written == "/work\n"
    with pytest.raises(NotFound, match="nosuch"):
        docker("debug", "nosuch", "--", "pwd")


@pytest.mark.usefixtures("failed")
def test_the_last_failure_is_kept_until_the_next_one(docker, engine):
    engine.build("FROM lab/base\nRUN true\n")
    assert docker("debug", "--", "cat", "/tmp/left")[1].written == "left\n"
    with pytest.raises(BuildError):
        engine.build("FROM lab/base\nRUN exit 3\n")
    assert docker("debug", "--", "sh", "-c", "cat /tmp/left || echo other")[1].written == "other\n"


@pytest.mark.usefixtures("failed")
def test_pruning_images_leaves_it_and_pruning_all_takes_it(docker):
    docker("system", "prune", "-f")
    assert docker("debug", "--", "cat", "/work/below")[1].written == "below\n"
    docker("system", "prune", "-a", "-f")
    with pytest.raises(NotFound):
        docker("debug")


HINTS = {"en": "Look into it: pydock debug", "fr": "Pour y regarder : pydock debug"}


@pytest.mark.parametrize("language", HINTS)
def test_the_error_says_how(failed, engine, language):
    with pytest.raises(BuildError) as silent:
        engine.build("FROM lab/base\nRUN false\n")
    for error in (failed, silent.value):
        assert error.hint(language).endswith(HINTS[language])
    assert "said" in failed.hint(language)
