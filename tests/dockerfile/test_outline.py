"""What a Dockerfile can be asked for, target by target."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pydock_lab.dockerfile.outline import outline, targets
from pydock_lab.dockerfile.stages import parse
from pydock_lab.dockerfile.survey import BuildFacts
from pydock_lab.errors import DockerfileError, PydockError

TEXT = """\
ARG SUITE=stable
# IMAGE what it stands on
ARG IMAGE=debian:$SUITE
# build compiles
FROM $IMAGE AS build
ARG SUITE
RUN --mount=type=secret,target=/run/token --mount=type=ssh,id=git,required make
FROM scratch AS docs
ARG THEME
# app the program
FROM build AS app
# PORT where it listens
ARG PORT=8000 HOST
COPY --from=docs / /
RUN --mount=type=secret,id=token,required --mount=type=secret,id=key,env=KEY make
"""


def named(text=TEXT, **facts):
    found = outline(parse(text), BuildFacts(**facts))
    arguments = {one.name: one.value for one in found.arguments}
    mounts = [(one.name, one.is_required) for one in (*found.secrets, *found.agents)]
    return found.name, arguments, mounts


@pytest.mark.parametrize(
    ("target", "arguments", "mounts"),
    [
        ("docs", {"THEME": ""}, []),
        ("build", {"SUITE": "stable", "IMAGE": "debian:stable"}, [("token", False), ("git", True)]),
        (
            "app",
            {"SUITE": "stable", "IMAGE": "debian:stable", "THEME": "", "HOST": "", "PORT": "8000"},
            [("key", False), ("token", True), ("git", True)],
        ),
    ],
)
def test_only_what_the_target_needs(target, arguments, mounts):
    assert named(target=target) == (target, arguments, mounts)


def test_build_arguments_have_the_last_word():
    _, arguments, _ = named(target="build", build_args={"SUITE": "testing"})
    assert arguments == {"SUITE": "testing", "IMAGE": "debian:testing"}


def test_descriptions():
    found = outline(parse(TEXT))
    assert (found.description, {one.name for one in found.arguments if one.description}) == (
        "the program",
        {"IMAGE", "PORT"},
    )
    assert [(one.name, one.description, one.is_default) for one in targets(parse(TEXT))] == [
        ("build", "compiles", False),
        ("docs", "", False),
        ("app", "the program", True),
    ]


@pytest.mark.parametrize(("text", "key"), [("ARG a", "no-stages"), ("FROM $a", "base-blank"), ("FROM a", "target")])
def test_what_has_no_outline(text, key):
    with pytest.raises(DockerfileError) as caught:
        outline(parse(text), BuildFacts(target="b" if key == "target" else ""))
    assert caught.value.key == f"dockerfile.{key}"


PIECES = some.sampled_from(
    [
        *(
            "FROM a AS b\n",
            "FROM b\n",
            "FROM $x AS c\n",
            "ARG x=b\n",
            "ARG x=$x y\n",
            "# x it\n",
            "COPY --from=b . .\n",
        ),
        *("RUN --mount=type=secret,target=/ x\n", "RUN --mount=type=ssh,from=b,id=$y x\n", "$", "é"),
        *("ONBUILD ARG z\n", "COPY --from=b . .\n"),
    ]
)


@given(some.lists(PIECES, max_size=15).map("".join))
def test_any_dockerfile_has_an_outline_or_an_error(text):
    try:
        dockerfile = parse(f"FROM a AS b\n{text}")
        found = outline(dockerfile)
    except PydockError as error:
        error.message("fr")  # KeyError where it has no words
    else:
        assert len(targets(dockerfile)) == len(dockerfile.stages)
        assert len({one.name for one in found.arguments}) == len(found.arguments)
