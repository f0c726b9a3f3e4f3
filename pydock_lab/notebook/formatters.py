"""The values that show themselves as pictures when they end a cell: views, images and the results of builds.

They are known by their names: what makes a picture of them is imported when the first of them is shown.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from IPython.core.interactiveshell import InteractiveShell

if TYPE_CHECKING:
    from pydock_lab.engine.results import BuildResult, Image
    from pydock_lab.views import View

_Bundle = Any  # what `_repr_mimebundle_` gives: data, or data and metadata; None: somebody else may show it


def register(shell: InteractiveShell) -> None:
    """Images, build results and views show themselves as widgets."""
    for name, formatter in _FORMATTERS.items():
        _mimebundles(shell).for_type_by_name(*name.rsplit(".", maxsplit=1), formatter)


def unregister(shell: InteractiveShell) -> None:
    """They show themselves as static pictures again."""
    for name in _FORMATTERS:
        _mimebundles(shell).pop(name, None)


def _mimebundles(shell: InteractiveShell) -> Any:
    display_formatter: Any = shell.display_formatter
    return display_formatter.mimebundle_formatter


def _of_view(view: "View") -> _Bundle:
    from pydock_lab.notebook.pictures import has_picture, picture_of  # noqa: PLC0415 - see the module's docstring

    return picture_of(view)._repr_mimebundle_() if has_picture(view) else None


def _of_image(image: "Image") -> _Bundle:
    from pydock_lab.notebook.pictures import picture_of_layers  # noqa: PLC0415 - see the module's docstring

    return picture_of_layers(image.layer_explorer())._repr_mimebundle_()


def _of_result(result: "BuildResult") -> _Bundle:
    return _of_image(result.image)


_FORMATTERS: dict[str, Callable[[Any], _Bundle]] = {
    "pydock_lab.views.base.View": _of_view,  # and all that are derived from it
    "pydock_lab.engine.results.Image": _of_image,
    "pydock_lab.engine.results.BuildResult": _of_result,
}
