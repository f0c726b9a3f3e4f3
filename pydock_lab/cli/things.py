"""Builders; and ours, what the notebook shows as pictures: layers, instances, doctor."""

import click

from pydock_lab.cli import build
from pydock_lab.cli.command import LocalGroup, command
from pydock_lab.cli.pruning import prune_command
from pydock_lab.cli.session import session


def register_builder(group: click.Group, name: str) -> None:
    """`docker builder`, also as `docker buildx`."""
    builder = LocalGroup(name, help_key="builder")
    group.add_command(builder)
    build.register(builder)
    prune_command(builder, ["builder"], key="builder")


def register_pictures(group: click.Group) -> None:
    """Ours: what the notebook shows as pictures, here as text."""

    @command(group, "layers")
    @click.argument("image")
    def layers(image: str) -> None:
        session().face.show(session().engine.layers(image))

    @command(group, "instances")
    def instances() -> None:
        session().face.show(session().engine.instances())

    @command(group, "namespaces")
    @click.argument("container")
    def namespaces(container: str) -> None:
        session().face.show(session().engine.namespaces(container))

    @command(group, "doctor")
    def doctor() -> None:
        session().face.show(session().engine.doctor())
