import pytest

from pydock_lab.dockerfile.instructions import Arg, CommandLine, Copy, Env, Pair, Run
from pydock_lab.dockerfile.positions import LineRange
from pydock_lab.dockerfile.stages import parse
from pydock_lab.errors import DockerfileError

TWO_STAGES = """\
ARG version=3.20
# build compiles
FROM --platform=$BUILDPLATFORM alpine:$version AS Build
RUN make
FROM scratch
ENV a=b c="d e"
COPY --from=build \\
  /app /app
"""


def test_stages() -> None:
    found = parse(TWO_STAGES)
    build, last = found.stages
    assert (build.name, build.base, build.platform) == ("build", "alpine:$version", "$BUILDPLATFORM")
    assert (last.name, last.base, last.lines) == ("", "scratch", LineRange(first=5, last=5))
    assert [arg.variables[0].default for arg in found.meta_args] == ["3.20"]
    assert build.start.description == "compiles"


def test_commands_keep_what_is_written() -> None:
    env, copy = parse(TWO_STAGES).stages[1].commands
    assert isinstance(env, Env)
    assert env.pairs == (Pair(key="a", value="b"), Pair(key="c", value='"d e"'))
    assert isinstance(copy, Copy)
    assert (copy.origin, copy.sources, copy.destination) == ("build", ("/app",), "/app")
    assert (copy.lines, copy.code) == (LineRange(first=7, last=8), "COPY --from=build   /app /app")


@pytest.mark.parametrize(("name", "index"), [("build", 0), ("BUILD", 0), ("0", 0), ("1", 1), ("2", None), ("", None)])
def test_stages_by_name(name: str, index: int | None) -> None:
    found = parse(TWO_STAGES)
    assert found.stage(name) is (None if index is None else found.stages[index])


def test_args_only_before_from() -> None:
    (arg,) = parse("ARG a b=").meta_args
    assert isinstance(arg, Arg)
    assert [(each.key, each.default) for each in arg.variables] == [("a", None), ("b", "")]


@pytest.mark.parametrize(
    ("code", "arguments", "is_shell"),
    [
        ("RUN a  b", ("a  b",), True),
        ('RUN ["a", "b"]', ("a", "b"), False),
        ("RUN ['a']", ("['a']",), True),
        ("RUN", (), True),
        ("RUN []", (), False),
    ],
)
def test_commands(code: str, arguments: tuple[str, ...], is_shell: bool) -> None:  # noqa: FBT001 - a table's column
    (run,) = parse(f"FROM a\n{code}").stages[0].commands
    assert isinstance(run, Run)
    assert run.command == CommandLine(arguments=arguments, is_shell=is_shell)


def test_a_file_written_in_place() -> None:
    (copy,) = parse("FROM a\nCOPY <<-'E' <<F f /d/\n\tx\n\tE\ny\nF\n").stages[0].commands
    assert isinstance(copy, Copy)
    assert [(each.name, each.data, each.expand) for each in copy.inline_files] == [
        ("E", "x\n", False),
        ("F", "y\n", True),
    ]
    assert copy.sources == ("f",)


def test_a_trigger_is_one_text() -> None:
    (onbuild,) = parse("FROM a\nonbuild RUN <<E\nx\nE\n").stages[0].commands
    assert onbuild.expression == "RUN <<E\nx\nE"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("BADCMD a", "instruction-unknown"),
        ("RNU a", "instruction-unknown-like"),
        ("RUN --mont=a b", "flag-unknown-like"),
        ("RUN --mount=from=$a,target=/b c", "mount-from-variable"),
        ("RUN --network=wlan a", "network"),
        ("RUN --security=none a", "security"),
        ("RUN --network=none --network=none a", "flag-twice"),
        ("COPY --link=1 a b", "flag-boolean"),
        ("COPY --link= a b", "flag-value"),
        ("COPY --from a b", "flag-value"),
        ("COPY a", "destination"),
        ("COPY a <<E\nE", "destination-heredoc"),
        ("FROM a b", "from-arguments"),
        ("FROM a AS 1", "stage-name"),
        ("ARG =a", "blank-name"),
        ("LABEL =a", "blank-name"),
        ("SHELL sh -c", "json-wanted"),
        ('VOLUME ["a", " "]', "volume-empty"),
        ("USER", "one-argument"),
        ("EXPOSE", "some-argument"),
        ("HEALTHCHECK NONE a", "healthcheck-none"),
        ("HEALTHCHECK curl a", "healthcheck-kind"),
        ("HEALTHCHECK CMD", "healthcheck-command"),
        ("HEALTHCHECK --interval=1us CMD a", "interval"),
        ("HEALTHCHECK --retries=x CMD a", "retries-number"),
        ("HEALTHCHECK --retries=-1 CMD a", "retries-negative"),
        ("ONBUILD ONBUILD RUN a", "onbuild-chain"),
        ("ONBUILD FROM a", "onbuild-trigger"),
        ("ONBUILD", "some-argument"),
    ],
)
def test_mistakes(code: str, key: str) -> None:
    with pytest.raises(DockerfileError) as caught:
        parse(f"FROM a\n\n{code}\n")
    assert (caught.value.key, caught.value.line) == (f"dockerfile.{key}", 3)


def test_a_stage_must_have_started() -> None:
    with pytest.raises(DockerfileError) as caught:
        parse("ARG a\nRUN \\\n b")
    assert (caught.value.key, caught.value.line) == ("dockerfile.no-stage", 2)


def test_a_beginner_is_told_what_to_write() -> None:
    with pytest.raises(DockerfileError) as caught:
        parse("FORM a")
    assert caught.value.message("en") == "unknown instruction: FORM"
    assert caught.value.hint("en") == "Did you mean FROM?"
    assert caught.value.hint("fr") == "Vouliez-vous dire FROM ?"
