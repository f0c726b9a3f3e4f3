"""The workers that need containers, and so Linux: each is made, and what it imports loaded, when it is first asked."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from pydock_lab.engine.containers import ContainerLife

if TYPE_CHECKING:
    from pydock_lab.engine.asking import ContainerQuestions
    from pydock_lab.engine.copying import ContainerFiles
    from pydock_lab.engine.home import Home
    from pydock_lab.engine.images import ImageShelf
    from pydock_lab.engine.instances import InstancesPicture
    from pydock_lab.engine.known_images import KnownImages
    from pydock_lab.engine.measures import Measures
    from pydock_lab.engine.networks import Networks
    from pydock_lab.engine.system import System
    from pydock_lab.engine.transfers import Transfers
    from pydock_lab.engine.written import WritableLayers


class Parts:
    """Who does what for the containers of a home."""

    def __init__(self, home: Home, images: ImageShelf, transfers: Transfers, networks: Networks) -> None:
        self._home, self._images = home, images
        self.life = ContainerLife(home, images, transfers, networks)

    @cached_property
    def questions(self) -> ContainerQuestions:
        """Lists, and what containers wrote."""
        from pydock_lab.engine.asking import ContainerQuestions  # noqa: PLC0415 - see above

        return ContainerQuestions(self._home, self._known_images, self._layers, self.life)

    @cached_property
    def instances(self) -> InstancesPicture:
        """Images with their containers."""
        from pydock_lab.engine.instances import InstancesPicture  # noqa: PLC0415 - see above

        return InstancesPicture(self._home, self._known_images, self._layers, self.life)

    @cached_property
    def _known_images(self) -> KnownImages:
        from pydock_lab.engine.known_images import KnownImages  # noqa: PLC0415 - see above

        return KnownImages(self._home, self._images)

    @cached_property
    def _layers(self) -> WritableLayers:
        from pydock_lab.engine.written import WritableLayers  # noqa: PLC0415 - see above

        return WritableLayers(self._home, self._known_images)

    @cached_property
    def files(self) -> ContainerFiles:
        """`docker cp`, `export`."""
        from pydock_lab.engine.copying import ContainerFiles  # noqa: PLC0415 - see above

        return ContainerFiles(self._home, self.life)

    @cached_property
    def measures(self) -> Measures:
        """`docker top`, `stats`."""
        from pydock_lab.engine.measures import Measures  # noqa: PLC0415 - see above

        return Measures(self._home, self.life)

    @cached_property
    def system(self) -> System:
        """`docker info`, `version`, `doctor`."""
        from pydock_lab.engine.system import System  # noqa: PLC0415 - see above

        return System(self._home, self.life)
