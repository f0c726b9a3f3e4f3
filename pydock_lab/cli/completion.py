"""Completion: commands and options by click, names of images, containers, volumes and networks by the engine."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import click
from click.shell_completion import ShellComplete

from pydock_lab.cli.app import make_app
from pydock_lab.cli.path_types import files, folders
from pydock_lab.engine.base import Engine
from pydock_lab.errors import PydockError

_Names = Callable[[Engine], Iterable[str]]


def _images(engine: Engine) -> Iterable[str]:
    return (f"{row.repository}:{row.tag}" for row in engine.images() if row.tag != "<none>")


def _containers(engine: Engine) -> Iterable[str]:
    return (row.name for row in engine.containers(all_=True))


def _volumes(engine: Engine) -> Iterable[str]:
    return (row.name for row in engine.volumes())


def _networks(engine: Engine) -> Iterable[str]:
    return (row.name for row in engine.networks())


def _networks_and_containers(engine: Engine) -> Iterable[str]:
    return [*_networks(engine), *_containers(engine)]


def _both(engine: Engine) -> Iterable[str]:
    return [*_images(engine), *_containers(engine)]


def _everything(engine: Engine) -> Iterable[str]:
    return {*_both(engine), *_volumes(engine), *_networks(engine)}


# What the argument of a command names.
_ARGUMENTS: Mapping[str, _Names] = {
    **dict.fromkeys(("run", "create", "history", "rmi", "tag", "push", "pull", "save", "layers"), _images),
    **dict.fromkeys(
        ("exec", "logs", "stop", "start", "restart", "kill", "wait", "rm", "rename", "top", "attach"), _containers
    ),
    **dict.fromkeys(
        ("diff", "port", "cp", "commit", "export", "pause", "unpause", "update", "stats", "namespaces"), _containers
    ),
    "inspect": _everything,
    "explain": lambda engine: [*_both(engine), "pull", "push"],
    **dict.fromkeys(("images", "argv"), _images),
}
# What the value of an option names.
_VALUES: Mapping[str, _Names] = {
    **dict.fromkeys(("--network", "--net"), _networks),
    **dict.fromkeys(("--volumes-from", "--link"), _containers),
    "--root": _images,
}
# Of commands in a group whose arguments are other ones than those of the command of the same name.
_IN_GROUPS: Mapping[str, _Names] = {
    **dict.fromkeys(("volume-rm", "volume-inspect"), _volumes),
    **dict.fromkeys(("network-rm", "network-inspect"), _networks),
    **dict.fromkeys(("network-connect", "network-disconnect"), _networks_and_containers),
    **dict.fromkeys(("image-rm", "image-inspect"), _images),
    "container-inspect": _containers,
}
_OTHERS = ("volume", "network")


def _itself(value: str) -> list[str]:
    return [value]


_PATHS: Mapping[str, Callable[[str], list[str]]] = {"dir": folders, "file": files}


def completions(words: Sequence[str], incomplete: str, engine: Engine | None) -> list[str]:
    """What may stand at this place, sorted as Docker's own completion is: names first, then options."""
    app = make_app()
    found = ShellComplete(app, {}, "docker", "_").get_completions(list(words), incomplete)
    offered = [value for item in found for value in _PATHS.get(item.type, _itself)(item.value)]
    named = [] if incomplete.startswith("-") or engine is None else _named(app, words, engine)
    return [*(name for name in named if name.startswith(incomplete)), *offered]


def _named(app: click.Group, words: Sequence[str], engine: Engine) -> list[str]:
    """The names that the engine knows for the argument that stands here, or for the value of the option before it."""
    command: click.Command = app
    context = click.Context(app)
    key = ""
    for word in words:
        if isinstance(command, click.Group) and word in command.list_commands(context):
            key = f"{command.name}-{word}" if command is not app else word
            command = command.get_command(context, word) or command
    if (option := _waiting(command, words)) is not None:
        names = next((_VALUES[name] for name in option.opts if name in _VALUES), None)
    elif (names := _IN_GROUPS.get(key)) is None and not key.startswith(_OTHERS):
        names = _ARGUMENTS.get(key.rpartition("-")[2])
    try:
        return sorted(names(engine)) if names else []
    except PydockError:  # completion never fails
        return []


def _waiting(command: click.Command, words: Sequence[str]) -> click.Option | None:
    """The option whose value comes next."""
    options = (one for one in command.params if isinstance(one, click.Option) and not (one.is_flag or one.count))
    return next((one for one in options if words and words[-1] in one.opts), None)
