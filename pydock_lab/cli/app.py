"""The tree of commands: Docker's own, its management groups (`docker image ls`), and ours.

Each line says which commands a module makes; it is imported when one of them is asked for.
"""

from functools import cache

import click

from pydock_lab import locale
from pydock_lab.cli.command import LocalGroup, LocalOption
from pydock_lab.cli.session import Session
from pydock_lab.version import __version__

_LIFE = "attach kill pause rename restart rm start stop unpause update wait"


@cache
def make_app(name: str = "docker") -> LocalGroup:
    """All commands, made once; `name` is the program's, as it stands in usage lines."""
    version = LocalOption(["-v", "--version"], is_flag=True, is_eager=True, expose_value=False, callback=_tell_version)
    app = LocalGroup(name, help_key="app", params=[version])
    app.later("build", "build")
    app.later("images", "images", "register_list", "images")
    app.later("history", "images", "register_history")
    app.later("inspect", "inspecting")
    app.later("import load save tag", "images", "register_rest")
    app.later("rmi", "images", "register_remove", "rmi")
    app.later("create run", "containers", "register_run")
    app.later("exec", "containers", "register_exec")
    app.later(_LIFE, "life")
    app.later("commit cp export", "containers", "register_files")
    app.later("ps", "asking", "register_list", "ps")
    app.later("diff logs port", "asking", "register_look")
    app.later("stats top", "watching")
    app.later("events", "watching", "register_events")
    app.later("pull push", "registry", "register_transfer")
    app.later("login logout search", "registry", "register_account")
    app.later("tree", "registry", "register_ours")
    app.later("registry", "serving")
    app.later("manifest", "remote", "register_manifest")
    app.later("volume", "volumes")
    app.later("network", "networks")
    app.later("info system version", "system")
    app.later("argv doctor instances namespaces unshare", "things", "register_pictures")
    app.later("layers", "layers")
    app.later("weigh whatif", "advice")
    app.later("files", "files")
    app.later("completion lab", "lab")
    app.later("debug explain trace", "looking")
    app.later("builder", "things", "register_builder", "builder")
    app.later("buildx", "things", "register_builder", "buildx")
    app.add_command(_image_group())
    app.add_command(_container_group())
    return app


def _tell_version(context: click.Context, _option: click.Parameter, is_asked: bool) -> None:
    """`docker --version`: one line, and no further command."""
    if is_asked:
        here = context.ensure_object(Session)
        here.write(locale.text("cli.version-line", version=__version__))
        context.exit()


def _image_group() -> LocalGroup:
    group = LocalGroup("image")
    group.later("build", "build")
    group.later("ls", "images", "register_list", "ls")
    group.later("history", "images", "register_history")
    group.later("inspect", "inspecting", kind="image")
    group.later("import load save tag", "images", "register_rest")
    group.later("rm", "images", "register_remove", "rm")
    group.later("pull push", "registry", "register_transfer")
    group.later("prune", "pruning", "prune_command", ["image"])
    return group


def _container_group() -> LocalGroup:
    group = LocalGroup("container")
    group.later("create run", "containers", "register_run")
    group.later("exec", "containers", "register_exec")
    group.later(_LIFE, "life")
    group.later("commit cp export", "containers", "register_files")
    group.later("ls", "asking", "register_list", "ls")
    group.later("diff logs port", "asking", "register_look")
    group.later("stats top", "watching")
    group.later("inspect", "inspecting", kind="container")
    group.later("prune", "pruning", "prune_command", ["container"])
    return group
