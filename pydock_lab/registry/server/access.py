"""What was done: the access log, as values."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """One request that was answered: bytes of both bodies, `seconds` until the answer was ready."""

    client: str
    username: str
    method: str
    path: str
    status: int
    received: int
    sent: int
    seconds: float
