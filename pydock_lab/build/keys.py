"""Cache keys: all that a step's result depends on, as a text that a person can read, and its digest.

A key's text is JSON with one fact a line. Its digest is the SHA-256 of exactly that text, so anybody can compute
it again:

    hashlib.sha256(text.encode()).hexdigest()

Keys form a chain: `on` is the digest of the key of the step below, so a miss makes all steps above it miss. What
is *not* in a key matters as much: no time, no file name of the host, nothing of what RUN downloads. For COPY the
checksums of the files are in it, for RUN only the command, its environment and where it runs.

Source: the behaviour of BuildKit (definition digest, content checksums); the text form is our own.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self


@dataclass(frozen=True, kw_only=True)
class CacheKey:
    """A key by its text."""

    text: str

    @classmethod
    def of(cls, step: str, **facts: Any) -> Self:
        """The key of a step of this kind (`RUN`, `COPY` ...) with these facts, in the order given."""
        return cls(text=json.dumps({"step": step} | facts, indent=1, ensure_ascii=False))

    def with_fact(self, name: str, value: Any) -> Self:
        """The key with one more fact."""
        return type(self)(text=json.dumps({**self.facts, name: value}, indent=1, ensure_ascii=False))

    @cached_property
    def digest(self) -> str:
        """`sha256:` and the digest of the text."""
        # What is not UTF-8, such as the name of a file, stands in the text as lone surrogates (PEP 383).
        return "sha256:" + hashlib.sha256(self.text.encode("utf-8", "surrogateescape")).hexdigest()

    @property
    def facts(self) -> Mapping[str, Any]:
        """The text, read again."""
        facts: Mapping[str, Any] = json.loads(self.text)
        return facts


SCRATCH = CacheKey.of("FROM", base="scratch")


def base_key(chain_id: str) -> CacheKey:
    """FROM an image: what its layers are, whatever its name; a base that gains only a label keeps all hits."""
    return CacheKey.of("FROM", layers=chain_id)
