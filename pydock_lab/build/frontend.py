"""`# syntax=`: which frontend reads the Dockerfile. Docker's own is built in here; another one would be an image."""

import re

from pydock_lab.dockerfile.directives import detect
from pydock_lab.errors import BuildError, InvalidReference
from pydock_lab.oci import Reference

_OWN = re.compile(r"docker/dockerfile(-upstream)?")


def check_frontend(text: str) -> None:
    """Raise BuildError where a Dockerfile wants to be read by a frontend that is not Docker's."""
    found = detect("syntax", text)
    if found is None:
        return
    try:
        name = Reference.parse(found.head).familiar_name
    except InvalidReference:
        name = found.head
    if not _OWN.fullmatch(name):
        raise BuildError("build.frontend", frontend=found.head, line=found.line, end_line=found.line)
