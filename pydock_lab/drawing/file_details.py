"""What stands behind a file of a layer that is opened: what it is, whose bytes these are, and what is in it."""

import shlex
import stat

from pydock_lab.drawing.detail import Detail, given
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import clean
from pydock_lab.views import ChangeKind, FileNode, LayerRow, LayerStack


def layer_command(view: LayerStack, row: LayerRow, path: str = "") -> str:
    """What lists a layer, or writes a file of it, without any engine's help: a layer is a tar in the image's tar."""
    hex_ = row.digest.partition(":")[2]
    name = clean(view.name)
    action = f"tar -xzO {shlex.quote(path)}" if path else "tar -tvz"
    return f"docker save {name} | tar -xO blobs/sha256/{hex_} | {action}"


def file_detail(view: LayerStack, row: LayerRow, node: FileNode, speech: Speech) -> Detail:
    """A row of an opened layer."""
    if node.others:
        return Detail(key=node.key, title=speech.count("more-files", node.others))
    holder = view.rows[node.holder] if node.holder >= 0 else None
    is_gone = node.kind is ChangeKind.DELETED
    facts = [
        (speech.say("fact-file"), speech.say(f"file-{node.kind}") if node.kind else speech.say("file-from-below")),
        (speech.say("fact-file-size"), speech.size(node.size)),
        (speech.say("fact-inside"), speech.count("inside", node.files) if node.files else ""),
        (speech.say("fact-mode"), _mode(node) if node.owner else ""),
        (speech.say("fact-owner"), node.owner),
        (speech.say("fact-link"), clean(node.link)),
        (speech.say("fact-holder"), _step(view, node.holder, speech) if holder and not node.is_directory else ""),
        (speech.say("fact-lesson"), speech.say("file-still-there") if is_gone and holder else ""),
    ]
    is_file = holder is not None and not node.is_directory and not node.link
    command = layer_command(view, holder or row, node.path.lstrip("/") if is_file else "")
    return Detail(
        key=node.key,
        title=clean(node.path) + "/" * node.is_directory,
        facts=given(facts),
        command=clean(command),
        texts=_content(view, node, speech),
        unfolded=True,
    )


def _content(view: LayerStack, node: FileNode, speech: Speech) -> tuple[tuple[str, str], ...]:
    found = view.content
    if found is None or found.key != node.key:
        return ()
    heading = speech.say("content-text" if found.is_text else "content-bytes")
    if found.cut:
        heading = speech.say("content-cut", what=heading)
    return ((heading, found.text),)


def _mode(node: FileNode) -> str:
    kind = stat.S_IFDIR if node.is_directory else stat.S_IFLNK if node.link else stat.S_IFREG
    return f"{stat.filemode(kind | node.mode)} ({node.mode:04o})"


def _step(view: LayerStack, at: int, speech: Speech) -> str:
    return speech.say("of-step", number=at + 1, instruction=clean(view.rows[at].instruction)[:80])
