"""Checks of how single instructions are written, before their variables are known."""

from collections.abc import Iterator

from pydock_lab.dockerfile.characters import quote
from pydock_lab.dockerfile.checks import code
from pydock_lab.dockerfile.checks.finding import Finding
from pydock_lab.dockerfile.checks.rules import Rule
from pydock_lab.dockerfile.nodes import Node

_NAMED = 3  # words of FROM image AS name


def stage_name_casing(node: Node) -> Iterator[Finding]:
    """The name after AS in small letters: stages are asked for in any case, and kept in one."""
    if node.name == "FROM" and len(node.arguments) == _NAMED and node.arguments[2] != node.arguments[2].lower():
        name = node.arguments[2]
        instead = code.with_last_word(node.original.strip(), name.lower())
        fields = {"name": name}
        yield Finding(rule=Rule.STAGE_NAME_CASING, lines=node.lines, fields=fields, instead=instead)


def from_as_casing(node: Node) -> Iterator[Finding]:
    """FROM with AS, from with as; a mixture inside FROM itself is another check's."""
    if node.name != "FROM" or len(node.arguments) < _NAMED:
        return
    word, keyword = node.arguments[1], node.keyword
    if keyword not in (keyword.lower(), keyword.upper()):
        return
    wanted = word.lower() if keyword == keyword.lower() else word.upper()
    if word != wanted:
        instead = code.with_as(node.original.strip(), wanted)
        fields = {"as": word, "from": keyword}
        yield Finding(rule=Rule.FROM_AS_CASING, lines=node.lines, fields=fields, instead=instead)


def maintainer_deprecated(node: Node) -> Iterator[Finding]:
    """MAINTAINER: a label says it, and `docker inspect` shows it."""
    if node.name == "MAINTAINER":
        author = quote(" ".join(node.arguments))
        instead = code.short(f"LABEL org.opencontainers.image.authors={author}")
        yield Finding(rule=Rule.MAINTAINER_DEPRECATED, lines=node.lines, instead=instead)


def invalid_definition_description(node: Node) -> Iterator[Finding]:
    """A comment right above FROM ... AS or ARG starts with the name that it describes."""
    names = _defined(node)
    if not names or not node.comments or node.comments[-1].split(" ")[0] in names:
        return
    name = names[0] if len(names) == 1 else "<arg_key>"
    fields = {"instruction": node.name, "name": name}
    instead = code.short(f"# {names[0]} {node.comments[-1]}")
    yield Finding(rule=Rule.INVALID_DEFINITION_DESCRIPTION, lines=node.lines, fields=fields, instead=instead)


def _defined(node: Node) -> list[str]:
    if node.name == "ARG":
        return [word.partition("=")[0] for word in node.arguments]
    return [node.arguments[2].lower()] if node.name == "FROM" and len(node.arguments) == _NAMED else []
