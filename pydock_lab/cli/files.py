"""`pydock files`: a build context, which files are left out by which line, and which instruction takes which."""

from pathlib import Path

import click

from pydock_lab.cli.command import command, option
from pydock_lab.cli.session import session


def register(group: click.Group) -> None:
    """Add the command to `group`."""

    @command(group, "files")
    @option("-f", "--file", metavar="PATH")
    @click.argument("context", metavar="FOLDER")
    @click.argument("path", default="")
    def files(context: str, path: str, file: str | None) -> None:
        here = session()
        name = Path(file).name if file else "Dockerfile"
        explorer = here.engine.context_explorer(Path(context), dockerfile_name=name)
        explorer.open_path(path)
        here.face.show_context(explorer)
