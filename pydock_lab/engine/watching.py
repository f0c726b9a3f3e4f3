"""`docker events`: what happens in a store, by filters. Source: docker events, "Filtering"."""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType

from pydock_lab.engine.filters import Filters, has_label
from pydock_lab.engine.home import Home
from pydock_lab.engine.run_options import EventOptions
from pydock_lab.store import happenings
from pydock_lab.store.happenings import Happening

_Fits = Callable[[Happening, str], bool]


def watch(home: Home, options: EventOptions) -> Iterator[Happening]:
    """Events between two moments, those to come where `until` is None; raises CommandError for an unknown filter.

    Filters of one name are alternatives, those of different names must all fit.
    """
    return _chosen(home, options, Filters.parse(options.filters, tuple(_FILTERS)))


def _chosen(home: Home, options: EventOptions, wanted: Filters) -> Iterator[Happening]:
    since = time.time() if options.since is None else options.since
    for one in happenings.read(home.events, since=since, until=options.until):
        if all(wanted.fit(name, partial(fits, one)) for name, fits in _FILTERS.items()):
            yield one


def _is_of(kind: str, *attributes: str) -> _Fits:
    """Whether it is of a thing of that kind, by its name or (the start of) its id, or names it in an attribute."""

    def fits(one: Happening, value: str) -> bool:
        if one.type == kind:
            return bool(value) and (one.id.startswith(value) or one.attributes.get("name", "").split(":")[0] == value)
        return any(one.attributes.get(name, "") == value for name in attributes)

    return fits


def _image(one: Happening, value: str) -> bool:
    names = (one.id, one.attributes.get("name", "")) if one.type == "image" else (one.attributes.get("image", ""),)
    return any(value in (name, name.rpartition(":")[0]) for name in names)


def _label(one: Happening, value: str) -> bool:
    return has_label(one.attributes, value)


def _event(one: Happening, value: str) -> bool:
    # `exec_start: ls` is found by `exec_start`, `health_status: healthy` by either.
    return value in (one.action, one.action.partition(":")[0])


_FILTERS: Mapping[str, _Fits] = MappingProxyType(
    {
        "type": lambda one, value: one.type == value,
        "event": _event,
        "container": _is_of("container", "container"),
        "image": _image,
        "label": _label,
        "volume": _is_of("volume"),
        "network": _is_of("network"),
        "scope": lambda _one, value: value == "local",
        # Docker knows these, too: the last five are of Swarm and of plugins, of which nothing happens here.
        **{kind: _is_of(kind) for kind in ("daemon", "config", "node", "plugin", "secret", "service")},
    }
)
