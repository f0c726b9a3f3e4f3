"""How many pulls a registry still allows, where it says so: Docker Hub does with each manifest.

    ratelimit-limit: 100;w=21600        a hundred in six hours
    ratelimit-remaining: 76;w=21600

Source: docs.docker.com, docker-hub/usage/pulls; draft-ietf-httpapi-ratelimit-headers-03.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydock_lab import locale

_VALUE = re.compile(r"\s*(\d{1,9})\s*(?:;\s*w=(\d{1,9})\s*)?")
_NEAR = 5  # the last fifth


@dataclass(frozen=True, kw_only=True, slots=True)
class RateLimit:
    """`left` of `limit` pulls in so many `seconds` (0: it did not say)."""

    limit: int
    left: int
    seconds: int

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> "RateLimit | None":
        """What an answer's headers say; None where they say nothing, or no numbers."""
        limit = _VALUE.fullmatch(headers.get("ratelimit-limit", ""))
        left = _VALUE.fullmatch(headers.get("ratelimit-remaining", ""))
        if limit is None or left is None:
            return None
        return cls(limit=int(limit[1]), left=int(left[1]), seconds=int(limit[2] or left[2] or 0))

    @property
    def is_near(self) -> bool:
        """Whether it is time to say so."""
        return self.left * _NEAR <= self.limit

    def told(self, host: str) -> str:
        """In words."""
        words: dict[str, Any] = {"host": host, "left": self.left, "limit": self.limit}
        if not self.seconds:
            return locale.text("registry.rate-left", **words)
        return locale.text("registry.rate-left-in", **words, hours=f"{self.seconds / 3600:g}")
