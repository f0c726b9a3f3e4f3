"""What is new in a picture since it was looked at last: the files that containers have just written.

A mark stays for some seconds, so that an eye that is elsewhere finds it; a file that is written on and on keeps it.
"""

import time
from dataclasses import replace

from pydock_lab.views import ContainerView, FileChange, ImageInstances, Instances, View

_SECONDS = 3.0


class Newness:
    """Remembers for one picture what has been there."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[FileChange, ...]] = {}
        self._until: dict[str, dict[str, float]] = {}  # by container: until when each path is new

    def marked(self, view: View) -> View:
        """The view, with what is new marked as such."""
        if not isinstance(view, Instances):
            return view
        now = time.monotonic()
        images = tuple(self._image(image, now) for image in view.images)
        alive = {container.id for image in images for container in image.containers}
        for known in (self._known, self._until):
            for gone in known.keys() - alive:
                known.pop(gone)
        return replace(view, images=images)

    def _image(self, image: ImageInstances, now: float) -> ImageInstances:
        return replace(image, containers=tuple(self._container(one, now) for one in image.containers))

    def _container(self, container: ContainerView, now: float) -> ContainerView:
        # Of a container that was not there before, all is new: to mark its files would say nothing.
        before = self._known.get(container.id, container.changes)
        self._known[container.id] = container.changes
        if before == container.changes and container.id not in self._until:
            return container
        old = set(before)
        until = {path: end for path, end in self._until.pop(container.id, {}).items() if end > now}
        until |= {one.path: now + _SECONDS for one in container.changes if one not in old and not one.is_directory}
        if not until:
            return container
        self._until[container.id] = until
        return replace(container, fresh=tuple(one.path for one in container.changes if one.path in until))
