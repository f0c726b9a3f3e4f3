"""The record of a build: what was asked for, and for each step its key in plain text and what became of it.

    builds/91bc.../record.json     {"format": 2, "build": "91bc...", "dockerfile": "FROM ...", "steps": [...]}

A record holds all that is needed to say later why a step was not in the cache: nothing is asked of the store, and
nothing of the context folder, which has long changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from pydock_lab.errors import Corrupt

FORMAT = 2


class BuildStatus(StrEnum):
    """How a build ended; PREDICTED for one that was only thought through."""

    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    PREDICTED = "predicted"


class StepKind(StrEnum):
    """What a step does; CONFIG for those that change no file (ENV, CMD, LABEL ...)."""

    FROM = "FROM"
    RUN = "RUN"
    COPY = "COPY"
    ADD = "ADD"
    WORKDIR = "WORKDIR"
    CONFIG = "CONFIG"


@dataclass(frozen=True, kw_only=True, slots=True)
class Base:
    """What a FROM stands on: the name as it was looked up, and the chain id of its layers ("" for scratch)."""

    name: str
    chain: str = ""

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """What `to_json` gave; raises KeyError for anything else."""
        return cls(name=str(document["name"]), chain=str(document["chain"]))

    def to_json(self) -> dict[str, object]:
        """Plain data."""
        return {"name": self.name, "chain": self.chain}


@dataclass(frozen=True, kw_only=True, slots=True)
class StepRecord:
    """One step: `stage` is its title, `number` counts all steps of the build from 1, `line` from 1.

    `cached` is None where the build did not get so far, or where it is not known. `seconds` were spent in this
    build, `made_seconds` when the step really ran. `key` is the plain text and `key_digest` its digest; both are
    empty for CONFIG. `layer` is the plain data of `build.cache.Layer`. `sources` are the patterns of COPY and ADD,
    `origin` what they copy from, and what a FROM stands on where that is a stage ("": the context; else the title
    of a stage, an image, or a named context).
    """

    stage: str
    stage_index: int
    number: int
    kind: StepKind
    text: str
    line: int
    end_line: int
    cached: bool | None = None
    seconds: float = 0.0
    made_seconds: float = 0.0
    key: str = ""
    key_digest: str = ""
    in_history: bool = False
    layer: Mapping[str, Any] | None = None
    sources: tuple[str, ...] = ()
    origin: str = ""
    base: Base | None = None

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """What `to_json` gave; raises KeyError, ValueError or TypeError for anything else."""
        fields = {name: document[name] for name in cls.__slots__}
        base = fields["base"]
        return cls(
            **fields
            | {
                "kind": StepKind(fields["kind"]),
                "sources": tuple(fields["sources"]),
                "base": None if base is None else Base.from_json(base),
            }
        )

    def to_json(self) -> dict[str, object]:
        """Plain data."""
        return {name: getattr(self, name) for name in self.__slots__} | {
            "kind": self.kind.value,
            "layer": None if self.layer is None else dict(self.layer),
            "sources": list(self.sources),
            "base": None if self.base is None else self.base.to_json(),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildRecord:
    """One build: what it was given (texts, options), how it ended, and its steps in the order of their numbers.

    `created` is RFC 3339, `target` and `platform` are as given ("": the last stage, this machine's), `context` a
    path or a URL ("" without one), `ignore` the text of its ignore file. `no_cache` tells that no step was looked
    up, `no_cache_filter` names the stages of which none was. `snapshots` are the contexts' states, by name, the
    main one's under "" (`build.stat_cache`).
    """

    build: str
    status: BuildStatus
    created: str
    dockerfile: str
    seconds: float = 0.0
    dockerfile_name: str = "Dockerfile"
    context: str = ""
    ignore: str = ""
    references: tuple[str, ...] = ()
    build_args: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    platform: str = ""
    no_cache: bool = False
    no_cache_filter: tuple[str, ...] = ()
    image_id: str = ""
    digest: str = ""
    skipped: tuple[str, ...] = ()
    error: str = ""
    snapshots: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[StepRecord, ...] = ()

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """What `to_json` gave; raises Corrupt for another format, or where something is missing."""
        if document.get("format") != FORMAT:
            raise Corrupt("explain.record-format", format=document.get("format", "?"), known=FORMAT)
        try:
            return cls._read({name: document[name] for name in cls.__slots__})
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise Corrupt("explain.record-damaged", build=document.get("build", "?"), reason=repr(error)) from None

    @classmethod
    def _read(cls, fields: dict[str, Any]) -> Self:
        texts = ("no_cache_filter", "references", "skipped")
        return cls(
            **fields
            | {name: tuple(fields[name]) for name in texts}
            | {
                "status": BuildStatus(fields["status"]),
                "build_args": dict(fields["build_args"]),
                "snapshots": dict(fields["snapshots"]),
                "steps": tuple(map(StepRecord.from_json, fields["steps"])),
            }
        )

    def to_json(self) -> dict[str, object]:
        """Plain data, with its format."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        texts = ("no_cache_filter", "references", "skipped")
        return (
            {"format": FORMAT}
            | fields
            | {name: list(fields[name]) for name in texts}
            | {
                "status": self.status.value,
                "build_args": dict(self.build_args),
                "snapshots": dict(self.snapshots),
                "steps": [step.to_json() for step in self.steps],
            }
        )
