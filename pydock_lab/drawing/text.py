"""The same views as plain text: for a terminal, a test, and readers who see no pictures."""

from collections.abc import Iterable, Iterator
from functools import singledispatch

from pydock_lab.drawing import (
    argument_vector,
    cards,
    context_words,
    exchange_words,
    explanations,
    guessed,
    image_tree,
    instances,
    layers,
    manifests,
    namespaces,
    networks,
    prints,
    shared_layers,
    start_texts,
    tag_story,
    tags,
    timeline,
    trace_texts,
    volumes,
    weights,
    what_ifs,
    writable,
)
from pydock_lab.drawing.branches import branches
from pydock_lab.drawing.facets import state_word
from pydock_lab.drawing.ghosts import deletions
from pydock_lab.drawing.layer_files import SIGNS
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import clean
from pydock_lab.views import (
    ArgumentVector,
    BuildTrace,
    ChangeKind,
    ContainerView,
    ContextTree,
    ContextWeight,
    Doctor,
    Explanation,
    FileNode,
    Guess,
    ImageInstances,
    ImageTree,
    Instances,
    LayerRow,
    LayerStack,
    Namespaces,
    RunTrace,
    SharedLayers,
    TagStory,
    TagTree,
    TransferTrace,
    View,
    Weight,
    WhatIf,
)

_INSTRUCTION = 56  # characters
_SIGN_INKS = {
    ChangeKind.ADDED: Meaning.CACHED,
    ChangeKind.CHANGED: Meaning.BUILT,
    ChangeKind.DELETED: Meaning.DELETED,
}
_TEXT_MARKS = {True: "●", False: "○"}


def to_text(view: View, speech: Speech) -> str:
    """The view as lines of text."""
    return "\n".join(clean_line.rstrip() for clean_line in _lines(view, speech))


@singledispatch
def _lines(view: View, _speech: Speech) -> Iterator[str]:
    raise TypeError(type(view).__name__)


@_lines.register
def _layers(view: LayerStack, speech: Speech) -> Iterator[str]:
    counted = sum(not row.is_empty for row in view.rows)
    facts = [speech.count("layers", counted), speech.size(view.unpacked_size), view.platform]
    name = speech.ink("strong", clean(view.name))
    yield f"{name}   {' · '.join(map(clean, filter(None, facts)))}   {prints.short(view.image_id)}"
    yield ""
    for at, row in reversed(list(enumerate(view.rows))):
        yield from _row(row, at, speech)
    yield ""
    yield layers.lesson_of(view, speech)
    yield f"docker history {clean(view.name)}"


def _row(row: LayerRow, at: int, speech: Speech) -> Iterator[str]:
    instruction = _cut(row.instruction, _INSTRUCTION).ljust(_INSTRUCTION)
    if row.is_empty:
        yield f"{at + 1:>3}  {' ' * prints.CELLS}  {instruction}  {speech.say('configuration')}"
        return
    size = speech.size(row.unpacked_size).rjust(9)
    yield f"{at + 1:>3}  {prints.text(row.diff_id)}  {instruction}  {size}  {speech.say(f'origin-{row.origin}')}"
    for change in deletions(row):
        cost = speech.say("still-below", size=speech.size(change.size)) if change.size else speech.say("hidden")
        yield f"{' ' * 13}{_sign(change.kind, speech)} {_cut(change.path, _INSTRUCTION)}  {cost}"
    for node in row.files:
        yield _file(node, speech)


def _file(node: FileNode, speech: Speech) -> str:
    """A row of an opened layer: its size, and at its place in the tree its name; behind it, whose bytes these are."""
    indent = "  " * node.depth
    if node.others:
        return f"{'':>22}  {indent}  {speech.count('more-files', node.others)}"
    name = clean(node.name) + (f" → {clean(node.link)}" if node.link else "")
    aside = speech.count("inside", node.files) if node.files else ""
    if node.holder >= 0 and not node.is_directory:
        aside = speech.say("from-step", number=node.holder + 1)
    return f"{speech.size(node.size):>22}  {indent}{_sign(node.kind, speech)} {name}   {aside}"


def _sign(kind: ChangeKind | None, speech: Speech) -> str:
    return speech.ink(_SIGN_INKS[kind], SIGNS[kind]) if kind else SIGNS[kind]


