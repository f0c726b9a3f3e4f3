"""All files of a build context, each with the line that leaves it out, or the instructions that take it.

COPY app.py .      takes one file            found as the build finds them (build.selection), but nothing is read
COPY . .           takes all that is sent    and so a folder that is taken whole is marked once, not file by file
.git               out by line 1             what is in a folder that is out is out with it: the build never looks
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.build.context import BuildContext
from pydock_lab.build.plan import PlanOptions, plan
from pydock_lab.build.selection import Selected, Without, selected
from pydock_lab.build.source import Source, resolve, walk
from pydock_lab.build.stage_plan import ImageSource
from pydock_lab.build.steps import CopyStep, PathSource, RunStep, Step
from pydock_lab.dockerfile.ignore import IgnoreRules
from pydock_lab.dockerfile.stages import parse
from pydock_lab.engine.this_machine import PLATFORM
from pydock_lab.errors import PydockError


@dataclass(kw_only=True, slots=True, eq=False)
class Node:
    """A path of a context. Of a folder: files sent and left out below it, their bytes, and those nobody takes.

    `rule` is the place of the line that leaves it out, -1 for none; `whole` are the instructions that take all of it,
    `taken` those that take something of it.
    """

    entry: Entry
    name: str
    rule: int = -1
    children: list["Node"] = field(default_factory=list)
    whole: frozenset[int] = frozenset()
    taken: frozenset[int] = frozenset()
    files: int = 0
    size: int = 0
    ignored_files: int = 0
    ignored_size: int = 0
    untaken: int = 0

    @property
    def path(self) -> str:
        """Its path in the context."""
        return os.fsdecode(self.entry.path)

    @property
    def is_folder(self) -> bool:
        """Whether other paths may be in it."""
        return self.entry.type is EntryType.DIRECTORY

    @property
    def weight(self) -> int:
        """Bytes of all of it, sent or not."""
        return self.size + self.ignored_size


@dataclass(kw_only=True, slots=True)
class Taking:
    """An instruction that takes files of the context, what it takes them with, and how many that are."""

    text: str
    line: int
    to: str
    stage: str
    parts: tuple[PathSource, ...]
    excludes: tuple[str, ...] = ()
    files: int = 0
    size: int = 0
    problem: str = ""
    ignored: int = -1


def takings(dockerfile: str, images: ImageSource) -> list[Taking]:
    """The instructions of a Dockerfile that take files of the context, in order; raises PydockError."""
    planned = plan(parse(dockerfile), PlanOptions(platform=PLATFORM, host=PLATFORM), images)
    found = [one for stage in planned.stages for step in stage.steps for one in _takings(step, stage.title)]
    return sorted(found, key=lambda one: one.line)


def _takings(step: Step, stage: str) -> Iterator[Taking]:
    line = step.lines.first
    if isinstance(step, CopyStep) and step.origin is None and step.sources:
        parts = tuple(part for part in step.parts if isinstance(part, PathSource))
        yield Taking(text=step.text, line=line, stage=stage, parts=parts, to=step.to, excludes=step.excludes)
    elif isinstance(step, RunStep):
        for mount in step.shown:
            if mount.origin is None:
                part = PathSource(written=mount.source, path=mount.source)
                yield Taking(text=step.text, line=line, stage=stage, parts=(part,), to=mount.target)


class ContextScan:
    """A context that was looked through; `takings` tell what they take afterwards, `ignored` what each rule did."""

    def __init__(self, context: BuildContext, rules: IgnoreRules, takings_: Sequence[Taking] = ()) -> None:
        self.rules, self.takings = rules, takings_
        self.ignored = [[0, 0] for _ in rules.rules]
        self._places = {id(rule): at for at, rule in enumerate(rules.rules)}
        self._context = context
        self._nodes: dict[bytes, Node] = {}
        self.root = self._node(context.entry(b"") or Entry(path=b"", type=EntryType.DIRECTORY), -1)
        self._look()
        sent = Without(context, rules, [b""]) if rules.rules else context
        for at, one in enumerate(takings_):
            self._take(at, one, sent)
        self._sum()

    def nodes(self) -> Iterator[Node]:
        """All paths, folders before what is in them."""
        return iter(self._nodes.values())

    # ---- looking

    def _look(self) -> None:
        pending = [self.root]
        while pending:
            folder = pending.pop()
            # What is in a folder that is out cannot come back, unless some line brings something back.
            is_out = folder.rule >= 0 and not self.rules.has_exceptions
            for name in self._context.children(folder.entry.path):
                path = folder.entry.path + b"/" + name if folder.entry.path else name
                entry = self._context.entry(path)
                if entry is None:  # deleted while we looked
                    continue
                child = self._node(entry, folder.rule if is_out else self._rule(path))
                folder.children.append(child)
                if child.is_folder:
                    pending.append(child)

    def _node(self, entry: Entry, rule: int) -> Node:
        name = os.fsdecode(entry.path.rpartition(b"/")[2])
        self._nodes[entry.path] = found = Node(entry=entry, name=name, rule=rule)
        return found

    def _rule(self, path: bytes) -> int:
        # Without exceptions the folders above are all in, so that no line speaks of one.
        rule = self.rules.deciding_rule(os.fsdecode(path), alone=not self.rules.has_exceptions)
        return -1 if rule is None or rule.keeps else self._places[id(rule)]

    # ---- who takes what

    def _take(self, at: int, one: Taking, sent: Source) -> None:
        for part in one.parts:
            try:
                found = selected(part, sent, one.excludes)
            except PydockError as error:
                one.problem = one.problem or error.message()
                blamed = self._nodes.get(part.written.strip("/").removeprefix("./").encode(errors="surrogateescape"))
                one.ignored = blamed.rule if blamed is not None else one.ignored
                continue
            for each in found:
                try:
                    self._mark(at, each, sent)
                except PydockError as error:  # a ring of links
                    one.problem = one.problem or error.message()

    def _mark(self, at: int, each: Selected, sent: Source) -> None:
        path = resolve(each.source, each.path)
        if each.source is sent:
            # A link that leads nowhere, or out of the context, is copied as what it is.
            node = self._nodes.get(path) or self._nodes.get(each.path)
            if node is not None:
                node.whole |= {at}
            return
        for entry in walk(each.source, path):
            node = self._nodes.get(entry.path)
            if node is not None and entry.type is not EntryType.DIRECTORY:
                node.whole |= {at}

    # ---- sums

    def _sum(self) -> None:
        for node in self._nodes.values():  # down: who takes a folder takes what is in it
            for child in node.children:
                child.whole = child.whole | node.whole if child.whole else node.whole
        for node in reversed(self._nodes.values()):  # and up
            if not node.is_folder:
                self._count(node)
            for child in node.children:
                _add(node, child)

    def _count(self, node: Node) -> None:
        if node.rule >= 0:
            node.ignored_files, node.ignored_size = 1, node.entry.size
            self.ignored[node.rule][0] += 1
            self.ignored[node.rule][1] += node.entry.size
            return
        node.files, node.size, node.taken = 1, node.entry.size, node.whole
        node.untaken = int(not node.taken)
        for at in node.taken:
            self.takings[at].files += 1
            self.takings[at].size += node.entry.size


def _add(folder: Node, child: Node) -> None:
    folder.files += child.files
    folder.size += child.size
    folder.ignored_files += child.ignored_files
    folder.ignored_size += child.ignored_size
    folder.untaken += child.untaken
    if not child.taken <= folder.taken:
        folder.taken |= child.taken
