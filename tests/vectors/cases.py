"""Conformance vectors: data that say what the reference does. They are not part of the repository.

$PYDOCK_VECTORS is the folder that has them (dockerfile/parser.json ...).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pydock_lab.errors import DockerfileError


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One vector: what goes in, and what is to come out."""

    id: str
    kind: str
    input: dict[str, Any]
    expect: dict[str, Any]

    @property
    def is_error(self) -> bool:
        return "error_full" in self.expect

    def raises(self, call: Callable[[], object]) -> DockerfileError:
        """The error that `call` raises: with the reference's message, where that is the reference's own."""
        with pytest.raises(DockerfileError) as caught:
            call()
        if self.expect["error_strict"]:
            assert self.expect["error_contains"] in caught.value.message("en")
        assert caught.value.message("fr")
        return caught.value

    @property
    def env(self) -> dict[str, str]:
        """The variables of the case; of two with one name, the last counts."""
        return dict(pair.split("=", 1) for pair in self.input["env"])


def load(folder: str, file: str) -> list[Case]:
    document = json.loads(Path(folder, f"{file}.json").read_text(encoding="utf-8"))
    return [Case(**{name: case[name] for name in ("id", "kind", "input", "expect")}) for case in document["cases"]]


Check = Callable[[Case], None]
EveryCase = Callable[..., None]
