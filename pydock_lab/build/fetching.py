"""What downloads is made only where something is downloaded: few builds do, and it takes a while to load."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from pydock_lab.build.workshop import Workshop
from pydock_lab.events import OnEvent

if TYPE_CHECKING:
    from pydock_lab.build.downloads import Downloads

GetDownloads = Callable[[], "Downloads"]


def fetcher(workshop: Workshop, on_event: OnEvent) -> GetDownloads:
    """Gives the downloads of one build, always the same."""

    @cache
    def get() -> "Downloads":
        from pydock_lab.build.downloads import Downloads  # noqa: PLC0415 - see the module's docstring

        return Downloads(workshop.root, workshop.blobs, workshop.lease, workshop.folder, on_event)

    return get
