"""From nodes to instructions: each keyword has one reader, which checks flags and arguments.

The checks come in the order in which the reference makes them, since the first mistake is the one that is told.
"""

from collections.abc import Callable, Mapping

from pydock_lab.dockerfile.arguments import KEYWORDS
from pydock_lab.dockerfile.flags import FlagKind
from pydock_lab.dockerfile.instructions import Instruction
from pydock_lab.dockerfile.nodes import Node
from pydock_lab.dockerfile.readers.commands import (
    HEALTHCHECK_FLAGS,
    RUN_FLAGS,
    read_cmd,
    read_entrypoint,
    read_healthcheck,
    read_run,
    read_shell,
    read_stop_signal,
)
from pydock_lab.dockerfile.readers.files import ADD_FLAGS, COPY_FLAGS, read_add, read_copy, read_volume, read_workdir
from pydock_lab.dockerfile.readers.settings import (
    FROM_FLAGS,
    read_arg,
    read_env,
    read_expose,
    read_from,
    read_label,
    read_maintainer,
    read_onbuild,
    read_user,
)
from pydock_lab.dockerfile.suggest import closest
from pydock_lab.errors import DockerfileError

_READERS: Mapping[str, Callable[[Node], Instruction]] = {
    "ADD": read_add,
    "ARG": read_arg,
    "CMD": read_cmd,
    "COPY": read_copy,
    "ENTRYPOINT": read_entrypoint,
    "ENV": read_env,
    "EXPOSE": read_expose,
    "FROM": read_from,
    "HEALTHCHECK": read_healthcheck,
    "LABEL": read_label,
    "MAINTAINER": read_maintainer,
    "ONBUILD": read_onbuild,
    "RUN": read_run,
    "SHELL": read_shell,
    "STOPSIGNAL": read_stop_signal,
    "USER": read_user,
    "VOLUME": read_volume,
    "WORKDIR": read_workdir,
}
# Of each instruction that has any.
FLAGS: Mapping[str, Mapping[str, FlagKind]] = {
    "ADD": ADD_FLAGS,
    "COPY": COPY_FLAGS,
    "FROM": FROM_FLAGS,
    "HEALTHCHECK": HEALTHCHECK_FLAGS,
    "RUN": RUN_FLAGS,
}


def read_instruction(node: Node) -> Instruction:
    """The instruction that a node means; raises DockerfileError."""
    reader = _READERS.get(node.name)
    if reader is not None:
        return reader(node)
    if (meant := closest(node.keyword, KEYWORDS)) is not None:
        suggestion = meant if node.keyword.isupper() else meant.lower()
        raise DockerfileError("dockerfile.instruction-unknown-like", instruction=node.keyword, suggestion=suggestion)
    raise DockerfileError("dockerfile.instruction-unknown", instruction=node.keyword)
