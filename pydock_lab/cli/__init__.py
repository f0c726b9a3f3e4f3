"""One command line, Docker's own words and options: `pydock` in a terminal, `%docker` in a notebook.

It is written against the Engine Protocol: whatever engine stands behind it, the words are the same.
"""

from collections.abc import Callable, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pydock_lab.cli.session import Face
    from pydock_lab.engine.base import Engine

__all__ = ["complete", "complete_in_shell", "invoke"]


def invoke(words: Sequence[str], *, open_engine: "Callable[[], Engine]", face: "Face", program: str = "docker") -> int:
    """Do what a command line says; the exit status.

    Raises PydockError: the faces show it, each in its way.
    """
    import click  # noqa: PLC0415 - `import pydock_lab.cli` costs nothing

    from pydock_lab.cli.app import make_app  # noqa: PLC0415 - see above
    from pydock_lab.cli.command import usage_error  # noqa: PLC0415 - see above
    from pydock_lab.cli.session import Session  # noqa: PLC0415 - see above

    app = make_app(program)
    try:
        # Not app.main(): that one writes to standard error, and makes exits of Ctrl-C and of broken pipes.
        with app.make_context(program, list(words), obj=Session(open_engine, face)) as context:
            status = app.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        face.write(error.message + "\n")
        return 0
    except click.UsageError as error:
        raise usage_error(error, words) from None
    return status if isinstance(status, int) else 0


def complete_in_shell(instruction: str) -> int:
    """What bash, zsh and fish ask for, in `$_PYDOCK_COMPLETE`: the exit status."""
    from click.shell_completion import shell_complete  # noqa: PLC0415 - see invoke

    from pydock_lab.cli.app import make_app  # noqa: PLC0415 - see invoke

    return shell_complete(make_app("pydock"), {}, "pydock", "_PYDOCK_COMPLETE", instruction)


def complete(words: Sequence[str], incomplete: str, engine: "Engine | None" = None) -> list[str]:
    """What may stand after `words` and begins with `incomplete`: commands, options, names that the engine knows."""
    from pydock_lab.cli.completion import completions  # noqa: PLC0415 - see invoke

    return completions(words, incomplete, engine)
