"""The notebook's face: `%load_ext pydock_lab` brings `%%dockerfile`, `%docker` and pictures that can be explored.

    %%dockerfile -t app:1      a cell is a Dockerfile; it is built, and its layers are shown
    %docker run app:1          Docker's own command line
    %layers %instances %registry %doctor     the pictures

Loading this package costs nothing; IPython and ipywidgets are imported when the extension is loaded.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(shell: "InteractiveShell") -> None:
    """`%load_ext pydock_lab`."""
    from pydock_lab.notebook.extension import load  # noqa: PLC0415 - see the module's docstring

    load(shell)


def unload_ipython_extension(shell: "InteractiveShell") -> None:
    """`%unload_ext pydock_lab`."""
    from pydock_lab.notebook.extension import unload  # noqa: PLC0415 - see the module's docstring

    unload(shell)
