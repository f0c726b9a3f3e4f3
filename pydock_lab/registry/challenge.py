"""What a registry answers to who comes without the right papers: 401, and how to get them.

    WWW-Authenticate: Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:..."
                      ^scheme ^parameters, in quotes or not

Read strictly: what decides where a password is sent must not be guessed. Source: RFC 9110, section 11.6.1.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydock_lab.errors import RegistryError

_MAX = 8192
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_SCHEME = re.compile(rf"({_WORD})(?=\s|,|$)\s*")
_PARAMETER = re.compile(rf'({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_WORD}))\s*(?:,\s*|$)')


@dataclass(frozen=True, kw_only=True, slots=True)
class Challenge:
    """One way in: its scheme in small letters, and its parameters by their names in small letters."""

    scheme: str
    parameters: Mapping[str, str]


def parse(header: str, host: str) -> tuple[Challenge, ...]:
    """The challenges of a WWW-Authenticate header; raises RegistryError where it breaks the grammar."""
    found: list[Challenge] = []
    position = 0
    # Before the regular expressions: their work grows with what they are given.
    if len(header) > _MAX:
        raise RegistryError("registry.challenge", host=host, header=header[:80])
    while position < len(header):
        scheme = _SCHEME.match(header, position)
        if scheme is None:
            raise RegistryError("registry.challenge", host=host, header=header[:80])
        parameters, position = _parameters(header, scheme.end())
        found.append(Challenge(scheme=scheme[1].lower(), parameters=parameters))
    return tuple(found)


def _parameters(header: str, position: int) -> tuple[dict[str, str], int]:
    parameters: dict[str, str] = {}
    while match := _PARAMETER.match(header, position):
        quoted, bare = match[2], match[3]
        # The first of two counts: a second realm behind it is somebody's trick.
        parameters.setdefault(match[1].lower(), re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else bare)
        position = match.end()
    # A scheme without parameters ends in the comma that another one's parameter would have taken along.
    if header[position : position + 1] == ",":
        position += len(header[position:]) - len(header[position:].lstrip(", \t"))
    return parameters, position
