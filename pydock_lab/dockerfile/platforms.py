"""Platforms as people write them, `linux/arm64` or only `arm64`, and the arguments that tell a build about them.

Source: containerd/platforms (the grammar and the usual names of architectures), and BuildKit's documentation,
"Automatic platform ARGs in the global scope".
"""

import re
from collections.abc import Mapping

from pydock_lab.dockerfile.characters import quote
from pydock_lab.errors import DockerfileError
from pydock_lab.oci import Platform

LINUX_AMD64 = Platform(os="linux", architecture="amd64")

_OS = re.compile(r"([A-Za-z0-9_-]+)(?:\(([A-Za-z0-9_.%-]*)((?:\+[A-Za-z0-9_.%-]+)*)\))?")
_COMPONENT = re.compile(r"[A-Za-z0-9_.-]+")
_KNOWN_OS = frozenset(
    {
        "aix",
        "android",
        "darwin",
        "dragonfly",
        "freebsd",
        "hurd",
        "illumos",
        "ios",
        "js",
        "linux",
        "nacl",
        "netbsd",
        "openbsd",
        "plan9",
        "solaris",
        "wasi",
        "wasip1",
        "windows",
        "zos",
    }
)
_KNOWN_ARCHITECTURES = frozenset(
    {
        "386",
        "amd64",
        "amd64p32",
        "arm",
        "armbe",
        "arm64",
        "arm64be",
        "loong64",
        "mips",
        "mipsle",
        "mips64",
        "mips64le",
        "mips64p32",
        "mips64p32le",
        "ppc",
        "ppc64",
        "ppc64le",
        "riscv",
        "riscv64",
        "s390",
        "s390x",
        "sparc",
        "sparc64",
        "wasm",
    }
)
_ALIASES = {
    "i386": ("386", ""),
    "x86_64": ("amd64", ""),
    "x86-64": ("amd64", ""),
    "aarch64": ("arm64", ""),
    "armhf": ("arm", "v7"),
    "armel": ("arm", "v6"),
}
# A variant that is the architecture's usual one goes without saying; arm alone means v7.
_USUAL = {("amd64", "v1"): "", ("arm64", "8"): "", ("arm64", "v8"): "", ("arm", ""): "v7"}
_PARTS = 3


def parse_platform(text: str, host: Platform = LINUX_AMD64) -> Platform:
    """`os/architecture[/variant]`, in its usual spelling; one part alone takes the rest from `host`.

    Raises DockerfileError.
    """
    parts = text.split("/")
    if len(parts) > _PARTS:
        raise DockerfileError("dockerfile.platform-parts", platform=quote(text))
    _check(text, parts)
    if len(parts) == 1:
        return _single(text, host)
    return _normal(_os(parts[0]), *parts[1:])


def _check(text: str, parts: list[str]) -> None:
    if not _OS.fullmatch(parts[0]):
        raise DockerfileError("dockerfile.platform-os", part=quote(parts[0]), platform=quote(text))
    for part in parts[1:]:
        if not _COMPONENT.fullmatch(part):
            raise DockerfileError("dockerfile.platform-part", part=quote(part), platform=quote(text))


def _os(text: str) -> str:
    # `windows(10.0.17763)`: the version is for choosing among images, and no part of the system's name.
    name = text.partition("(")[0].lower()
    return {"macos": "darwin"}.get(name, name)


def _single(text: str, host: Platform) -> Platform:
    if (name := _os(text)) in _KNOWN_OS:
        return _normal(name, host.architecture, host.variant)
    architecture, _ = _ALIASES.get(text.lower(), (text.lower(), ""))
    if architecture not in _KNOWN_ARCHITECTURES:
        raise DockerfileError("dockerfile.platform-unknown", platform=quote(text))
    return _normal(host.os, text)


def _normal(system: str, architecture: str, variant: str = "") -> Platform:
    architecture, variant = architecture.lower(), variant.lower()
    # Some aliases are a variant as well: armhf is v7, whatever is written behind it.
    architecture, implied = _ALIASES.get(architecture, (architecture, ""))
    variant = implied or variant
    if architecture == "arm" and variant in ("5", "6", "7", "8"):
        variant = f"v{variant}"
    variant = _USUAL.get((architecture, variant), variant)
    return Platform(os=system, architecture=architecture, variant=variant)


def platform_arguments(
    *,
    build: Platform,
    target: Platform | None = None,
    stage: str = "",
    overrides: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The arguments BUILD... and TARGET... that every build has; `overrides` are those of `--build-arg`.

    Empty ones are set too. `target` is the build's own platform where it is not given.
    """
    defaults = _named("BUILD", build) | _named("TARGET", target or build)
    defaults["TARGETSTAGE"] = stage or "default"
    return {name: (overrides or {}).get(name, value) for name, value in defaults.items()}


def _named(prefix: str, platform: Platform) -> dict[str, str]:
    return {
        f"{prefix}PLATFORM": str(platform),
        f"{prefix}OS": platform.os,
        f"{prefix}OSVERSION": "",
        f"{prefix}ARCH": platform.architecture,
        f"{prefix}VARIANT": platform.variant,
    }
