r"""Learn containers by really doing them: images, containers and registries in a notebook, without Docker.

    from pydock_lab import Engine
    Engine().build("FROM lab/base\nRUN echo hello > /greeting", "hello:1")

In a notebook: `%load_ext pydock_lab`. In a terminal: `pydock --help`.
"""

from pydock_lab.version import __version__

__all__ = [
    "BuildResult",
    "Container",
    "Digest",
    "Engine",
    "Image",
    "PydockError",
    "Reference",
    "__version__",
    "load_ipython_extension",
    "open_engine",
    "set_lang",
    "unload_ipython_extension",
]

# Importing pydock_lab costs next to nothing: each name is loaded when it is first used.
_WHERE = {
    "BuildResult": "pydock_lab.engine.results",
    "Container": "pydock_lab.engine.results",
    "Digest": "pydock_lab.oci.digest",
    "Engine": "pydock_lab.engine.face",
    "Image": "pydock_lab.engine.results",
    "PydockError": "pydock_lab.errors",
    "Reference": "pydock_lab.oci.reference",
    "load_ipython_extension": "pydock_lab.notebook",
    "set_lang": "pydock_lab.locale",
    "unload_ipython_extension": "pydock_lab.notebook",
}

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from pydock_lab.engine.base import Engine as EngineProtocol
    from pydock_lab.engine.face import Engine
    from pydock_lab.engine.results import BuildResult, Container, Image
    from pydock_lab.errors import PydockError
    from pydock_lab.locale import set_lang
    from pydock_lab.notebook import load_ipython_extension, unload_ipython_extension
    from pydock_lab.oci.digest import Digest
    from pydock_lab.oci.reference import Reference


def open_engine(root: "Path | None" = None) -> "EngineProtocol":
    """The local engine on the store in `root` (default: `$PYDOCK_HOME`, else the user's data directory)."""
    from pydock_lab.engine.local import LocalEngine  # noqa: PLC0415 - see above

    return LocalEngine(root)


def __getattr__(name: str) -> "Any":
    import importlib  # noqa: PLC0415 - see above

    if name not in _WHERE:
        raise AttributeError(name)
    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
