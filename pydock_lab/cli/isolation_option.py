"""`--isolation`: a tier to use instead of the best one, of each command that may be asked for one."""

import click

from pydock_lab.cli.command import option
from pydock_lab.engine.ground import ISOLATIONS

_BEST = "default"

ISOLATION = option(
    "--isolation",
    type=click.Choice([_BEST, *ISOLATIONS]),
    default=_BEST,
    callback=lambda _context, _option, said: "" if said == _BEST else said,
)
"""The value is "" for the best one."""
