"""What process 1 of a container receives: ENTRYPOINT, CMD and the words of `docker run`, as Docker puts them together.

    image           docker run          process 1
    ENTRYPOINT a    IMAGE               a b          CMD is what is told if nobody says anything else
    CMD b           IMAGE c             a c          words after the image's name replace CMD, not ENTRYPOINT
                    --entrypoint d      d            and then CMD is gone, too

Source: Dockerfile reference, "Understand how CMD and ENTRYPOINT interact".
"""

import shlex

from pydock_lab.build.state import DEFAULT_SHELL
from pydock_lab.dockerfile.instructions import Cmd, Entrypoint
from pydock_lab.dockerfile.stages import parse
from pydock_lab.errors import CommandError, ContainerError
from pydock_lab.oci.config import ContainerConfig
from pydock_lab.runtime.bundle import arguments
from pydock_lab.views import ArgumentVector, ArgumentWord


def argument_vector(
    image: str, config: ContainerConfig, words: tuple[str, ...] = (), option: str | None = None
) -> ArgumentVector:
    """What process 1 of `docker run [--entrypoint OPTION] IMAGE [WORD...]` receives."""
    entrypoint, cmd = config.entrypoint or (), config.cmd or ()
    try:
        # The engine's own function: what is shown is what would happen.
        args = arguments(config, words, option)
    except ContainerError:
        args = ()
    sources = _sources(entrypoint, cmd, words, option)
    shell = _is_shell(entrypoint) and option is None
    result = tuple(
        # A shell runs the one text; what stands behind it are $0, $1 ... of that, which mostly nobody reads.
        ArgumentWord(text=text, source=source, is_ignored=shell and at >= len(entrypoint))
        for at, (text, source) in enumerate(zip(args, sources, strict=True))
    )
    return ArgumentVector(
        image=image,
        entrypoint=entrypoint,
        cmd=cmd,
        words=words,
        option=option,
        result=result,
        notes=tuple(_notes(entrypoint, cmd, words, option, result)),
    )


def from_texts(
    entrypoint: str, cmd: str, words: str, option: str | None = None, *, image: str = "IMAGE"
) -> ArgumentVector:
    """The same of what a Dockerfile has after ENTRYPOINT and CMD, and a terminal after the image's name.

    Raises DockerfileError, and CommandError where the words have a quote without an end.
    """
    try:
        said = tuple(shlex.split(words))
    except ValueError as error:
        raise CommandError("engine.words", words=words, reason=str(error)) from None
    config = ContainerConfig(entrypoint=_command("ENTRYPOINT", entrypoint), cmd=_command("CMD", cmd))
    return argument_vector(image, config, said, option)


def _command(keyword: str, text: str) -> tuple[str, ...] | None:
    if not text.strip():
        return None
    for instruction in parse(f"FROM scratch\n{keyword} {text}\n").stages[-1].commands:
        if isinstance(instruction, Cmd | Entrypoint):
            line = instruction.command
            return (*DEFAULT_SHELL, *line.arguments) if line.is_shell else line.arguments
    return None


def _sources(
    entrypoint: tuple[str, ...], cmd: tuple[str, ...], words: tuple[str, ...], option: str | None
) -> tuple[str, ...]:
    """Who said each word."""
    if option is not None:
        return (*(("option",) if option else ()), *["run"] * len(words))
    tail = ["run"] * len(words) if words else ["cmd"] * len(cmd)
    return (*["entrypoint"] * len(entrypoint), *tail)


def _is_shell(words: tuple[str, ...]) -> bool:
    return words[: len(DEFAULT_SHELL)] == DEFAULT_SHELL and len(words) == len(DEFAULT_SHELL) + 1


def _notes(
    entrypoint: tuple[str, ...],
    cmd: tuple[str, ...],
    words: tuple[str, ...],
    option: str | None,
    result: tuple[ArgumentWord, ...],
) -> list[str]:
    """What is worth knowing, the most important first."""
    if not result:
        return ["nothing"]
    args = tuple(word.text for word in result)
    is_shell = _is_shell(args[: len(DEFAULT_SHELL) + 1])
    found = {
        "ignored": any(word.is_ignored for word in result),
        "shell-as-words": option is None and not words and bool(entrypoint) and _is_shell(cmd),
        "option-drops-cmd": option is not None and bool(cmd) and not words,
        "words-replace-cmd": option is None and bool(words and cmd),
        "shell-is-first": is_shell and not args[len(DEFAULT_SHELL)].startswith("exec "),
        "no-variables": not is_shell and any("$" in word for word in args),
        "is-first": True,
    }
    return [name for name, is_so in found.items() if is_so]