@_lines.register
def _instances(view: Instances, speech: Speech) -> Iterator[str]:
    for image in view.images:
        yield from _image(image, speech)
        yield ""
    around = list(_around(view, speech))
    yield from [*around, ""] if around else []
    yield instances.lesson_of(view, speech)
    yield "docker ps -a"


def _around(view: Instances, speech: Speech) -> Iterator[str]:
    """Networks, volumes, events: one line each."""
    for network in view.networks:
        members = ", ".join(f"{one.container} {networks.place(one, speech)}" for one in network.members)
        parts = (network.name, network.subnet, networks.note(network, speech), members)
        yield f"{speech.say('fact-network')} {'   '.join(clean(part) for part in parts if part)}"
    for volume in view.volumes:
        users = ", ".join(f"{one.container} {volumes.place(one, speech)}" for one in volume.users)
        yield f"{speech.say('volume')} {clean(volume.name)}   {clean(users) or speech.say('volume-unused')}"
    for event in view.events:
        yield f"{timeline.since(event.ago, speech):>14}  {clean(event.container)} {timeline.words(event, speech)}"


def _image(image: ImageInstances, speech: Speech) -> Iterator[str]:
    for container in image.containers:
        yield from _container(container, speech)
    yield "─" * 72
    for number, row in reversed(list(enumerate(image.layers, 1))):
        if not row.is_empty:
            words = _cut(row.instruction, 48).ljust(48)
            yield f"{number:>3}  {prints.text(row.diff_id)}  {words}  {speech.size(row.unpacked_size):>9}"
    yield f"     {clean(image.name)}: {instances.sharing(image, speech, float('inf'))}"


def _container(container: ContainerView, speech: Speech) -> Iterator[str]:
    process = ""
    if container.pid:
        process = speech.say("pids", inside=container.inside_pid or "?", outside=container.pid)
    mark = _TEXT_MARKS[cards.is_alive(container)]
    ports = " ".join(f"{port.host_port}→{port.container_port}" for port in container.ports)
    written = f"{speech.say('writable-layer')} {speech.size(container.writable_size)}"
    used = [f"{name} {value}" for name, value in cards.gauges_of(container, speech)]
    mark = speech.ink(Meaning.CACHED if cards.is_alive(container) else Meaning.PLAIN, mark)
    name = speech.ink("strong", clean(container.name))
    addresses = clean(", ".join(cards.addresses(container)))
    parts = [name, cards.state_word(container, speech), process, addresses, ports, written, *used]
    yield f"{mark} {'   '.join(filter(None, parts))}"
    for change in writable.shown(container):
        new = speech.say("just-written") if change.path in container.fresh else ""
        words = [clean(change.path), writable.story(change, speech), new]
        yield f"    {_sign(change.kind, speech)} {'   '.join(filter(None, words))}"
    others = writable.left_out(container)
    if others:
        yield f"    {speech.count('more', others)}"


@_lines.register
def _tags(view: TagTree, speech: Speech) -> Iterator[str]:
    yield clean(view.host)
    for repository in view.repositories:
        aside = f" ({speech.say('private')})" if repository.private else ""
        if repository.closed:
            count = f"  {speech.count('tags', repository.others)}" if repository.others else ""
            yield f"  {clean(repository.name)}{aside} …{count}"
            continue
        yield f"  {clean(repository.name)}{aside}"
        found = branches(repository)
        for branch in found:
            names = ", ".join(map(clean, branch.tags))
            digest = f"{prints.text(branch.digest)} {prints.short(branch.digest)}"
            facts = "  ".join(clean(piece.text) for piece in manifests.describe(branch, speech))
            shown = speech.padded(speech.ink(Meaning.MOVING, names), 24)
            yield f"    {'  ' * branch.depth}{shown} → {digest}  {facts}"
        if not found:
            yield f"    {speech.say('empty-repository')}"
        if repository.others:
            yield f"    {speech.count('more-tags', repository.others)}"
    if view.others:
        yield f"  {speech.count('more-repositories', view.others)}"
    if view.filter and not view.repositories:
        yield f"  {speech.say('nothing-fits', filter=clean(view.filter))}"
    yield ""
    yield tags.lesson_of(view, speech)


@_lines.register
def _doctor(view: Doctor, speech: Speech) -> Iterator[str]:
    yield speech.say("doctor-title", tier=clean(view.tier))
    for facet in view.facets:
        mark = speech.ink(Meaning.CACHED if facet.in_force else Meaning.DELETED, _TEXT_MARKS[facet.in_force])
        yield f"{mark} {clean(facet.title)}: {state_word(facet, speech)}"
        yield from _indented((facet.how, facet.why, facet.remedy))
    yield ""
    yield clean(view.summary)


