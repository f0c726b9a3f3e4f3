"""Completion: commands and options by click, names of images, containers and volumes by the engine."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import click
from click.shell_completion import ShellComplete

from pydock_lab.cli.app import make_app
from pydock_lab.engine.base import Engine
from pydock_lab.errors import PydockError

_Names = Callable[[Engine], Iterable[str]]


def _images(engine: Engine) -> Iterable[str]:
    return (f"{row.repository}:{row.tag}" for row in engine.images() if row.tag != "<none>")


def _containers(engine: Engine) -> Iterable[str]:
    return (row.name for row in engine.containers(all_=True))


def _volumes(engine: Engine) -> Iterable[str]:
    return (row.name for row in engine.volumes())


def _both(engine: Engine) -> Iterable[str]:
    return [*_images(engine), *_containers(engine)]


# What the argument of a command names.
_ARGUMENTS: Mapping[str, _Names] = {
    **dict.fromkeys(("run", "create", "history", "rmi", "tag", "push", "pull", "save", "layers", "explain"), _images),
    **dict.fromkeys(("exec", "logs", "stop", "start", "restart", "kill", "wait", "rm", "rename"), _containers),
    **dict.fromkeys(("diff", "port", "cp", "commit"), _containers),
    "inspect": _both,
    "images": _images,
}


def completions(words: Sequence[str], incomplete: str, engine: Engine | None) -> list[str]:
    """What may stand at this place, sorted as Docker's own completion is: names first, then options."""
    app = make_app()
    found = ShellComplete(app, {}, "docker", "_").get_completions(list(words), incomplete)
    offered = [item.value for item in found if item.type == "plain"]
    named = [] if incomplete.startswith("-") or engine is None else _named(app, words, engine)
    return [*(name for name in named if name.startswith(incomplete)), *offered]


def _named(app: click.Group, words: Sequence[str], engine: Engine) -> list[str]:
    """The names that the engine knows for the argument that stands here."""
    command: click.Command = app
    key = ""
    for word in words:
        if isinstance(command, click.Group) and word in command.commands:
            key = f"{command.name}-{word}" if command is not app else word
            command = command.commands[word]
    names = _ARGUMENTS.get(key.rpartition("-")[2] if not key.startswith(("volume", "image-rm")) else "")
    if key in ("volume-rm", "volume-inspect"):
        names = _volumes
    elif key == "image-rm":
        names = _images
    try:
        return sorted(names(engine)) if names else []
    except PydockError:  # completion never fails
        return []
