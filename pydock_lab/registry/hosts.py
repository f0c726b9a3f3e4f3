"""Where a registry is reached: the host of a reference, as an address on the network, and what may follow from it.

docker.io         https://registry-1.docker.io     the one host whose name and address differ
localhost:5000    http://localhost:5000            plain http never leaves the machine
localhost:5001    https://localhost:5001           where certs.d/localhost:5001/ has an authority for it
ghcr.io           https://ghcr.io                  nothing is ever tried over http after https failed
"""

import ipaddress
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from pydock_lab.errors import RegistryError
from pydock_lab.oci.reference import DEFAULT_DOMAIN
from pydock_lab.store.home import find

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
    """A registry: its `host` as references write it, and its `base` URL without a slash at the end.

    `authority` is the file of certificates to trust for it, instead of those that the machine trusts.
    """

    host: str
    base: str
    authority: Path | None = None

    @classmethod
    def of(cls, host: str, *, insecure: bool | None = None) -> "Endpoint":
        """The endpoint of `host`: http where it is this machine, or where `insecure` says so; https else.

        Where somebody has put an authority for it, it is https on this machine, too.
        """
        address = DOCKER_HUB if host == DEFAULT_DOMAIN else host
        authority = authority_of(host)
        # By its name alone: what a name resolves to may differ the next time it is asked.
        is_here = is_loopback(urlsplit(f"//{address}").hostname or "") and authority is None
        plain = is_here if insecure is None else insecure
        return cls(host=host, base=f"{'http' if plain else 'https'}://{address}", authority=authority)

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


def authority_of(host: str) -> Path | None:
    """The certificates in the `certs.d/HOST:PORT` of Docker, of the containers tools, or of ours; the first there is.

    Source: docker docs, engine/security/certificates; containers-certs.d(5).
    """
    home = Path.home()
    places = (find() / "certs.d", home / ".config/containers/certs.d", home / ".config/docker/certs.d")
    for place in (*places, Path("/etc/containers/certs.d"), Path("/etc/docker/certs.d")):
        with suppress(OSError):  # not for us to look into
            for path in sorted((place / host).glob("*.crt")):
                return path
    return None


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
