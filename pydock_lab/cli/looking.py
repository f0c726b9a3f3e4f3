"""Ours: `explain`, `trace` and `debug`.

`explain` says why steps were not cached, and how a container was started; `trace` shows a build step by step; `debug`
opens a shell where a RUN failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pydock_lab.cli.command import LocalCommand, command, flag, option
from pydock_lab.cli.session import session
from pydock_lab.errors import CommandError, NotFound

if TYPE_CHECKING:
    from pydock_lab.engine.base import Engine
    from pydock_lab.views import BuildTrace, Explanation, RunTrace, StepExplanation, TransferTrace

_END = "--"
_NAMED = 2  # `pull IMAGE`


def register(group: click.Group) -> None:
    """Add the commands to `group`."""

    @command(group, "explain")
    @flag("--keys")
    @option("--step", type=int, metavar="NUMBER")
    @click.argument("words", nargs=-1, metavar="[BUILD | IMAGE | CONTAINER | pull [IMAGE] | push [IMAGE]]")
    def explain(words: tuple[str, ...], keys: bool, step: int | None) -> None:
        here = session()
        if words[:1] in (("pull",), ("push",)) and len(words) <= _NAMED:
            here.face.show(_standing(here.engine.transfer_trace(*words), step))
            return
        if len(words) > 1:
            raise CommandError("cli.one-name", words=" ".join(words))
        build = words[0] if words else ""
        start = _start(here.engine, build)
        if start is not None and keys:
            raise CommandError("cli.keys-of-a-start", container=build)
        if start is not None:
            here.face.show(_standing(start, step))
            return
        found = here.engine.explain(_bare(build))
        if keys or step is not None:
            here.write_lines(_keys(found, step))
        else:
            here.face.show(found)

    @command(group, "trace")
    @option("--step", type=int, metavar="NUMBER")
    @click.argument("build", required=False, default="", metavar="[BUILD | IMAGE]")
    def trace(build: str, step: int | None) -> None:
        session().face.show(_standing(session().engine.trace(_bare(build)), step))

    @click.command("debug", cls=_Debug, help_key="debug")
    @click.argument("build", required=False, default="", metavar="[BUILD] [-- COMMAND [ARG...]]")
    @click.pass_context
    def debug(context: click.Context, build: str) -> int:
        here = session()
        words: tuple[str, ...] = context.meta.get(_END, ())
        # On a page a command's output is read best as text; a shell needs keys.
        terminal = here.face.is_terminal or (here.face.has_terminals and not words)

        def work() -> int:
            with here.face.streams(interactive=terminal, terminal=terminal) as streams:
                return here.engine.debug(_bare(build), words, streams=streams, terminal=terminal)

        return here.face.stay(work, types=terminal) or 0

    group.add_command(debug)


def _start(engine: Engine, name: str) -> RunTrace | None:
    """The start of a container, if that is what is meant: as in `inspect`, a container comes before an image."""
    if not name:
        return None
    try:
        return engine.run_trace(name)
    except NotFound:
        # Of one that has been started, the record may be among those that are not kept any more.
        waiting = (one for one in engine.containers(all_=True) if one.state == "created")
        if any(name in (one.name, one.id, one.id[:12]) for one in waiting):
            raise CommandError("cli.never-started", container=name) from None
        return None


_Steps = TypeVar("_Steps", "BuildTrace", "RunTrace", "TransferTrace")


def _standing(view: _Steps, step: int | None) -> _Steps:
    if step is not None and all(one.number != step for one in view.steps):
        raise CommandError("cli.no-step", step=step, count=len(view.steps))
    return view.standing_at(step or 0)


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


def _keys(found: Explanation, step: int | None) -> Iterable[str]:
    """The keys in plain text: of one step, or of all that missed by themselves."""
    from pydock_lab.drawing.explanations import keys  # noqa: PLC0415 - only for who asks
    from pydock_lab.drawing.speech import Speech  # noqa: PLC0415 - see above

    for number, one in enumerate(_steps(found, step)):
        if number:
            yield ""
        yield from keys(one, Speech.of(None))


def _steps(found: Explanation, step: int | None) -> Sequence[StepExplanation]:
    if step is None:
        return found.own or [one for one in found.steps if one.after]
    chosen: list[Any] = [one for one in found.steps if one.number == step]
    if not chosen:
        raise CommandError("cli.no-step", step=step, count=len(found.steps))
    return chosen
