"""What `%load_ext pydock_lab` adds to a shell, and `%unload_ext` takes away again: all of it.

What every widget and every view needs is imported here, the drawings and the engine by the first magic that asks for
them: so neither `%load_ext` nor the first picture makes a reader wait for all of it.
"""

from typing import Any

import anywidget  # noqa: F401 - see the module's docstring
from IPython.core.completer import CompletionContext, context_matcher
from IPython.core.interactiveshell import InteractiveShell

from pydock_lab import views  # noqa: F401 - see the module's docstring
from pydock_lab.errors import PydockError
from pydock_lab.notebook import formatters
from pydock_lab.notebook.magics import DockerMagics
from pydock_lab.notebook.rendering import render_traceback

_loaded: dict[int, tuple[DockerMagics, Any]] = {}


def load(shell: InteractiveShell) -> None:
    """Magics, completion, formatters, and errors of two lines."""
    magics = DockerMagics(shell)
    shell.register_magics(magics)
    matcher = _matcher(magics)
    shell.Completer.custom_matchers.append(matcher)
    formatters.register(shell)
    # IPython asks an exception for its own traceback: this holds for magics and for the Python API alike.
    PydockError._render_traceback_ = render_traceback  # type: ignore[attr-defined]
    _loaded[id(shell)] = (magics, matcher)


def _matcher(magics: DockerMagics) -> Any:
    """For `shell.Completer.custom_matchers`; all that it knows of Dockerfiles is imported when somebody first asks."""

    @context_matcher(identifier="pydock_lab")  # type: ignore[untyped-decorator]
    def match(context: CompletionContext) -> dict[str, object]:
        from pydock_lab.notebook.completion import Completer  # noqa: PLC0415 - see above

        return Completer(magics).answer(context)

    return match


def unload(shell: InteractiveShell) -> None:
    """Leave the shell as it was found."""
    magics, matcher = _loaded.pop(id(shell), (None, None))
    if magics is None:
        return
    for kind, names in magics.magics.items():
        for name in names:
            shell.magics_manager.magics[kind].pop(name, None)
    _configurables(shell).remove(magics)
    shell.Completer.custom_matchers.remove(matcher)
    formatters.unregister(shell)
    if not _loaded:
        del PydockError._render_traceback_  # type: ignore[attr-defined]
    magics.close()


def _configurables(shell: InteractiveShell) -> list[Any]:
    return shell.configurables
