"""Our options against those of the docker client on this machine, command by command."""

import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

import click
import pytest
from samples.docker_help import docker_options

from pydock_lab import locale
from pydock_lab.cli.app import make_app
from pydock_lab.cli.command import LocalOption, command_help, option_help

LIST = tomllib.loads((Path(__file__).parent / "missing_options.toml").read_text(encoding="utf-8"))
# buildx is not part of every client: its `build` and `prune` are those of `docker builder` here.
OURS_ALONE = {
    *("layers", "instances", "doctor", "tree", "registry", "lab", "completion"),
    *("explain", "trace", "weigh", "whatif", "files", "debug", "buildx", "namespaces", "unshare", "argv"),
}
OF_OURS = {("system", "check")}


def commands(group, path=()):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def dockers_own():
    return [
        (path, one) for path, one in commands(make_app().whole()) if path[0] not in OURS_ALONE and path not in OF_OURS
    ]


def long_options(command):
    return {
        name.lstrip("-")
        for one in command.params
        if isinstance(one, click.Option)
        for name in one.opts
        if name[1] == "-"
    }


@pytest.fixture(scope="module")
def differences(need):
    """By option the commands of Docker that lack it here, and by command the options that only we have."""
    docker = need("docker")
    missing, extra = defaultdict(list), {}
    for path, command in dockers_own():
        theirs, ours = docker_options(docker, *path), long_options(command)
        for name in theirs - ours:
            missing[name].append(" ".join(path))
        if ours - theirs:
            extra[" ".join(path)] = sorted(ours - theirs)
    return {name: sorted(found) for name, found in missing.items()}, extra


def test_every_option_of_docker_that_we_lack_is_listed_with_its_reason(differences):
    listed = {one["option"]: one["commands"] for one in LIST["missing"]}
    assert listed == differences[0]
    assert all(one["reason"] for one in LIST["missing"])


def test_every_option_of_ours_that_docker_lacks_is_listed_with_its_reason(differences):
    assert {one["command"]: one["options"] for one in LIST["ours"]} == differences[1]
    assert all(one["reason"] for one in LIST["ours"])


@pytest.mark.parametrize("language", locale.LANGUAGES)
def test_every_command_and_option_has_its_help(language, monkeypatch):
    monkeypatch.setattr(locale, "lang", lambda: language)
    for path, command in commands(make_app().whole()):
        assert command_help(command.help_key)
        for one in command.params:
            if isinstance(one, LocalOption):
                assert option_help(command.name, one), path


def test_no_help_is_for_a_command_or_an_option_that_there_is_not():
    used = {"help-app", "option-help", "option-version"}
    for path, command in commands(make_app().whole()):
        used |= {f"help-{command.help_key}", *(f"help-{name}" for name in path)}
        for one in command.params:
            if isinstance(one, click.Option):
                name = max(one.opts, key=len).lstrip("-")
                used |= {f"option-{name}", f"option-{command.name}-{name}"}
    texts = {key for key in locale.catalog("en", "cli") if key.startswith(("help-", "option-")) and "." not in key}
    # These are errors that happen to begin so.
    assert texts - used - {"option-needs-value"} == set()


def test_each_command_is_made_by_who_is_said_to_make_it():
    """Commands are made when they are asked for: those that a module makes are those that its line in app.py names."""
    app = make_app()
    for group in (app, app.get_command(click.Context(app), "image"), app.get_command(click.Context(app), "container")):
        named = group.list_commands(click.Context(group))
        assert sorted(group.whole().commands) == named
        assert all(group.get_command(click.Context(group), name).name == name for name in named)


def test_a_command_imports_what_it_needs_alone():
    code = (
        "import sys, click\nfrom pydock_lab.cli.app import make_app\napp = make_app()\n"
        "app.get_command(click.Context(app), 'ps')\nprint(*sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "pydock_lab.cli.asking" in shown
    assert not {f"pydock_lab.cli.{name}" for name in ("build", "registry", "run_options", "life")} & set(shown)


@pytest.mark.parametrize(
    ("words", "said", "program"),
    [
        ("--rm=true -it=false box", {"rm": True, "interactive": True, "tty": False}, ""),
        ("--rm=false -e --rm=true box --rm=false", {"rm": False, "env": ("--rm=true",)}, "--rm=false"),
        ("-ie A=1 --init=1 box sh -c=true", {"interactive": True, "init": True, "env": ("A=1",)}, "sh -c=true"),
        ("--init=FALSE -- box --init=true", {"init": False}, "--init=true"),
        ("--sig-proxy=false --name --rm box", {"sig_proxy": False, "name": "--rm"}, ""),
    ],
)
def test_flags_with_a_value_before_the_words_of_a_program(words, said, program):
    found = make_app("pydock").get_command(None, "run").make_context("run", words.split()).params
    assert (found["image"], " ".join(found["words"])) == ("box", program)
    assert {name: found[name] for name in said} == said
