"""What most readers need: where an instruction comes from, its flags, the number of its arguments."""

from collections.abc import Mapping

from pydock_lab.dockerfile.characters import WHITE_SPACE
from pydock_lab.dockerfile.flags import NONE, FlagKind, Flags, read_flags
from pydock_lab.dockerfile.instructions import Source
from pydock_lab.dockerfile.nodes import Node
from pydock_lab.errors import DockerfileError


def source_of(node: Node) -> Source:
    """How the instruction is written."""
    return Source(
        code=node.original.strip(WHITE_SPACE),
        lines=node.lines,
        keyword=node.keyword,
        flags=node.flags,
        comments=node.comments,
    )


def flags_of(node: Node, known: Mapping[str, FlagKind] = NONE) -> Flags:
    """The flags, checked against those that are known; raises DockerfileError."""
    return read_flags(node.flags, known)


def exactly_one(node: Node) -> str:
    """The one argument; raises DockerfileError where there are none or several."""
    if len(node.arguments) != 1:
        raise DockerfileError("dockerfile.one-argument", instruction=node.name)
    return node.arguments[0]


def at_least_one(node: Node) -> None:
    """Raise DockerfileError where there is no argument."""
    if not node.arguments:
        raise DockerfileError("dockerfile.some-argument", instruction=node.name)


def description_of(node: Node, name: str) -> str:
    """What a comment `# name description` says of a stage or an argument."""
    found = (line.removeprefix(f"{name} ") for line in node.comments if name and line.startswith(f"{name} "))
    return next(found, "")
