"""What a container's shim looks after besides its end."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydock_lab.oci.plain import Document
from pydock_lab.runtime.health import HealthCheck
from pydock_lab.runtime.logs import LogLimits
from pydock_lab.runtime.restart import RestartPolicy


@dataclass(frozen=True, kw_only=True, slots=True)
class Supervision(Document):
    """What a shim looks after besides the end: who it is of, its log, health, restarts, and who is told of it.

    `events` is the path of the file that `docker events` shows ("": nobody is told), with `attributes` in each line.
    `removed_from` is the store, where the container is to be gone as soon as it has ended in the foreground.
    """

    restart: RestartPolicy = field(default_factory=RestartPolicy)
    health: HealthCheck | None = None
    log: LogLimits = field(default_factory=LogLimits)
    events: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    removed_from: str = ""
