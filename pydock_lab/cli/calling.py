"""`docker build --call=...`: questions about a Dockerfile that need no build.

    --check, --call=check     what had better be written in another way; exit status 1 where there is something
    --call=outline            what the target can be given: arguments, secrets, SSH agents
    --call=targets            what can be built

With `,format=json` the answer is Docker's JSON.
"""

from dataclasses import dataclass
from enum import Enum

from pydock_lab.cli.session import Session
from pydock_lab.engine.options import BuildOptions
from pydock_lab.errors import CommandError


class Method(Enum):
    """What is asked."""

    BUILD = "build"
    CHECK = "check"
    OUTLINE = "outline"
    TARGETS = "targets"


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A question, and whether the answer is for a program."""

    method: Method
    is_json: bool = False


def parse_call(text: str, *, check: bool) -> Call:
    """Read `METHOD[,format=FORMAT]`; raises CommandError."""
    name, *options = (text or ("check" if check else "build")).split(",")
    forms = {"format=json": True, "format=text": False}
    known = ", ".join(method.value for method in Method)
    try:
        return Call(method=Method(name), is_json=[False, *(forms[option] for option in options)][-1])
    except (ValueError, KeyError):
        raise CommandError("cli.bad-call", call=text, known=known) from None


def answer(here: Session, options: BuildOptions, call: Call) -> int:
    """Answer a question; the exit status."""
    from pydock_lab.cli import answers  # noqa: PLC0415 - all that reads Dockerfiles, which most commands never do

    match call.method:
        case Method.CHECK:
            return answers.check(here, options, is_json=call.is_json)
        case Method.TARGETS:
            answers.targets(here, options, is_json=call.is_json)
        case _:
            answers.outline(here, options, is_json=call.is_json)
    return 0
