import gc
import http.client
from contextlib import closing
from typing import Any

import pytest
from samples import views

from pydock_lab import locale
from pydock_lab.errors import BuildError, CommandError, DockerfileError, Interrupted, NotFound

CELL = "%%dockerfile -t a:1\nFROM lab/base\nRUN echo $HOME {not} ${VAR}\n"


def test_a_cell_is_a_dockerfile(shell: Any, fake: Any) -> None:
    assert shell.run(CELL).success
    [options] = fake.built
    assert options.tags == ("a:1",)
    assert options.dockerfile == "FROM lab/base\nRUN echo $HOME {not} ${VAR}\n"
    assert options.context is None


def test_its_options_are_those_of_docker_build(shell: Any, fake: Any, tmp_path: Any) -> None:
    shell.shell.user_ns["version"] = "2 b"
    line = f"-t a:1 --tag b --build-arg V={{version}} --target s --no-cache --context {tmp_path}"
    assert shell.run(f"%%dockerfile {line}\nFROM scratch AS s").success
    [options] = fake.built
    assert (options.tags, options.build_args, options.target) == (("a:1", "b"), {"V": "2 b"}, "s")
    assert options.no_cache
    assert options.context == tmp_path


def test_all_options_of_the_command_line_are_options_of_a_cell(shell: Any, fake: Any, tmp_path: Any) -> None:
    (tmp_path / "token").write_text("x")
    line = (
        f"--secret id=t,src={tmp_path}/token --no-cache-filter s --add-host a:1.2.3.4 --shm-size 1m -o {tmp_path}/out"
    )
    assert shell.run(f"%%dockerfile {line} --cache-to type=inline\nFROM scratch AS s").success
    [options] = fake.built
    assert (options.secrets[0].path, options.no_cache_filter) == (tmp_path / "token", ("s",))
    assert (options.add_hosts, options.shm_size) == (("a:1.2.3.4",), 1 << 20)
    assert (options.outputs[0].path, options.cache_to[0].kind) == (tmp_path / "out", "inline")


@pytest.mark.parametrize(
    ("cell", "shows"),
    [
        ("%%dockerfile --predict\nFROM scratch", "nothing was built: this is a forecast"),
        ("%explain", "1 of 1 steps"),
        ("%explain shop:1.2", "RUN make"),
        ("%explain --keys", "sha256:44136fa3"),
        ("%explain --step 2", "sha256:44136fa3"),
        ("%docker explain", "RUN make"),
        ("%explain web", "pivot_root"),
        ("%namespaces web", "nginx"),
        ("%docker debug", "exit status 5"),
        ("%docker debug b1 -- ls /", "b1 ls / False"),
    ],
)
def test_what_was_not_cached_and_what_has_failed(shell: Any, cell: str, shows: str) -> None:
    assert shell.run(cell).success
    assert shows in shell.shown


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("%trace nope", "there is no record of a build nope"),
        ("%trace a b", "this is written: %trace [BUILD | IMAGE]"),
        ("%explain nope", "there is no record of a build nope"),
        ("%explain --step 9", "there is no step 9 here"),
        ("%explain web --step 99", "there is no step 99"),
        ("%namespaces nobody", "nobody"),
        ("%%dockerfile --sbom=true\nFROM a", "--sbom is not supported here"),
        ("%%dockerfile -o -\nFROM a", "an archive is not written to a terminal"),
    ],
)
def test_what_cannot_be_is_said(shell: Any, cell: str, words: str) -> None:
    assert not shell.run(cell).success
    assert words in shell.shown


def test_progress_and_layers_are_shown(shell: Any) -> None:
    shell.run(CELL)
    assert "from the cache" in shell.shown
    assert "a:1: 2 steps, 1 from the cache" in shell.shown
    assert '<img alt="Layers of shop:1.2' in shell.shown


def test_out_binds_the_result(shell: Any) -> None:
    shell.run("%%dockerfile -t a --out image\nFROM scratch")
    assert shell.shell.user_ns["image"].stack is views.SHOP


def test_quiet_shows_nothing(shell: Any, fake: Any) -> None:
    shell.run("%%dockerfile -t a --quiet\nFROM scratch")
    assert fake.built
    assert shell.shown == ""


