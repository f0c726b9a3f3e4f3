"""This machine's platform, in the words of the OCI specifications."""

import platform

from pydock_lab.oci import Platform

_ARCHITECTURES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "arm64": "arm64", "armv7l": "arm"}

ARCHITECTURE = _ARCHITECTURES.get(platform.machine(), platform.machine())
# Containers are Linux, wherever the builder runs.
PLATFORM = Platform(os="linux", architecture=ARCHITECTURE, variant="v7" if ARCHITECTURE == "arm" else "")


def fits(has: str, wanted: str) -> bool:
    """Whether a platform is the wanted one: `arm64` is short for linux/arm64, and a variant need not be said."""
    return has == wanted or has.startswith((f"{wanted}/", f"linux/{wanted}"))
