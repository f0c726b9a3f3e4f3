"""Jobs that the tests of the sandbox ask for; imported by a zygote, not by pytest."""

import os
import time
from typing import Any

from pydock_lab.errors import Conflict
from pydock_lab.sandbox.worker import Request

warmed = []


def warm() -> None:
    warmed.append(os.getpid())


def echo(request: Request) -> Any:
    return request.arguments


def pids(_request: Request) -> dict[str, Any]:
    return {"worker": os.getpid(), "zygote": os.getppid(), "session": os.getsid(0), "warmed": warmed}


def count(request: Request) -> str:
    for number in range(request.arguments["to"]):
        request.send({"number": number})
    return "done"


def refuse(_request: Request) -> None:
    raise Conflict("snapshot.upper-in-use", path="/x")


def fail(_request: Request) -> None:
    raise ZeroDivisionError("oops")


def die(_request: Request) -> None:
    os._exit(9)


def write(request: Request) -> int:
    return os.write(request.descriptors[0], request.arguments["text"].encode())


def sleep(request: Request) -> None:
    if request.arguments.get("detach"):
        request.detach()
    request.send({"pid": os.getpid()})
    time.sleep(60)
