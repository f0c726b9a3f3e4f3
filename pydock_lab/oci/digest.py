"""A digest names bytes by what they are: `sha256:` and 64 hexadecimal digits.

Source: OCI image specification, descriptor.md, section "Digests".
"""

import hashlib
import re
from typing import Self

from pydock_lab.errors import InvalidDigest

_FORM = re.compile(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+")
_HEX_LENGTH = {"sha256": 64, "sha384": 96, "sha512": 128}


class Digest(str):
    """A valid digest `algorithm:encoded`; raises InvalidDigest for anything else.

    It is a string, so that it can be a key, a path's last part and a JSON value as it stands. It can never hold a
    slash or `..`: whoever has a Digest may join it to a path or a URL (CVE-2024-3727).
    """

    __slots__ = ()

    def __new__(cls, value: str) -> Self:
        """The digest written as `value`."""
        algorithm, _, encoded = value.partition(":")
        if not _FORM.fullmatch(value) or algorithm not in _HEX_LENGTH:
            raise InvalidDigest("oci.digest-form", digest=value[:120])
        # No capitals, as the specification wants it: one content has one name.
        if not re.fullmatch(f"[a-f0-9]{{{_HEX_LENGTH[algorithm]}}}", encoded):
            raise InvalidDigest("oci.digest-hex", digest=value[:150], length=_HEX_LENGTH[algorithm])
        return super().__new__(cls, value)

    @classmethod
    def of(cls, content: bytes, algorithm: str = "sha256") -> Self:
        """The digest of `content`."""
        return cls(f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}")

    @property
    def algorithm(self) -> str:
        """The part before the colon: `sha256`."""
        return self.partition(":")[0]

    @property
    def hex(self) -> str:
        """The part after the colon."""
        return self.partition(":")[2]

    @property
    def short(self) -> str:
        """The first twelve digits, as `docker images` shows them."""
        return self.hex[:12]


def chain_ids(diff_ids: tuple[Digest, ...]) -> tuple[Digest, ...]:
    """The chain id of each layer: what the file system is with this layer and all below it, base first.

    ChainID(L0) = DiffID(L0); ChainID(L0|...|Ln) = sha256(ChainID(L0|...|Ln-1) + " " + DiffID(Ln)).
    Source: OCI image specification, config.md, section "Layer ChainID".
    """
    chain: list[Digest] = []
    for diff_id in diff_ids:
        chain.append(Digest.of(f"{chain[-1]} {diff_id}".encode()) if chain else diff_id)
    return tuple(chain)
