"""The parts of the local engine that have to do with containers, put together."""

from dataclasses import dataclass
from typing import Self

from pydock_lab.engine.asking import ContainerQuestions
from pydock_lab.engine.containers import ContainerLife
from pydock_lab.engine.copying import ContainerFiles
from pydock_lab.engine.home import Home
from pydock_lab.engine.images import ImageShelf
from pydock_lab.engine.measures import Measures
from pydock_lab.engine.networks import Networks
from pydock_lab.engine.system import System
from pydock_lab.engine.transfers import Transfers


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """Who does what."""

    life: ContainerLife
    questions: ContainerQuestions
    files: ContainerFiles
    measures: Measures
    system: System

    @classmethod
    def of(cls, home: Home, images: ImageShelf, transfers: Transfers, networks: Networks) -> Self:
        """The parts of a home."""
        life = ContainerLife(home, images, transfers, networks)
        questions = ContainerQuestions(home, images, life)
        return cls(
            life=life,
            questions=questions,
            files=ContainerFiles(home, life),
            measures=Measures(home, life),
            system=System(home, life),
        )
