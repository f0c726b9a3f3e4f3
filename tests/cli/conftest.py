"""The command line on the real engine, for all tests of this folder."""

from collections.abc import Callable
from typing import Any

import pytest
from samples.faces import RememberingFace

from pydock_lab.cli import invoke
from pydock_lab.engine.face import Engine
from pydock_lab.errors import PydockError


class CommandLine:
    """`docker("ps", "-a")`: what it wrote; `status=` is what it must end with (None: anything).

    `face` remembers all of the last one.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine, self.face = engine, RememberingFace()

    def __call__(self, *words: str, piped: bytes = b"", status: int | None = 0, answers: tuple[str, ...] = ()) -> str:
        self.face = RememberingFace(piped, answers)
        ended = invoke(words, open_engine=lambda: self.engine.full, face=self.face)
        assert status in (None, ended), self.face.noted
        return str(self.face.written)


@pytest.fixture
def docker(engine: Engine) -> CommandLine:
    return CommandLine(engine)


@pytest.fixture
def fails(docker: CommandLine) -> Callable[..., str]:
    """The key of the error that a command ends with."""

    def do(*words: str, **more: Any) -> str:
        with pytest.raises(PydockError) as caught:
            docker(*words, **more)
        return caught.value.key

    return do


@pytest.fixture
def run(docker: CommandLine) -> Callable[..., str]:
    """What a program in a container writes."""

    def do(*words: str) -> str:
        return docker("run", "--rm", *words)

    return do
