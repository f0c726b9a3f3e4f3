"""Who does the work of the local engine, each made when it is first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from pydock_lab.engine.home import Home
from pydock_lab.engine.images import ImageShelf
from pydock_lab.engine.telling import Telling
from pydock_lab.engine.transfers import Transfers

if TYPE_CHECKING:
    from pathlib import Path

    from pydock_lab.engine.advising import Advising
    from pydock_lab.engine.archives import ImageMaking
    from pydock_lab.engine.building import ImageBuilding
    from pydock_lab.engine.explaining import Explaining
    from pydock_lab.engine.networks import Networks
    from pydock_lab.engine.parts import Parts
    from pydock_lab.engine.pruning import Pruning
    from pydock_lab.engine.rebuilding import Rebuilding
    from pydock_lab.engine.sizes import Sizes


class Workers:
    """The store in `root` (default: `$PYDOCK_HOME`, else the user's data directory), and who works on it."""

    def __init__(self, root: Path | None = None) -> None:
        self.home = Home(root)
        self._tell = Telling(self.home)
        self._shelf = ImageShelf(self.home)
        self._transfers = Transfers(self.home, self._shelf)

    @cached_property
    def _rebuilding(self) -> Rebuilding:
        from pydock_lab.engine.rebuilding import Rebuilding  # noqa: PLC0415 - only for who builds

        return Rebuilding(self.home, self._shelf)

    @cached_property
    def _building(self) -> ImageBuilding:
        from pydock_lab.engine.building import ImageBuilding  # noqa: PLC0415 - only where something has changed

        return ImageBuilding(self.home, self._shelf, self._transfers)

    @cached_property
    def _parts(self) -> Parts:
        """All that needs containers: made when the first one is asked for, and not at all where there are none."""
        from pydock_lab.engine.parts import Parts  # noqa: PLC0415 - Linux only

        return Parts(self.home, self._shelf, self._transfers, self._networks)

    @cached_property
    def _sizes(self) -> Sizes:
        from pydock_lab.engine.sizes import Sizes  # noqa: PLC0415 - only for who asks for sizes

        return Sizes(self.home, self._shelf, self._parts.questions, self._parts.life.volumes)

    @cached_property
    def _pruning(self) -> Pruning:
        from pydock_lab.engine.pruning import Pruning  # noqa: PLC0415 - only for who prunes

        return Pruning(self.home, self._shelf, self._parts.life, self._networks)

    @cached_property
    def _networks(self) -> Networks:
        from pydock_lab.engine.networks import Networks  # noqa: PLC0415 - only for who speaks of networks
        from pydock_lab.engine.records import ContainerShelf  # noqa: PLC0415 - see above

        return Networks(self.home, ContainerShelf(self.home), on_change=self._tell.change)

    @cached_property
    def _making(self) -> ImageMaking:
        from pydock_lab.engine.archives import ImageMaking  # noqa: PLC0415 - only for import and commit

        return ImageMaking(self.home)

    @cached_property
    def _explaining(self) -> Explaining:
        from pydock_lab.engine.explaining import Explaining  # noqa: PLC0415 - only for who asks why

        return Explaining(self.home, self._shelf)

    @cached_property
    def _advising(self) -> Advising:
        from pydock_lab.engine.advising import Advising  # noqa: PLC0415 - only for who asks for advice

        return Advising(self.home, self._shelf, self._explaining, self._building)
