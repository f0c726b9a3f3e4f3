"""The little languages in the options of `docker build`: comma-separated fields, as CSV has them.

    --secret id=token,src=token.txt    --ssh default=$SSH_AUTH_SOCK
    --add-host registry=10.0.0.5       --ulimit nofile=1024:2048

Source: Docker's documentation, "docker buildx build".
"""

import ipaddress
import os
import re
from collections.abc import Iterable
from pathlib import Path

from pydock_lab.cli.parse import fields, pairs
from pydock_lab.engine.options import AgentSource, SecretSource
from pydock_lab.errors import CommandError

_ULIMITS = (
    *("core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss"),
    *("rtprio", "rttime", "sigpending", "stack"),
)
_GATEWAY, _HOST = "host-gateway", "127.0.0.1"  # RUN has the host's network: there the host is itself
_SECRET = ("type", "id", "src", "env")
_ENTITLEMENTS = ("network.host", "security.insecure")
_ANNOTATION = re.compile(r"(manifest|index|manifest-descriptor|index-descriptor)(\[[^\]]*\])?:(.*)", re.DOTALL)


# ---- what RUN may have


def secret(text: str) -> SecretSource:
    """`id=ID[,src=FILE | ,env=NAME][,type=file|env]`; the id alone names a variable, or else a file."""
    given = dict.fromkeys(_SECRET, "") | fields(text, "--secret")
    source, env = given.pop("source", given["src"]), given["env"]
    if len(given) > len(_SECRET) or not given["id"] or given["type"] not in ("", "file", "env"):
        raise CommandError("cli.bad-secret", value=text)
    if given["type"] == "env" and not env:
        source, env = "", source
    if not source and not env:
        source, env = ("", given["id"]) if given["id"] in os.environ else (given["id"], "")
    if source and not Path(source).exists():
        raise CommandError("cli.no-file", path=source, reason=os.strerror(2))
    return SecretSource(id=given["id"], path=Path(source) if source else None, env=env)


def agent(text: str) -> AgentSource:
    """`ID`, `ID=SOCKET` or `ID=KEY,KEY`; raises CommandError."""
    name, _, places = text.partition("=")
    if not name:
        raise CommandError("cli.bad-ssh", value=text)
    paths = tuple(Path(place) for place in places.split(",") if place)
    for path in paths:
        if not path.exists():
            raise CommandError("cli.no-file", path=str(path), reason=os.strerror(2))
    return AgentSource(id=name, paths=paths)


def add_host(text: str) -> str:
    """`NAME:ADDRESS` or `NAME=ADDRESS`, as `NAME:ADDRESS`; raises CommandError."""
    name, separator, address = re.match(r"([^:=]*)([:=]?)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    address = address.removeprefix("[").removesuffix("]")
    if address == _GATEWAY:
        address = _HOST
    try:
        ipaddress.ip_address(address)
    except ValueError:
        name = ""
    if not name or not separator:
        raise CommandError("cli.bad-host", value=text)
    return f"{name}:{address}"


def ulimit(text: str) -> str:
    """`NAME=SOFT[:HARD]`, -1 being without limit; raises CommandError."""
    found = re.fullmatch(r"([a-z]+)=(-1|[0-9]+)(?::(-1|[0-9]+))?", text)
    if found is None or found[1] not in _ULIMITS:
        raise CommandError("cli.bad-ulimit", value=text, known=", ".join(_ULIMITS))
    soft, hard = int(found[2]), int(found[3] or found[2])
    if hard != -1 and (soft > hard or soft == -1):
        raise CommandError("cli.ulimit-order", value=text)
    return f"{found[1]}={soft}:{hard}"


def allowed(words: Iterable[str]) -> frozenset[str]:
    """The entitlements of --allow; raises CommandError."""
    found = frozenset(name for word in words for name in word.split(","))
    for name in sorted(found - set(_ENTITLEMENTS)):
        raise CommandError("cli.bad-entitlement", value=name, known=", ".join(_ENTITLEMENTS))
    return found


# ---- what the image says


def annotations(words: Iterable[str]) -> dict[str, str]:
    """`[manifest:]NAME=value`: what is said of an index is for images of several platforms. Raises CommandError."""
    plain = []
    for word in words:
        found = _ANNOTATION.fullmatch(word)
        if found and found[1] != "manifest":
            raise CommandError("cli.annotation-index", value=word, kind=found[1])
        plain.append(found[3] if found else word)
    for word in plain:
        if "=" not in word:
            raise CommandError("cli.bad-pair", option="--annotation", value=word)
    return pairs(plain, "--annotation")


def build_contexts(words: Iterable[str]) -> dict[str, str]:
    """`NAME=PLACE`: a folder, an image, a stage, or an address; raises CommandError."""
    found = {}
    for word in words:
        name, equals, place = word.partition("=")
        if not (name and equals and place):
            raise CommandError("cli.bad-context", value=word)
        if "://" not in place and not place.startswith(("target:", "git@", "github.com/")):
            if not Path(place).is_dir():
                raise CommandError("cli.no-context-folder", name=name, path=place)
            place = str(Path(place).absolute())
        found[name] = place
    return found
