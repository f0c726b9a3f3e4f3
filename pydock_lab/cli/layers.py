"""`pydock layers`: an image as its layers, opened where one asks for it."""

import click

from pydock_lab.cli.command import command, flag, option
from pydock_lab.cli.session import session
from pydock_lab.errors import CommandError
from pydock_lab.views import Opened


def register(group: click.Group) -> None:
    """Add the command to `group`."""

    @command(group, "layers")
    @option("--step", type=click.IntRange(1), metavar="NUMBER")
    @flag("--together")
    @option("--beside", metavar="IMAGE")
    @click.argument("image")
    @click.argument("path", default="")
    def layers(image: str, path: str, step: int | None, together: bool, beside: str | None) -> None:
        here = session()
        if beside is not None:
            if step is not None or together or path:
                raise CommandError("cli.beside-alone")
            here.face.show(here.engine.shared_layers(image, beside))
            return
        explorer = here.engine.layer_explorer(image)
        stack = explorer.view()
        if step is None and not together and not path:
            here.face.show_layers(explorer)
            return
        row = len(stack.rows) if step is None else step
        while step is None and row > 1 and stack.rows[row - 1].is_empty:
            row -= 1  # the uppermost that has files
        if row > len(stack.rows) or stack.rows[row - 1].is_empty:
            raise CommandError("cli.no-layer", step=row, image=image)
        explorer.open(row - 1, Opened.TOGETHER if together or step is None else Opened.CHANGES)
        explorer.open_path(row - 1, path)
        here.face.show_layers(explorer)