def test_a_failed_step_keeps_its_output_in_sight(shell: Any, fake: Any) -> None:
    fake.raises = BuildError("build.volume-empty", line=1)
    result = shell.run(CELL)
    assert isinstance(result.error_in_exec, BuildError)
    assert "FROM lab/base" in shell.shown
    assert "(line 2 of the cell)" in shell.shown


@pytest.mark.parametrize(
    ("cell", "kind", "words"),
    [
        ("%%dockerfile --out 1x\nFROM a", CommandError, "--out 1x: not a name for a Python variable"),
        ("%%dockerfile --out class\nFROM a", CommandError, "--out class: not a name for a Python variable"),
        ("%%dockerfile -t a --out\nFROM a", CommandError, "--out needs a value"),
        ("%%dockerfile --nope\nFROM a", CommandError, "--nope"),
        ("%%dockerfile -t {nope}\nFROM a", CommandError, "there is no Python variable nope"),
        ("%docker rn a", CommandError, "'rn' is not a command of docker"),
        ("%docker run 'a", CommandError, "a quotation mark is not closed: run 'a"),
        ("%layers", CommandError, "this is written: %layers app:1"),
        ("%layers nope", NotFound, "nope"),
        ("%layers shop:1.2 --step 2", CommandError, "step 2 of shop:1.2 has no layer"),
        ("%instances x", CommandError, "this is written: %instances"),
        ("%doctor x", CommandError, "this is written: %doctor"),
        (
            "%registry",
            CommandError,
            "%registry [HOST[/REPOSITORY] | start [PORT] [OPTION...] | log [COUNT] | story NAME | stop]",
        ),
        ("%registry stop", CommandError, "no registry runs in this notebook"),
        ("%docker run -i shop:1.2 cat", CommandError, "cannot read from the keyboard"),
        ("%docker load", CommandError, "there is nothing to read here"),
    ],
)
def test_what_is_wrong_is_said_in_two_lines(shell: Any, cell: str, kind: type[Exception], words: str) -> None:
    result = shell.run(cell)
    assert isinstance(result.error_in_exec, kind)
    assert words in shell.shown
    assert "Traceback" not in shell.shown
    assert 1 <= len(shell.shown.strip().splitlines()) <= 2


def test_a_dockerfile_error_names_the_line_of_the_cell(shell: Any, fake: Any) -> None:
    fake.raises = DockerfileError("dockerfile.instruction-unknown-like", line=2, instruction="FORM", suggestion="FROM")
    shell.run(CELL)
    assert "unknown instruction: FORM (line 3 of the cell)" in shell.shown
    assert "→ Did you mean FROM?" in shell.shown


def test_the_whole_traceback_is_there_for_those_who_want_it(shell: Any) -> None:
    shell.run("%xmode Plain")
    shell.run("%layers nope")
    assert "Traceback" in shell.shown
    shell.run("%xmode Context")


@pytest.mark.parametrize("cell", [CELL, "%%dockerfile --quiet\nFROM a"])
def test_the_stop_button_is_one_short_error(shell: Any, fake: Any, cell: str) -> None:
    fake.raises = KeyboardInterrupt()
    result = shell.run(cell)
    assert isinstance(result.error_in_exec, Interrupted)
    assert "Interrupted" in shell.shown
    assert "Traceback" not in shell.shown


def test_docker_shows_both_streams_and_the_exit_status(shell: Any, fake: Any) -> None:
    result = shell.run("%docker run --name x shop:1.2 echo '{a b}' {{name}}")
    assert result.success
    assert fake.ran[0].command == ("echo", "{a b}", "{name}")
    assert "out &lt;x&gt;" in shell.shown
    assert 'class="pydock-stderr"' in shell.shown
    assert "exit status 3" in shell.shown
    assert shell.shell.user_ns["_exit_code"] == 3


