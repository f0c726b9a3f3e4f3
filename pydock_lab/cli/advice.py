"""Ours: `whatif`, the edit that would have kept a step cached; `weigh`, where the bytes of an image or context are."""

from pathlib import Path

import click

from pydock_lab.cli.command import command, option
from pydock_lab.cli.path_types import FILE, FOLDER
from pydock_lab.cli.session import session


def register(group: click.Group) -> None:
    """Add the commands to `group`."""

    @command(group, "whatif")
    @click.argument("build", required=False, default="", metavar="[BUILD | IMAGE]")
    def whatif(build: str) -> None:
        session().face.show(session().engine.what_if(build))

    @command(group, "weigh")
    @option("-f", "--file", type=FILE, metavar="PATH")
    @click.argument("what", type=FOLDER, metavar="IMAGE | FOLDER")
    def weigh(what: str, file: str | None) -> None:
        engine = session().engine
        folder = Path(what)
        if folder.is_dir() and (what.startswith((".", "/", "~")) or what.endswith("/")):
            name = Path(file).name if file else "Dockerfile"
            session().face.show(engine.weigh_context(folder, dockerfile_name=name))
        else:
            session().face.show(engine.weigh(what))
