"""Errors in a notebook: what failed and where, what to do next, and no traceback.

    DockerfileError: unknown instruction: FORM (line 2 of the cell)
      → Did you mean FROM?

A traceback of thirty lines of somebody else's code teaches a beginner nothing. It is still there for those who want
it: `%xmode Plain`, `%xmode Verbose`.
"""

from IPython.core.getipython import get_ipython

from pydock_lab.errors import PydockError

_RED, _PLAIN = "\x1b[31m", "\x1b[0m"
_SHORT_MODES = ("Context", "Minimal", "Docs")


def render_traceback(error: PydockError) -> list[str]:
    """The lines that IPython shows for an error; with `%xmode Plain` or `Verbose` the whole traceback."""
    shell = get_ipython()
    if shell is not None and shell.InteractiveTB.mode not in _SHORT_MODES:
        lines: list[str] = shell.InteractiveTB.structured_traceback(type(error), error, error.__traceback__)
        return lines
    where = "".join(f" ({note})" for note in getattr(error, "__notes__", ()))
    shown = [f"{_RED}{type(error).__name__}{_PLAIN}: {error.message()}{where}"]
    hint = error.hint()
    return [*shown, f"  → {hint}"] if hint else shown
