"""What an engine tells those who watch `docker events`; what happens to a container that runs its shim tells."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydock_lab.store import happenings

if TYPE_CHECKING:
    from pydock_lab.engine.home import Home
    from pydock_lab.engine.records import ContainerRecord


class Telling:
    """Appends to the events of a home."""

    def __init__(self, home: "Home") -> None:
        self._path = str(home.events)

    def change(self, kind: str, action: str, actor: str, attributes: Mapping[str, str]) -> None:
        """Something was done to an image, a volume, a network."""
        happenings.tell(self._path, kind, action, actor, attributes)

    def image(self, action: str, image_id: str, name: str) -> None:
        """Something was done to an image."""
        self.change("image", action, image_id, {"name": name})

    def container(self, action: str, record: "ContainerRecord", **attributes: str) -> None:
        """Something was done to a container."""
        about = {**record.labels, "image": record.image, "name": record.name, **attributes}
        happenings.tell(self._path, "container", action, record.id, about)
