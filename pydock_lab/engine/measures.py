"""What running containers do and use: `docker top` and `docker stats`."""

import os
import time
from collections.abc import Iterable, Sequence

from pydock_lab.engine import process_table
from pydock_lab.engine.containers import ContainerLife
from pydock_lab.engine.home import Home
from pydock_lab.engine.records import ContainerRecord
from pydock_lab.engine.values import ContainerUsage, ProcessTable
from pydock_lab.errors import ContainerError
from pydock_lab.linux import processes
from pydock_lab.runtime import state as states
from pydock_lab.runtime.state import ContainerState

_RECEIVED, _SENT = 0, 8  # the columns of bytes in /proc/net/dev


class Measures:
    """Measures the containers of a home."""

    def __init__(self, home: Home, life: ContainerLife) -> None:
        self._home, self._life = home, life

    def top(self, record: ContainerRecord, arguments: Sequence[str]) -> ProcessTable:
        """Its processes, as ps(1) with these arguments shows them; raises ContainerError unless it runs."""
        if not self._life.is_running(record):
            raise ContainerError("engine.not-running", container=record.name, exit_status=1)
        pids = self._home.runtime.processes(self._life.shelf.folder(record.id))
        found = [one for pid in pids if (one := processes.read(pid)) is not None]
        return process_table.table(found, arguments)

    def usage(self, wanted: Sequence[ContainerRecord], *, all_: bool) -> tuple[ContainerUsage, ...]:
        """What these containers use now; without any, all that run (`all_`: and those that do not, with nothing)."""
        records = wanted or list(self._life.shelf.all())
        rows = ((record, self._life.state(record)) for record in records)
        return tuple(self._one(*row) for row in rows if wanted or all_ or row[1].status in states.LIVING)

    def _one(self, record: ContainerRecord, state: ContainerState) -> ContainerUsage:
        nothing = ContainerUsage(id=record.id, name=record.name, at=time.monotonic())
        if state.status not in states.LIVING or state.process is None:
            return nothing
        try:
            found = self._home.runtime.usage(self._life.shelf.folder(record.id))
        except ContainerError:  # it has just ended
            return nothing
        received, sent = _network(state.process.pid)
        return ContainerUsage(
            id=record.id,
            name=record.name,
            at=time.monotonic(),
            is_running=True,
            is_whole=found.is_whole,
            cpu_seconds=found.cpu_seconds or 0,
            cpu_limit=found.cpu_limit,
            memory=found.memory or 0,
            memory_limit=found.memory_limit,
            machine_memory=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGESIZE"),
            pids=found.pids or 0,
            pids_limit=found.pids_limit,
            received=received,
            sent=sent,
            block_read=found.block_read or 0,
            block_written=found.block_written or 0,
        )


def _network(pid: int) -> tuple[int, int]:
    """Bytes received and sent by the interfaces that a process sees, `lo` left out (proc_pid_net(5))."""
    try:
        with open(f"/proc/{pid}/net/dev", encoding="ascii") as file:
            lines: Iterable[str] = file.readlines()[2:]
    except OSError:
        return 0, 0
    counters = [line.partition(":")[2].split() for line in lines if line.partition(":")[0].strip() != "lo"]
    return sum(int(one[_RECEIVED]) for one in counters), sum(int(one[_SENT]) for one in counters)
