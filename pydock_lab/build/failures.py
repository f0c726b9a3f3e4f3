"""How a build fails: the step and its lines, what it wrote last, and its file system as it was then."""

from dataclasses import dataclass

from pydock_lab.build.steps import RunStep, Step
from pydock_lab.errors import BuildError, PydockError
from pydock_lab.oci import Digest


@dataclass(frozen=True, kw_only=True, slots=True)
class FailedRun:
    """A RUN whose program failed: the layers that it stood on, and the directory with what it had written."""

    step: RunStep
    number: int
    chain_ids: tuple[Digest, ...]
    upper: str


def run_failed(step: RunStep, status: int, output: str) -> BuildError:
    """The error of a program that ended with `status`, with the last lines of its output."""
    key = "build.run-failed" if output else "build.run-failed-silent"
    return BuildError(key, command=_command(step), status=status, output=output)


def _command(step: RunStep) -> str:
    # What a person wrote, not what the shell was wrapped around it with.
    return step.args[-1] if step.args[:2] == ("/bin/sh", "-c") else " ".join(step.args)


def located(error: PydockError, number: int, step: Step) -> PydockError:
    """The error with the step and lines it happened in."""
    fields = {"line": step.lines.first, "end_line": step.lines.last, "step": number, "text": step.text}
    return type(error)(error.key, **(fields | dict(error.fields)))
