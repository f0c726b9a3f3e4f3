"""Jobs that the tests of the sandbox ask for; imported by a zygote, not by pytest."""

import mmap
import os
import resource
import time
from typing import Any

from pydock_lab.errors import Conflict
from pydock_lab.linux import syscalls
from pydock_lab.linux.syscalls import Namespace
from pydock_lab.linux.tiers import Tier
from pydock_lab.sandbox.worker import HandOver, Request

MINDFUL = ("sleep_on", "tread")
PAGES = 200
ground = bytearray(PAGES * mmap.PAGESIZE)
warmed: list[int] = []
made_ready: list[int] = []


def warm() -> None:
    warmed.append(os.getpid())


def ready(_tier: Tier, _hurried: bool) -> None:  # noqa: FBT001 - a hook
    made_ready.append(os.getpid())


def echo(request: Request) -> Any:
    return request.arguments


def pids(_request: Request) -> dict[str, Any]:
    keeper = os.getppid()
    return {
        "worker": os.getpid(),
        "keeper": keeper,
        "zygote": parent(keeper),
        "session": os.getsid(0),
        "warmed": warmed,
        "ready": made_ready,
    }


def parent(pid: int) -> int:
    with open(f"/proc/{pid}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[1])


def leave(request: Request) -> HandOver:
    """Leave a child behind that ends with the status 7, and have the keeper wait for it."""
    pid, pidfd = syscalls.clone3(Namespace(0), as_sibling=True)
    if pid == 0:
        time.sleep(0.05)
        os._exit(7)
    request.send({"worker": os.getpid()})
    go_on = f"{__name__}:wait"
    return HandOver(go_on=go_on, title="test-keeper", arguments={"pid": pid}, descriptors=[pidfd], wakers=1)


def wait(request: Request) -> dict[str, Any]:
    """In the keeper: how the child that the worker left ended."""
    status = os.waitstatus_to_exitcode(os.waitpid(request.arguments["pid"], 0)[1])
    with open("/proc/self/comm") as file:
        return {"status": status, "descriptors": len(request.descriptors), "title": file.read().strip()}


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


def tread(_request: Request) -> int:
    """Write to memory that all workers share at first: how many page faults that costs."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for place in range(0, len(ground), mmap.PAGESIZE):
        ground[place] = 1
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def sleep(request: Request) -> None:
    request.send({"pid": os.getpid()})
    time.sleep(60)


def sleep_on(request: Request) -> None:
    """As `sleep`, but whether the engine is still there is no business of the zygote's."""
    request.announce()
    sleep(request)
