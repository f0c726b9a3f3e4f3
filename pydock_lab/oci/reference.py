"""References: what people write to name an image, and what it means in full.

    nginx                     docker.io/library/nginx:latest
    lab/app:2                 docker.io/lab/app:2
    localhost:5000/app@sha256:...

The first part is a registry only if it has a dot or a colon, is `localhost`, or has an upper-case letter;
otherwise it is a folder on Docker Hub. Source: distribution/reference, grammar in reference.go, and the OCI
distribution specification, "Pulling manifests" (name and tag).
"""

import re
from dataclasses import dataclass
from typing import Self

from pydock_lab.errors import InvalidDigest, InvalidReference
from pydock_lab.oci.digest import Digest

DEFAULT_DOMAIN = "docker.io"
DEFAULT_TAG = "latest"
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DOMAIN = re.compile(
    r"(?:(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])(?:\.(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]))*"
    r"|\[[A-Fa-f0-9:]+\])(?::[0-9]+)?"
)
# What many clients allow for host, slash and name (OCI distribution specification, "Pulling manifests").
_MAX_NAME = 255


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """An image's full name: `domain/path`, with a tag, a digest, or both."""

    domain: str
    path: str
    tag: str = ""
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """The reference that `text` means, `:latest` where it says neither tag nor digest.

        Raises InvalidReference whose field `part` is the part that is wrong.
        """
        rest, at, written = text.partition("@")
        digest = _digest(text, written) if at else None
        name, tag = _split_tag(text, rest)
        domain, path = _split_domain(name)
        _check(text, domain, path)
        return cls(domain=domain, path=path, tag=tag or ("" if digest else DEFAULT_TAG), digest=digest)

    @property
    def name(self) -> str:
        """Domain and path: `docker.io/library/nginx`."""
        return f"{self.domain}/{self.path}"

    @property
    def familiar_name(self) -> str:
        """The name as people write it: `nginx`, `lab/app`, `ghcr.io/lab/app`."""
        if self.domain != DEFAULT_DOMAIN:
            return self.name
        short = self.path.removeprefix("library/")
        return self.path if "/" in short else short

    @property
    def familiar(self) -> str:
        """The whole reference as people write it: `nginx:latest`."""
        return self.familiar_name + self._suffix

    def with_tag(self, tag: str) -> "Reference":
        """The same repository under another tag; raises InvalidReference."""
        if not _TAG.fullmatch(tag):
            raise InvalidReference("oci.reference-tag", reference=f"{self.familiar_name}:{tag}", part=tag)
        return Reference(domain=self.domain, path=self.path, tag=tag)

    def with_digest(self, digest: Digest) -> "Reference":
        """The same repository at one digest."""
        return Reference(domain=self.domain, path=self.path, digest=digest)

    @property
    def _suffix(self) -> str:
        return (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")

    def __str__(self) -> str:
        return self.name + self._suffix


def _digest(text: str, written: str) -> Digest:
    try:
        return Digest(written)
    except InvalidDigest:
        raise InvalidReference("oci.reference-digest", reference=text, part=written) from None


def _split_tag(text: str, rest: str) -> tuple[str, str]:
    # A colon before the last slash belongs to host:port.
    head, slash, last = rest.rpartition("/")
    last, colon, tag = last.partition(":")
    if colon and not _TAG.fullmatch(tag):
        raise InvalidReference("oci.reference-tag", reference=text, part=tag)
    return head + slash + last, tag


def _split_domain(name: str) -> tuple[str, str]:
    first, slash, path = name.partition("/")
    is_domain = slash and (
        "." in first or ":" in first or first == "localhost" or first.lower() != first or first.startswith("[")
    )
    if not is_domain:
        return DEFAULT_DOMAIN, name if slash else f"library/{name}"
    if first in ("index.docker.io", "registry-1.docker.io"):
        first = DEFAULT_DOMAIN
    if first == DEFAULT_DOMAIN and "/" not in path:
        path = f"library/{path}"
    return first, path


def _check(text: str, domain: str, path: str) -> None:
    if not text.strip() or path in ("", "library/"):
        raise InvalidReference("oci.reference-empty", reference=text, part="")
    if not _DOMAIN.fullmatch(domain):
        raise InvalidReference("oci.reference-domain", reference=text, part=domain)
    if path.lower() != path:
        raise InvalidReference("oci.reference-case", reference=text, part=path.removeprefix("library/"))
    for component in path.split("/"):
        if not _COMPONENT.fullmatch(component):
            raise InvalidReference("oci.reference-component", reference=text, part=component)
    if len(domain) + 1 + len(path) > _MAX_NAME:
        raise InvalidReference("oci.reference-length", reference=text[:80], part=path[:80], limit=_MAX_NAME)
