"""`docker logs`: a container's log between two moments, its last lines, and what is yet to come."""

import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pydock_lab.engine.records import ContainerRecord
from pydock_lab.engine.run_options import LogOptions
from pydock_lab.errors import ContainerError
from pydock_lab.events import ContainerOutput, Stream
from pydock_lab.runtime import logs
from pydock_lab.runtime.logs import LogEntry


def read_log(
    folder: Path, record: ContainerRecord, options: LogOptions, is_running: Callable[[], bool]
) -> Iterator[ContainerOutput]:
    """What was written, as events; raises ContainerError where nothing is kept."""
    if record.log.is_off:
        raise ContainerError("engine.no-log", container=record.name, exit_status=1)
    return _outputs(folder, record, options, is_running)


def _outputs(
    folder: Path, record: ContainerRecord, options: LogOptions, is_running: Callable[[], bool]
) -> Iterator[ContainerOutput]:
    until = float("inf") if options.until is None else options.until

    def is_more_to_come() -> bool:
        return time.time() <= until and is_running()

    entries: Iterable[LogEntry] = logs.read(folder, follow=is_more_to_come if options.follow else None)
    entries = (one for one in entries if one.time >= (options.since or 0))
    entries = itertools.takewhile(lambda one: one.time <= until, entries)
    if options.tail is not None:
        entries = _last(folder, entries, options)
    about = f"{_details(record)} " if options.details else ""
    for one in entries:
        stamp = f"{one.stamp} " if options.timestamps else ""
        yield ContainerOutput(container=record.id, stream=Stream(one.stream), text=f"{stamp}{about}{one.text}")


def _last(folder: Path, entries: Iterable[LogEntry], options: LogOptions) -> Iterator[LogEntry]:
    """The last lines of what is there now, and all that come later."""
    past = [one for one in logs.read(folder) if one.time >= (options.since or 0)]
    kept = deque(past, maxlen=options.tail)
    skipped = len(past) - len(kept)
    return itertools.islice(iter(entries), skipped, None)


def _details(record: ContainerRecord) -> str:
    return ",".join(f"{name}={value}" for name, value in sorted(record.labels.items()))
