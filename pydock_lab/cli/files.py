"""`pydock files`: a build context, which files are left out by which line, and which instruction takes which."""

import errno
import os
from pathlib import Path

import click

from pydock_lab.cli.build import name_in
from pydock_lab.cli.command import command, option
from pydock_lab.cli.path_types import FILE, FOLDER
from pydock_lab.cli.session import session
from pydock_lab.errors import CommandError


def register(group: click.Group) -> None:
    """Add the command to `group`."""

    @command(group, "files")
    @option("-f", "--file", type=FILE, metavar="PATH")
    @click.argument("context", type=FOLDER, metavar="FOLDER")
    @click.argument("path", default="")
    def files(context: str, path: str, file: str | None) -> None:
        here = session()
        if file and not Path(file).is_file():
            raise CommandError("cli.no-dockerfile", path=file, reason=os.strerror(errno.ENOENT))
        name = name_in(Path(file), Path(context)) if file else "Dockerfile"
        explorer = here.engine.context_explorer(Path(context), dockerfile_name=name)
        explorer.open_path(path)
        here.face.show_context(explorer)
