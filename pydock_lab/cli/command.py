"""Commands and options whose help is in `locale/`, and mistakes that become errors with a hint.

A command `run` has its help under the key `cli.help-run`, an option `--no-trunc` under `cli.option-no-trunc`, or, where
a command means something else by it, `cli.option-COMMAND-no-trunc`.
"""

import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Self

import click
from click.formatting import HelpFormatter

from pydock_lab import locale
from pydock_lab.dockerfile.suggest import closest
from pydock_lab.errors import CommandError

Function = Callable[..., Any]
_TRUTH = {"true": True, "1": True, "t": True, "false": False, "0": False, "f": False}


class LocalOption(click.Option):
    """An option that speaks the reader's language."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The two columns of `--help`."""
        self.help = option_help(ctx.command.name or "", self)
        return super().get_help_record(ctx)


def option_help(command: str, option: click.Option) -> str:
    """The text of an option."""
    name = max(option.opts, key=len).lstrip("-")
    if name == "help":
        return locale.text("cli.option-help")
    return locale.find(f"cli.option-{command}-{name}") or locale.text(f"cli.option-{name}")


def command_help(path: str) -> str:
    """The text of a command; `container ls` and `ps` have the same."""
    return locale.text(f"cli.help-{path}")


class LocalCommand(click.Command):
    """A command that speaks the reader's language."""

    def __init__(self, *arguments: Any, help_key: str = "", **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.help_key = help_key or (self.name or "")

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Also `--flag=true` and `--flag=false`, as Docker has them; not among the words of a program."""
        flags = _Flags([one for one in self.params if isinstance(one, click.Option)])
        try:
            return super().parse_args(ctx, list(flags.plain(args, words_follow=not ctx.allow_interspersed_args)))
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # click's parser does not say of which command an option lacks its value
            raise

    def get_short_help_str(self, limit: int = 80) -> str:
        """The line in a list of commands."""
        del limit
        return command_help(self.help_key)

    def format_help_text(self, ctx: click.Context, formatter: HelpFormatter) -> None:
        """The paragraph under the usage line."""
        del ctx
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(command_help(self.help_key))

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """`--help` only: `-h` is Docker's `--hostname`."""
        found = super().get_help_option(ctx)
        if found is not None:
            found.help = locale.text("cli.option-help")
        return found


class _Flags:
    """What the options of a command say about its words."""

    def __init__(self, options: Sequence[click.Option]) -> None:
        # Each flag, with its contrary where it is on by itself.
        self._off = {name: "".join(one.secondary_opts) for one in options if one.is_flag for name in one.opts}
        self._valued = {name for one in options if not one.is_flag for name in one.opts}

    def plain(self, words: Iterable[str], *, words_follow: bool) -> Iterator[str]:
        """The words with `--flag` or nothing for `--flag=true` and `--flag=false`; a program's own as they are."""
        rest = iter(words)
        for word in rest:
            is_option = word.startswith("-") and word != "-"
            if word == "--" or (words_follow and not is_option):
                yield word
                break
            yield from self._plain(word) if is_option else (word,)
            if is_option and self._wants_value(word):
                yield from islice(rest, 1)
        yield from rest

    def _plain(self, word: str) -> Iterator[str]:
        name, equals, value = word.partition("=")
        *before, last = [name] if name.startswith("--") else [f"-{letter}" for letter in name[1:]] or [name]
        if not equals or value.lower() not in _TRUTH or not all(one in self._off for one in (*before, last)):
            yield word
            return
        yield from before
        if said := last if _TRUTH[value.lower()] else self._off[last]:
            yield said

    def _wants_value(self, word: str) -> bool:
        """Whether the next word is the value of this option, or of the last one of several letters."""
        if word.startswith("--"):
            return word in self._valued
        first = next((at for at, letter in enumerate(word[1:], 1) if f"-{letter}" in self._valued), 0)
        return first == len(word) - 1


class LocalGroup(LocalCommand, click.Group):
    """A command with commands of its own, which are made when somebody asks for them.

    To import what all of them need takes longer than most of them do.
    """

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._later: dict[str, Callable[[], None]] = {}

    def later(self, names: str, module: str, function: str = "register", *values: Any, **said: Any) -> None:
        """The commands `names`, which `pydock_lab.cli.MODULE:FUNCTION` makes in this group, given these values."""

        def make() -> None:
            getattr(importlib.import_module(f"pydock_lab.cli.{module}"), function)(self, *values, **said)

        self._later |= dict.fromkeys(names.split(), make)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; None where there is none."""
        if cmd_name not in self.commands and cmd_name in self._later:
            self._later[cmd_name]()
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, sorted."""
        del ctx
        return sorted({*self.commands, *self._later})

    def whole(self) -> Self:
        """With all commands made, for who wants to see each."""
        for name, make in self._later.items():
            if name not in self.commands:
                make()
        for one in self.commands.values():
            if isinstance(one, LocalGroup):
                one.whole()
        return self

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first word names; raises CommandError with the nearest name."""
        is_wrong = bool(args) and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None
        if is_wrong and not ctx.resilient_parsing:  # a shell that completes wants no error
            raise unknown_command(args[0], ctx.command_path, self.list_commands(ctx))
        return super().resolve_command(ctx, args)


def unknown_command(word: str, path: str, known: Iterable[str]) -> CommandError:
    """The error for a command that there is not."""
    near = closest(word, known)
    key = "cli.unknown-command-like" if near else "cli.unknown-command"
    return CommandError(key, command=word, program=path, suggestion=near or "")


def option(*names: str, **more: Any) -> Callable[[Function], Function]:
    """An option of a command."""
    return click.option(*names, cls=LocalOption, **more)


def flag(*names: str) -> Callable[[Function], Function]:
    """An option that is there or not."""
    return option(*names, is_flag=True)


def on_unless(*names: str) -> Callable[[Function], Function]:
    """A flag that is on unless it says `=false`, as Docker's `--sig-proxy`."""
    *short, long = names
    return option(*short, f"{long}/--no-{long.removeprefix('--')}", default=True)


def many(*names: str, **more: Any) -> Callable[[Function], Function]:
    """An option that may be given several times."""
    return option(*names, multiple=True, **more)


def command(
    group: click.Group, name: str, *, help_key: str = "", words_follow: bool = False
) -> Callable[[Function], click.Command]:
    """Make a function a command of `group`; with `words_follow` all after the first argument belongs to a program."""

    def make(function: Function) -> click.Command:
        settings = {"allow_interspersed_args": not words_follow}
        made = click.command(name, cls=LocalCommand, help_key=help_key or name, context_settings=settings)(function)
        group.add_command(made)
        return made

    return make


def usage_error(error: click.UsageError, words: Sequence[str]) -> CommandError:
    """A mistake that click found, as one of ours: what, where, what to do."""
    path = error.ctx.command_path if error.ctx else "docker"
    fields: dict[str, object] = {"program": path}
    if isinstance(error, click.NoSuchOption):
        known = [name for one in (error.ctx.command.params if error.ctx else []) for name in one.opts]
        near = closest(error.option_name, known)
        key = "cli.unknown-option-like" if near else "cli.unknown-option"
        return CommandError(key, option=error.option_name, suggestion=near or "", **fields)
    if isinstance(error, click.MissingParameter):
        usage = error.ctx.command.collect_usage_pieces(error.ctx) if error.ctx else []
        return CommandError("cli.missing-argument", usage=" ".join([path, *usage]), **fields)
    if isinstance(error, click.BadOptionUsage):
        params = error.ctx.command.params if error.ctx else []
        flags = [name for one in params if isinstance(one, click.Option) and one.is_flag for name in one.opts]
        key = "cli.flag-value" if error.option_name in flags else "cli.option-needs-value"
        return CommandError(key, option=error.option_name, **fields)
    if isinstance(error, click.BadParameter):
        name = error.param.opts[-1] if error.param is not None else ""
        return CommandError("cli.bad-value", option=name, reason=_reason(error), **fields)
    return CommandError("cli.too-many-arguments", words=" ".join(words), **fields)


def _reason(error: click.BadParameter) -> str:
    """What is wrong with a value, in the reader's language."""
    kind = error.param.type if error.param is not None else None
    if isinstance(kind, click.Choice):
        return locale.text("cli.one-of", choices=", ".join(map(str, kind.choices)))
    if isinstance(kind, click.IntRange | click.FloatRange) and "in the range" in error.message:
        if kind.max is None:
            return locale.text("cli.at-least", least=kind.min)
        return locale.text("cli.in-range", least=kind.min, most=kind.max)
    if isinstance(kind, click.types.IntParamType | click.types.FloatParamType):
        return locale.text("cli.a-number")
    return error.message
