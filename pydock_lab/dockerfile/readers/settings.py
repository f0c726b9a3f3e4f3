"""FROM and ARG, and what changes only the image configuration: ENV, LABEL, EXPOSE, USER, ONBUILD ..."""

import re

from pydock_lab.dockerfile.characters import quote
from pydock_lab.dockerfile.flags import FlagKind
from pydock_lab.dockerfile.instructions import (
    Arg,
    Env,
    Expose,
    From,
    Label,
    Maintainer,
    Onbuild,
    Pair,
    User,
    Variable,
)
from pydock_lab.dockerfile.nodes import Node
from pydock_lab.dockerfile.readers.node_checks import at_least_one, description_of, exactly_one, flags_of, source_of
from pydock_lab.errors import DockerfileError

_STAGE_NAME = re.compile(r"[a-z][a-z0-9-_.]*")
_ONBUILD = re.compile(r"\s*ONBUILD\s*", re.IGNORECASE | re.ASCII)
FROM_FLAGS = {"platform": FlagKind.TEXT}


def read_from(node: Node) -> From:
    """`FROM image [AS name]`; raises DockerfileError."""
    base, stage = _base_and_stage(node.arguments)
    flags = flags_of(node, FROM_FLAGS)
    return From(
        source=source_of(node),
        base=base,
        stage=stage,
        platform=flags.text("platform"),
        description=description_of(node, stage),
    )


def _base_and_stage(words: tuple[str, ...]) -> tuple[str, str]:
    match words:
        case (base,):
            return base, ""
        case (base, word, name) if word.upper() == "AS":
            # Stages are asked for in any case, so their names are kept in one.
            if not _STAGE_NAME.fullmatch(name.lower()):
                raise DockerfileError("dockerfile.stage-name", name=quote(name))
            return base, name.lower()
    raise DockerfileError("dockerfile.from-arguments")


def read_arg(node: Node) -> Arg:
    """`ARG name[=default] ...`; raises DockerfileError."""
    at_least_one(node)
    return Arg(source=source_of(node), variables=tuple(_variable(node, word) for word in node.arguments))


def _variable(node: Node, word: str) -> Variable:
    key, equals, value = word.partition("=")
    if equals and not key:
        raise DockerfileError("dockerfile.blank-name", instruction=node.name)
    return Variable(key=key, default=value if equals else None, description=description_of(node, key))


def read_env(node: Node) -> Env:
    """`ENV name=value ...`; raises DockerfileError."""
    return Env(source=source_of(node), pairs=_pairs(node))


def read_label(node: Node) -> Label:
    """`LABEL name=value ...`; raises DockerfileError."""
    return Label(source=source_of(node), pairs=_pairs(node))


def _pairs(node: Node) -> tuple[Pair, ...]:
    at_least_one(node)
    flags_of(node)
    words = node.arguments
    triples = zip(words[::3], words[1::3], words[2::3], strict=True)
    found = tuple(Pair(key=key, value=value, is_legacy=not sign) for key, value, sign in triples)
    if not all(pair.key for pair in found):
        raise DockerfileError("dockerfile.blank-name", instruction=node.name)
    return found


def read_expose(node: Node) -> Expose:
    """`EXPOSE port ...`; raises DockerfileError."""
    at_least_one(node)
    flags_of(node)
    return Expose(source=source_of(node), ports=tuple(sorted(node.arguments)))


def read_user(node: Node) -> User:
    """`USER name`; raises DockerfileError."""
    user = exactly_one(node)
    flags_of(node)
    return User(source=source_of(node), user=user)


def read_maintainer(node: Node) -> Maintainer:
    """`MAINTAINER author`; raises DockerfileError."""
    author = exactly_one(node)
    flags_of(node)
    return Maintainer(source=source_of(node), author=author)


def read_onbuild(node: Node) -> Onbuild:
    """`ONBUILD instruction`; raises DockerfileError."""
    if node.trigger is None:
        raise DockerfileError("dockerfile.some-argument", instruction=node.name)
    flags_of(node)
    if node.trigger.name == node.name:
        raise DockerfileError("dockerfile.onbuild-chain")
    if node.trigger.name in ("FROM", "MAINTAINER"):
        raise DockerfileError("dockerfile.onbuild-trigger", instruction=node.trigger.name)
    # A trigger that means nothing is kept: its mistake is told to the build that runs it.
    expression = _ONBUILD.sub("", node.original, count=1)
    # The image keeps one text for each trigger, so here-documents go into it.
    parts = [expression, *(f"\n{each.content}{each.name}" for each in node.heredocs)]
    return Onbuild(source=source_of(node), expression="".join(parts))
