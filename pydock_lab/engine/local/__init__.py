"""The local engine: the Engine Protocol on this machine's own store and containers.

    workers.py       who does the work: images, building, transfers, containers, files, system
    images.py        }
    containers.py    }  each method only says which of them does it
    things.py        }

Who that is, is loaded when it is first asked for: a command that only looks something up starts at once.
"""

from pydock_lab.engine.local.containers import LocalContainers
from pydock_lab.engine.local.images import LocalImages
from pydock_lab.engine.local.things import LocalThings


class LocalEngine(LocalImages, LocalContainers, LocalThings):
    """The engine of this machine; `root` is its store (default: `$PYDOCK_HOME`, else the user's data directory)."""