@_lines.register
def _explanation(view: Explanation, speech: Speech) -> Iterator[str]:
    yield from explanations.lines(view, speech)


@_lines.register
def _guess(view: Guess, speech: Speech) -> Iterator[str]:
    name = clean(view.forecast.name or view.forecast.build)
    yield f"{speech.say('guess-of', name=name)}   {guessed.standing(view, speech)}"
    for step in view.forecast.steps:
        mark = "?" if step in view.asked else " "
        words = _cut(step.text, _INSTRUCTION).ljust(_INSTRUCTION)
        yield f"{mark} {step.number:>2}  {words}  {guessed.aside(view, step, speech)}"
    yield ""
    yield guessed.lesson(view, speech)


@_lines.register
def _image_tree(view: ImageTree, speech: Speech) -> Iterator[str]:
    for branch in view.branches():
        image = branch.image
        name = ", ".join(map(clean, image.names)) or clean(image.title) or f"({speech.say('shared-layers')})"
        users = "".join(f"  {_TEXT_MARKS[one.runs]} {clean(one.name)}" for one in image.containers)
        size = speech.size(branch.size).rjust(9) if image.image_id else " " * 9
        name = speech.ink(Meaning.MOVING if image.names else Meaning.PLAIN, name)
        lead = f"{'   ' * branch.depth}{'└─ ' * bool(branch.depth)}{name}"
        yield f"{size}  {speech.padded(lead, 40)}  {image_tree.added(branch, speech)}{users}"
    yield ""
    yield image_tree.lesson_of(view, speech)


@_lines.register
def _two_stacks(view: SharedLayers, speech: Speech) -> Iterator[str]:
    yield shared_layers.label_of(view, speech)
    first, second = (f"{clean(stack.name)}   + {speech.size(size)}"
                     for stack, size in zip((view.first, view.second), view.sizes, strict=True))  # fmt: skip
    parts = [(first, view.only_first), (second, view.only_second)]
    for heading, layers_ in (*parts, (shared_layers.shared_words(view, speech), view.shared)):
        yield ""
        yield heading
        for layer in reversed(layers_):
            aside = shared_layers.twin_words(view, layer, speech)
            words = _cut(layer.row.instruction, _INSTRUCTION).ljust(_INSTRUCTION)
            size = speech.size(layer.row.unpacked_size).rjust(9)
            yield f"{layer.at + 1:>4}  {prints.text(layer.row.diff_id)}  {words}  {size}  {aside}"
    yield ""
    yield shared_layers.lesson_of(view, speech)


@_lines.register
def _what_if(view: WhatIf, speech: Speech) -> Iterator[str]:
    yield from what_ifs.lines(view, speech)


@_lines.register
def _weight(view: Weight, speech: Speech) -> Iterator[str]:
    yield from weights.image_lines(view, speech)


@_lines.register
def _context(view: ContextWeight, speech: Speech) -> Iterator[str]:
    yield from weights.context_lines(view, speech)


@_lines.register
def _context_tree(view: ContextTree, speech: Speech) -> Iterator[str]:
    yield from context_words.lines(view, speech)


@_lines.register
def _trace(view: BuildTrace, speech: Speech) -> Iterator[str]:
    yield from trace_texts.trace_lines(view, speech)


@_lines.register
def _namespaces(view: Namespaces, speech: Speech) -> Iterator[str]:
    yield from namespaces.lines(view, speech)


@_lines.register
def _argv(view: ArgumentVector, speech: Speech) -> Iterator[str]:
    return argument_vector.lines(view, speech)


@_lines.register
def _story(view: TagStory, speech: Speech) -> Iterator[str]:
    return tag_story.lines(view, speech)


@_lines.register
def _exchange(view: TransferTrace, speech: Speech) -> Iterator[str]:
    return exchange_words.lines(view, speech)


@_lines.register
def _start(view: RunTrace, speech: Speech) -> Iterator[str]:
    yield from start_texts.lines(view, speech)


def _indented(sentences: Iterable[str]) -> Iterator[str]:
    yield from (f"    {clean(sentence)}" for sentence in sentences if sentence)


def _cut(text: str, length: int) -> str:
    text = clean(text)
    return text if len(text) <= length else text[: length - 1] + "…"
