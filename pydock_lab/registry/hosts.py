"""Where a registry is reached: the host of a reference, as an address on the network, and what may follow from it.

docker.io         https://registry-1.docker.io     the one host whose name and address differ
localhost:5000    http://localhost:5000            plain http never leaves the machine
ghcr.io           https://ghcr.io                  nothing is ever tried over http after https failed
"""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from pydock_lab.errors import RegistryError
from pydock_lab.oci.reference import DEFAULT_DOMAIN

DOCKER_HUB = "registry-1.docker.io"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Scheme, host and port: what may see a password or token belongs to one of these, and to no other."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> "Origin":
        """The origin of a URL; raises RegistryError where it is no http(s) URL, or carries a name and password."""
        try:
            parts = urlsplit(url)
            port = parts.port or _PORTS[parts.scheme]
        except (ValueError, KeyError):
            raise RegistryError("registry.bad-url", url=url[:200]) from None
        # `https://good.io@evil.io` is evil.io with a user named good.io: made to be misread.
        if not parts.hostname or "@" in parts.netloc:
            raise RegistryError("registry.bad-url", url=url[:200])
        # A final dot means the same host (RFC 1034), and must not make another origin of it.
        return cls(scheme=parts.scheme, host=parts.hostname.rstrip("."), port=port)

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine."""
        return is_loopback(self.host)


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """A registry: its `host` as references write it, and its `base` URL without a slash at the end."""

    host: str
    base: str

    @classmethod
    def of(cls, host: str, *, insecure: bool | None = None) -> "Endpoint":
        """The endpoint of `host`: http where it is this machine, or where `insecure` says so; https else."""
        address = DOCKER_HUB if host == DEFAULT_DOMAIN else host
        # By its name alone: what a name resolves to may differ the next time it is asked.
        plain = is_loopback(urlsplit(f"//{address}").hostname or "") if insecure is None else insecure
        return cls(host=host, base=f"{'http' if plain else 'https'}://{address}")

    @property
    def origin(self) -> Origin:
        """Its origin."""
        return Origin.of(self.base)

    def next(self, current: str, target: str) -> str:
        """The URL that an answer from `current` points to; raises RegistryError where following it would be unsafe.

        The same origin always; another one only over https, and never from https down to http.
        """
        url = urljoin(current, target)
        origin = Origin.of(url)
        if origin not in (self.origin, Origin.of(current)) and origin.scheme != "https":
            raise RegistryError("registry.unsafe-redirect", host=self.host, target=origin.host)
        return url


def is_loopback(host: str) -> bool:
    """Whether a host's name or address can only mean this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_inside(host: str) -> bool:
    """Whether a host is written as an address that only exists inside a network (private, link-local, loopback)."""
    # Not only "private": link-local addresses are where clouds keep the secrets of their machines.
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return is_loopback(host)
