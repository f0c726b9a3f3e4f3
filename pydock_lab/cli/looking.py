"""Ours: `explain`, why steps were not cached; `trace`, a build step by step; `debug`, a shell where a RUN failed."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from pydock_lab.cli.command import LocalCommand, command, flag, option
from pydock_lab.cli.session import session
from pydock_lab.errors import CommandError

if TYPE_CHECKING:
    from pydock_lab.views import Explanation, StepExplanation

_END = "--"


def register(group: click.Group) -> None:
    """Add the commands to `group`."""

    @command(group, "explain")
    @flag("--keys")
    @option("--step", type=int, metavar="NUMBER")
    @click.argument("build", required=False, default="", metavar="[BUILD | IMAGE]")
    def explain(build: str, keys: bool, step: int | None) -> None:
        here = session()
        found = here.engine.explain(_bare(build))
        if keys or step is not None:
            here.write_lines(_keys(found, step))
        else:
            here.face.show(found)

    @command(group, "trace")
    @option("--step", type=int, metavar="NUMBER")
    @click.argument("build", required=False, default="", metavar="[BUILD | IMAGE]")
    def trace(build: str, step: int | None) -> None:
        found = session().engine.trace(_bare(build))
        if step is not None and all(one.number != step for one in found.steps):
            raise CommandError("cli.no-step", step=step, count=len(found.steps))
        session().face.show(found.standing_at(step or 0))

    @click.command("debug", cls=_Debug, help_key="debug")
    @click.argument("build", required=False, default="", metavar="[BUILD] [-- COMMAND [ARG...]]")
    @click.pass_context
    def debug(context: click.Context, build: str) -> int:
        here = session()
        words: tuple[str, ...] = context.meta.get(_END, ())
        terminal = here.face.is_terminal
        with here.face.streams(interactive=terminal, terminal=terminal) as streams:
            return here.engine.debug(_bare(build), words, streams=streams, terminal=terminal)

    group.add_command(debug)


class _Debug(LocalCommand):
    """A command of which all behind `--` belongs to a program."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the program's words aside."""
        if _END in args:
            at = args.index(_END)
            ctx.meta[_END] = tuple(args[at + 1 :])
            args = args[:at]
        return super().parse_args(ctx, args)


def _bare(build: str) -> str:
    """A build's id in the reference that --metadata-file writes."""
    from pydock_lab.cli.metadata import BUILDER  # noqa: PLC0415 - only here

    return build.removeprefix(f"{BUILDER}/")


def _keys(found: "Explanation", step: int | None) -> Iterable[str]:
    """The keys in plain text: of one step, or of all that missed by themselves."""
    from pydock_lab.drawing.explanations import keys  # noqa: PLC0415 - only for who asks
    from pydock_lab.drawing.speech import Speech  # noqa: PLC0415 - see above

    for number, one in enumerate(_steps(found, step)):
        if number:
            yield ""
        yield from keys(one, Speech.of(None))


def _steps(found: "Explanation", step: int | None) -> "Sequence[StepExplanation]":
    if step is None:
        return found.own or [one for one in found.steps if one.after]
    chosen: list[Any] = [one for one in found.steps if one.number == step]
    if not chosen:
        raise CommandError("cli.no-step", step=step, count=len(found.steps))
    return chosen
