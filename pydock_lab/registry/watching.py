"""Blobs travel in several threads; who watches hears of it one event at a time."""

from threading import RLock

from pydock_lab.events import Event, OnEvent

_one_at_a_time = RLock()  # one for all transfers: a watcher may watch several


def serialized(on_event: OnEvent) -> OnEvent:
    """`on_event`, never called by two threads at once."""

    def emit(event: Event) -> None:
        with _one_at_a_time:
            on_event(event)

    return emit
