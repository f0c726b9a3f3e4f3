"""All views that have a picture: as they usually are, and as strangers would like to have them."""

from pydock_lab.views import View
from samples import arguments, connected, explained, forest, opened, sides, starts, traces, transfers, views, weights

USUAL: dict[str, View] = views.USUAL | {
    "connected": connected.CONNECTED,
    "opened-layers": opened.OPENED,
    "trace": traces.TRACE,
    "failed-trace": traces.FAILED,
    "start": starts.START,
    "namespaces": sides.SIDES,
    "pull": transfers.PULL,
    "push": transfers.PUSH,
    "story": transfers.STORY,
    "argv": arguments.PLAIN,
    "argv-shell": arguments.SHELL,
    "explained": explained.EXPLAINED,
    "guess": explained.QUESTION,
    "guess-revealed": explained.ANSWERS,
    "images": forest.FOREST,
    "weight": weights.WEIGHT,
    "context-weight": weights.CONTEXT,
    "what-if": weights.WHAT_IF,
}
HOSTILE_VIEWS: dict[str, View] = views.HOSTILE_VIEWS | {
    "connected": connected.HOSTILE_CONNECTED,
    "opened-layers": opened.HOSTILE_OPENED,
    "trace": traces.HOSTILE_TRACE,
    "start": starts.HOSTILE_START,
    "namespaces": sides.HOSTILE_SIDES,
    "pull": transfers.HOSTILE_TRANSFER,
    "story": transfers.HOSTILE_STORY,
    "argv": arguments.HOSTILE_ARGUMENTS,
    "explained": explained.HOSTILE_EXPLAINED,
    "guess": explained.HOSTILE_GUESS,
    "images": forest.HOSTILE_FOREST,
    "weight": weights.HOSTILE_WEIGHT,
    "context-weight": weights.HOSTILE_CONTEXT,
    "what-if": weights.HOSTILE_WHAT_IF,
}
