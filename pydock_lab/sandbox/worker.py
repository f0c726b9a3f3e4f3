"""A worker: one process for one request. The zygote forks it, it does a job, answers and ends.

A job is a function `job(request) -> result`, in a module that the zygote was told to import. It may do anything to
its process: enter namespaces, change its root, run out of memory. The zygote is never touched by it.
"""

import importlib
import os
import struct
import traceback
from collections.abc import Callable
from typing import Any, NoReturn, TypeAlias

from pydock_lab.errors import PydockError
from pydock_lab.linux.tiers import Refusal, Tier
from pydock_lab.sandbox.protocol import Connection, Message

Job: TypeAlias = Callable[["Request"], Any]

PID = struct.Struct("i")


class Request:
    """What a job is given: its arguments, the open files that came along, and the way back to the engine.

    `tier` is the ground it stands on, `refusals` why it is no better one.
    """

    def __init__(self, connection: Connection, message: Message, descriptors: list[int]) -> None:
        self.connection = connection
        self.arguments: dict[str, Any] = message.get("arguments") or {}
        self.descriptors = descriptors
        self.tier = Tier.NONE
        self.refusals: tuple[Refusal, ...] = ()
        self._detached = -1

    def send(self, event: Message) -> None:
        """Send an event to the engine, ahead of the result."""
        self.connection.send(event)

    def detach(self) -> None:
        """From now on live on when the engine goes away; to be called before the engine hears of the start."""
        os.write(self._detached, PID.pack(os.getpid()))

    def stand_on(self, tier: Tier, refusals: tuple[Refusal, ...], detached: int) -> None:
        """What the worker has from its zygote; `detached` takes the pid of a worker that lives on."""
        self.tier, self.refusals, self._detached = tier, refusals, detached


def find_job(name: str, modules: frozenset[str]) -> Job:
    """The function called `module:function`; raises PydockError unless its module is one of `modules`."""
    module, _, function = name.partition(":")
    if module not in modules:
        raise PydockError("sandbox.unknown-job", job=name)
    job: Job = getattr(importlib.import_module(module), function)
    return job


def answer(request: Request, job_name: str, modules: frozenset[str]) -> NoReturn:
    """Do the job, send its result or its error, and end this process."""
    try:
        reply: dict[str, Any] = {"result": find_job(job_name, modules)(request)}
    except PydockError as error:
        reply = {"error": error.to_json()}
    except BaseException:  # noqa: BLE001 - whatever it was, the engine must hear of it
        reply = {"failure": traceback.format_exc()}
    try:
        request.connection.send(reply)
    except OSError:
        os._exit(1)  # nobody is listening any more
    os._exit(0)
