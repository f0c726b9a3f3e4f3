"""All views that have a picture: as they usually are, and as strangers would like to have them."""

from pydock_lab.views import View
from samples import explained, traces, views

USUAL: dict[str, View] = views.USUAL | {
    "trace": traces.TRACE,
    "failed-trace": traces.FAILED,
    "explained": explained.EXPLAINED,
}
HOSTILE_VIEWS: dict[str, View] = views.HOSTILE_VIEWS | {
    "trace": traces.HOSTILE_TRACE,
    "explained": explained.HOSTILE_EXPLAINED,
}
