"""COPY, ADD, VOLUME and WORKDIR: files and directories."""

from pydock_lab.dockerfile.characters import WHITE_SPACE
from pydock_lab.dockerfile.flags import FlagKind
from pydock_lab.dockerfile.heredoc import Heredoc, heredoc
from pydock_lab.dockerfile.instructions import Add, Copy, InlineFile, Volume, Workdir
from pydock_lab.dockerfile.nodes import Node
from pydock_lab.dockerfile.readers.node_checks import at_least_one, exactly_one, flags_of, source_of
from pydock_lab.errors import DockerfileError

_TRANSFER_FLAGS = {
    "chown": FlagKind.TEXT,
    "chmod": FlagKind.TEXT,
    "link": FlagKind.SWITCH,
    "exclude": FlagKind.TEXTS,
}
COPY_FLAGS = _TRANSFER_FLAGS | {"from": FlagKind.TEXT, "parents": FlagKind.SWITCH}
ADD_FLAGS = _TRANSFER_FLAGS | {
    "checksum": FlagKind.TEXT,
    "keep-git-dir": FlagKind.SWITCH,
    "unpack": FlagKind.SWITCH,
}


def read_copy(node: Node) -> Copy:
    """`COPY source ... destination`; raises DockerfileError."""
    _check_destination(node)
    flags = flags_of(node, COPY_FLAGS)
    paths, files = _sources(node)
    return Copy(
        source=source_of(node),
        sources=paths,
        inline_files=files,
        destination=node.arguments[-1],
        origin=flags.text("from"),
        chown=flags.text("chown"),
        chmod=flags.text("chmod"),
        link=bool(flags.switch("link")),
        parents=bool(flags.switch("parents")),
        excludes=flags.texts("exclude"),
    )


def read_add(node: Node) -> Add:
    """`ADD source ... destination`; raises DockerfileError."""
    _check_destination(node)
    flags = flags_of(node, ADD_FLAGS)
    paths, files = _sources(node)
    return Add(
        source=source_of(node),
        sources=paths,
        inline_files=files,
        destination=node.arguments[-1],
        checksum=flags.text("checksum"),
        chown=flags.text("chown"),
        chmod=flags.text("chmod"),
        link=bool(flags.switch("link")),
        keep_git_dir=flags.switch("keep-git-dir"),
        unpack=flags.switch("unpack"),
        excludes=flags.texts("exclude"),
    )


def _check_destination(node: Node) -> None:
    if len(node.arguments) <= 1:
        raise DockerfileError("dockerfile.destination", instruction=node.name)


def _sources(node: Node) -> tuple[tuple[str, ...], tuple[InlineFile, ...]]:
    *words, destination = node.arguments
    if _heredoc(destination) is not None:
        raise DockerfileError("dockerfile.destination-heredoc", instruction=node.name)
    # Of two here-documents with one name, the last content counts for both.
    contents = {each.name: each for each in node.heredocs}
    paths: list[str] = []
    files: list[InlineFile] = []
    for word in words:
        if (announced := _heredoc(word)) is None:
            paths.append(word)
            continue
        data = contents.get(announced.name, announced).data
        files.append(InlineFile(name=announced.name, data=data, expand=announced.expand))
    return tuple(paths), tuple(files)


def _heredoc(word: str) -> Heredoc | None:
    try:
        return heredoc(word)
    except DockerfileError:
        return None  # then it is a file with a strange name


def read_volume(node: Node) -> Volume:
    """`VOLUME path ...`; raises DockerfileError."""
    at_least_one(node)
    flags_of(node)
    paths = tuple(path.strip(WHITE_SPACE) for path in node.arguments)
    if not all(paths):
        raise DockerfileError("dockerfile.volume-empty")
    return Volume(source=source_of(node), paths=paths)


def read_workdir(node: Node) -> Workdir:
    """`WORKDIR path`; raises DockerfileError."""
    path = exactly_one(node)
    flags_of(node)
    return Workdir(source=source_of(node), path=path)
