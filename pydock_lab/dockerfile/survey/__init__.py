"""A Dockerfile read through in the order of a build, and nothing built: what each line would see.

    ARG, --build-arg     FROM, --platform         stages, COPY --from        instructions, with their variables
    DefaultBase     ->   BaseSeen, PlatformSeen   ImageSeen             ->   WordSeen, SourceSeen, InstructionSeen ...

`survey` gives these sights one by one and raises where a build would end, so that whoever looks (the checks, the
outline) has seen exactly what comes before the mistake.
"""

from pydock_lab.dockerfile.survey.facts import BuildFacts
from pydock_lab.dockerfile.survey.scope import Scope
from pydock_lab.dockerfile.survey.sights import (
    ArgumentSeen,
    BaseSeen,
    DefaultBase,
    ImageSeen,
    InstructionSeen,
    MountSeen,
    PlatformSeen,
    PortSeen,
    Sight,
    SourceSeen,
    StageSeen,
    WordSeen,
)
from pydock_lab.dockerfile.survey.walk import Survey, survey

__all__ = [
    "ArgumentSeen",
    "BaseSeen",
    "BuildFacts",
    "DefaultBase",
    "ImageSeen",
    "InstructionSeen",
    "MountSeen",
    "PlatformSeen",
    "PortSeen",
    "Scope",
    "Sight",
    "SourceSeen",
    "StageSeen",
    "Survey",
    "WordSeen",
    "survey",
]
