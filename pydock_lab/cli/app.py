"""The tree of commands: Docker's own, its management groups (`docker image ls`), and ours."""

import click

from pydock_lab.cli import (
    advice,
    asking,
    build,
    containers,
    images,
    inspecting,
    lab,
    life,
    looking,
    networks,
    pruning,
    registry,
    system,
    things,
    volumes,
    watching,
)
from pydock_lab.cli.command import LocalGroup


def make_app(name: str = "docker") -> click.Group:
    """All commands; `name` is the program's, as it stands in usage lines."""
    app = LocalGroup(name, help_key="app")
    build.register(app)
    images.register_list(app, "images")
    images.register_history(app)
    inspecting.register(app)
    images.register_rest(app)
    images.register_remove(app, "rmi")
    containers.register_run(app)
    containers.register_exec(app)
    life.register(app)
    containers.register_files(app)
    asking.register_list(app, "ps")
    asking.register_look(app)
    watching.register(app)
    watching.register_events(app)
    registry.register_transfer(app)
    registry.register_account(app)
    registry.register_ours(app)
    volumes.register(app)
    networks.register(app)
    system.register(app)
    things.register_pictures(app)
    advice.register(app)
    lab.register(app)
    looking.register(app)
    things.register_builder(app, "builder")
    things.register_builder(app, "buildx")
    _image_group(app)
    _container_group(app)
    return app


def _image_group(app: click.Group) -> None:
    group = LocalGroup("image")
    app.add_command(group)
    build.register(group)
    images.register_list(group, "ls")
    images.register_history(group)
    inspecting.register(group, kind="image")
    images.register_rest(group)
    images.register_remove(group, "rm")
    registry.register_transfer(group)
    pruning.prune_command(group, ["image"])


def _container_group(app: click.Group) -> None:
    group = LocalGroup("container")
    app.add_command(group)
    containers.register_run(group)
    containers.register_exec(group)
    life.register(group)
    containers.register_files(group)
    asking.register_list(group, "ls")
    asking.register_look(group)
    watching.register(group)
    inspecting.register(group, kind="container")
    pruning.prune_command(group, ["container"])
