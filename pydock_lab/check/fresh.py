"""A store of its own for each notebook that is graded: what others have built is not there, and earns no points."""

import atexit
import contextlib
import os
import shutil
import tempfile

_VARIABLE = "PYDOCK_HOME"
_KINDS = ("container", "network", "volume", "image", "builder")
_made: list[str] = []


def fresh_store() -> None:
    """Begin with an empty store, before the first magic: `$PYDOCK_HOME` is a new folder, removed with the kernel.

    In a kernel that has one it does nothing, so that a cell may be executed twice. Graders start a kernel for each
    submission.
    """
    if os.environ.get(_VARIABLE) not in _made:
        folder = tempfile.mkdtemp(prefix="pydock-fresh-")
        _made.append(folder)
        os.environ[_VARIABLE] = folder
        atexit.register(_remove, folder, os.getpid())


def _remove(folder: str, owner: int) -> None:
    if os.getpid() != owner:  # a fork has ended; the kernel goes on
        return
    from pydock_lab.engine.face import Engine  # noqa: PLC0415 - only at the end
    from pydock_lab.errors import PydockError  # noqa: PLC0415

    # Containers may still run, and their files may belong to ids that only the engine can speak for.
    with contextlib.suppress(PydockError, OSError):
        engine = Engine(folder)
        for container in engine.containers():
            container.remove(force=True)
        engine.full.prune(_KINDS, all_=True)
    shutil.rmtree(folder, ignore_errors=True)
