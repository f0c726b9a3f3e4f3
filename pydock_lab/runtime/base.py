"""The runtime as the engine sees it: start a container, and talk to it later."""

import contextlib
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydock_lab.errors import ContainerError
from pydock_lab.events import Event, Noted, OnEvent, StartStep, ignore
from pydock_lab.linux.tiers import Tier
from pydock_lab.oci.runtime_spec import ContainerSpec, ProcessSpec
from pydock_lab.runtime import control, state
from pydock_lab.runtime.state import ContainerState
from pydock_lab.sandbox import Connection, Sandbox, replies

JOB_MODULES = ("pydock_lab.runtime.shim",)
_START = "pydock_lab.runtime.shim:start"


class Process:
    """A program that has been started and that this engine watches; closing it ends a foreground program."""

    def __init__(self, connection: Connection, messages: Any, pid: int) -> None:
        self.pid = pid
        self._connection, self._messages = connection, messages

    def wait(self) -> int:
        for message in self._messages:
            if "result" in message:
                self._connection.close()
                return int(message["result"]["exit_code"])
        raise ContainerError("runtime.shim-gone")