@pytest.mark.parametrize(
    ("cell", "is_said"),
    [
        ("%%docker images\nbody", True),
        ("%%docker images\n  \n", False),
        ("%%docker build -t a:1 -\nFROM scratch", False),
        ("%docker images", False),
    ],
)
def test_a_body_that_nobody_has_read_is_said(shell: Any, cell: str, *, is_said: bool) -> None:
    assert shell.run(cell).success
    assert ("Nobody has read the body" in shell.shown) == is_said


def test_the_body_of_a_docker_cell_is_what_the_program_reads(shell: Any) -> None:
    shell.run("%%docker run -i shop:1.2 cat\ntyped here")
    assert "typed here" in shell.shown


def test_docker_lists_on_the_standard_output(shell: Any) -> None:
    shell.run("%docker ps")
    assert "web1" in shell.captured.stdout


@pytest.mark.parametrize(
    ("magic", "kind"),
    [
        ("%layers shop:1.2", "Layers"),
        ("%images", "Forest"),
        ("%instances", "LiveInstances"),
        ("%doctor", "Facets"),
        ("%registry h:5", "Tags"),
    ],
)
def test_pictures(shell: Any, magic: str, kind: str) -> None:
    result = shell.run(magic)
    assert type(result.result).__name__ == kind
    assert "<img alt=" in shell.shell.display_formatter.format(result.result)[0]["text/html"]


def test_layers_are_opened_by_words(shell: Any) -> None:
    assert shell.run("%layers shop:1.2 --step 1 /etc").result is None
    assert "Layers of shop:1.2" in shell.shown


def test_a_registry_of_ones_own(shell: Any, home: Any) -> None:
    shell.run("%registry start 0 --out address")
    assert shell.shell.user_ns["address"] in shell.shown
    assert "Your registry answers at 127.0.0.1:" in shell.shown
    assert type(shell.run("%registry").result).__name__ == "Tags"
    assert shell.run("%registry stop").success
    assert not shell.run("%registry").success
    assert home.is_dir()


def test_a_registry_with_users_tokens_and_a_log(shell: Any) -> None:
    shell.run("%registry start 0 --user alice:pw --tokens --public --out address")
    with closing(http.client.HTTPConnection(shell.shell.user_ns["address"], timeout=10)) as connection:
        connection.request("GET", "/v2/")
        assert "Bearer" in str(connection.getresponse().headers["WWW-Authenticate"])
    shell.run("%registry log")
    assert "- GET /v2/ 401" in shell.shown
    assert shell.run("%registry log 0").success
    assert "GET" not in shell.shown
    assert shell.run("%registry stop").success
    assert not shell.run("%registry log").success


def test_a_cell_does_not_wait_for_a_registry(shell: Any) -> None:
    error = shell.run("%docker registry serve --port 0").error_in_exec
    assert error.key == "notebook.not-here"
    assert shell.run("%registry start 0 --nonsense").error_in_exec.key == "cli.unknown-option"


def test_config_switches_the_language(shell: Any) -> None:
    assert shell.run("%config DockerMagics.lang = 'fr'").success
    assert locale.lang() == "fr"
    shell.run("%layers")
    assert "écrit : %layers app:1" in shell.shown


def test_magics_explain_themselves(shell: Any) -> None:
    found = shell.shell.object_inspect("%%dockerfile")
    assert "--build-arg NAME=VALUE" in found["docstring"]


@pytest.mark.parametrize(
    "magic",
    ["argv", "context", "docker", "%dockerfile", "doctor", "explain", "images", "instances", "layers", "namespaces",
     "registry", "trace", "unshare"],
)  # fmt: skip
def test_help_is_in_the_readers_language(shell: Any, magic: str) -> None:
    shown = []
    for language in locale.LANGUAGES:
        locale.set_lang(language)
        body = "FROM a" if magic[0] == "%" else ""
        assert shell.run(f"%{magic} --help\n{body}").success
        shown.append(shell.captured.stdout)
    assert all(len(text.splitlines()) > 2 for text in shown)
    assert shown[0] != shown[1]


@pytest.mark.parametrize("cell", ["%layers shop:1.2", "%layers", "%doctor nothing"])
def test_garbage_is_searched_for_again_after_a_picture(shell: Any, cell: str) -> None:
    shell.run(cell)
    assert gc.isenabled()
