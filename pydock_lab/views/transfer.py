"""A pull or a push: what was asked of whom, and which blobs travelled."""

from dataclasses import dataclass

from pydock_lab.views.base import SteppedView


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestStep:
    """A request and its answer, from 1 on.

    `kind` is what was asked for (ping, manifest, blob, upload, token ...), `subject` of what: a tag, a digest, a scope.
    `role` says who answered (registry, tokens, storage), `follows` is the step whose 401, or redirect, led to it;
    0 where none did. `at` and `seconds` are seconds, `at` since the beginning; `size` is of the answer's body, bytes.
    """

    number: int
    at: float
    seconds: float
    method: str
    url: str
    host: str
    role: str
    status: int
    kind: str
    subject: str
    size: int = 0
    follows: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class TravelledBlob:
    """A blob of the image: `how` it came there (travelled, exists, mounted), `kind` (config, layer), bytes."""

    digest: str
    size: int
    how: str
    kind: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TransferTrace(SteppedView):
    """A pull or push (`direction`), request by request; `error` is why it ended, where it failed."""

    direction: str
    reference: str
    host: str
    created: str
    seconds: float
    digest: str
    steps: tuple[RequestStep, ...]
    blobs: tuple[TravelledBlob, ...]
    error: str = ""

    @property
    def step(self) -> RequestStep | None:
        """The step at which one stands; None at the end."""
        return next((step for step in self.steps if step.number == self.at), None)

    @property
    def size(self) -> int:
        """Bytes of all blobs."""
        return sum(blob.size for blob in self.blobs)

    @property
    def travelled(self) -> int:
        """Bytes of those that went through the network."""
        return sum(blob.size for blob in self.blobs if blob.how == "travelled")
