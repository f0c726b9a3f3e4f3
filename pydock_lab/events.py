"""What happened, as frozen values: whoever works emits them, whoever watches decides how to show them.

A function that may take long takes `on_event: Callable[[Event], None]`. The builder, the runtime and the registry
client emit; the terminal prints lines, the notebook redraws, records keep them as JSON lines.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TypeAlias


class Stream(StrEnum):
    """Which of a program's two outputs a text came from."""

    STDOUT = "stdout"
    STDERR = "stderr"


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that happened."""

    def to_json(self) -> dict[str, object]:
        """Its class name as `event`, and its fields."""
        return {"event": type(self).__name__} | asdict(self)


OnEvent: TypeAlias = Callable[[Event], None]


def ignore(_event: Event) -> None:
    """The watcher that watches nothing."""


# ---- building


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildStarted(Event):
    """A build begins: how many steps it has, which stages the target does not need, and the Dockerfile's text."""

    build: str
    steps: int
    skipped_stages: tuple[str, ...] = ()
    dockerfile: str = ""
    dockerfile_name: str = "Dockerfile"


@dataclass(frozen=True, kw_only=True, slots=True)
class StepStarted(Event):
    """A step begins: its number from 1, its stage, its lines (from 1) and its text as it stands in the file.

    `label` is how progress calls it, `[build 2/4] RUN make`; "" for one that does nothing (ENV, CMD ...).
    """

    step: int
    total: int
    stage: str
    text: str
    line: int
    end_line: int
    label: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CacheHit(Event):
    """The step's key is known: its layer is taken as it is."""

    step: int
    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CacheMissed(Event):
    """The step's key is not known: it has to be done."""

    step: int
    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StepOutput(Event):
    """What the step's program wrote."""

    step: int
    stream: Stream
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerCommitted(Event):
    """A step's files became a layer; sizes in bytes, compressed and not."""

    step: int
    digest: str
    diff_id: str
    size: int
    unpacked_size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class StepFinished(Event):
    """A step ended well; `seconds` by a monotonic clock."""

    step: int
    seconds: float
    cached: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class StepFailed(Event):
    """A step failed; the build ends."""

    step: int
    seconds: float
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ContextRead(Event):
    """What a build has looked at in a context ("" is the main one): so many files, of so many bytes together.

    `hashed` of them had to be read, the others are as the last build found them.
    """

    context: str
    files: int
    size: int
    hashed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildFinished(Event):
    """The image is there: its id (config digest), manifest digest and names."""

    build: str
    image_id: str
    digest: str
    references: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Noted(Event):
    """Something that the user should know and that is no error: a warning of the Dockerfile, a missing facet."""

    text: str
    line: int | None = None


# ---- transferring


class Direction(StrEnum):
    """Which way bytes travel."""

    PUSH = "push"
    PULL = "pull"


@dataclass(frozen=True, kw_only=True, slots=True)
class TransferStarted(Event):
    """A push or pull begins."""

    direction: Direction
    reference: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BlobProgress(Event):
    """So many of a blob's bytes have travelled."""

    direction: Direction
    digest: str
    done: int
    total: int


@dataclass(frozen=True, kw_only=True, slots=True)
class BlobSkipped(Event):
    """A blob did not travel: it `exists` at the other end already, or was `mounted` from another repository."""

    direction: Direction
    digest: str
    size: int
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BlobDone(Event):
    """A blob has arrived, and its digest was verified."""

    direction: Direction
    digest: str
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class TransferFinished(Event):
    """The manifest is at its place: the image can be used under this name."""

    direction: Direction
    reference: str
    digest: str
    size: int


class Role(StrEnum):
    """Who answers a request: the registry itself, where it sends for tokens, or where it keeps its blobs."""

    REGISTRY = "registry"
    TOKENS = "tokens"
    STORAGE = "storage"


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange(Event):
    """One HTTP request and its answer, without any secret; `seconds` until the answer's head, `size` of its body.

    `scope` is what a token was asked for.
    """

    method: str
    url: str
    status: int
    seconds: float
    note: str = ""
    role: Role = Role.REGISTRY
    size: int = 0
    scope: str = ""


# ---- running


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerOutput(Event):
    """What a container's program wrote."""

    container: str
    stream: Stream
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerChanged(Event):
    """A container went into another state: `create`, `start`, `die`, `destroy` ... as `docker events` names them."""

    container: str
    action: str
    time: float
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class StartStep(Event):
    """One step of a container's start: a namespace entered, a mount, pivot_root, capabilities, seccomp, exec."""

    container: str
    name: str
    detail: str
    seconds: float
