"""The same views in Graphviz's DOT language, for those who draw graphs; the pictures do not need it.

Source: "The DOT Language", graphviz.org: in a quoted string only the quote is escaped; a backslash starts an escape
of its own in labels.
"""

from collections.abc import Iterator, Mapping
from functools import singledispatch
from itertools import pairwise

from pydock_lab.drawing import exchange_words, explained, prints, start_words, tag_story, weights, what_ifs
from pydock_lab.drawing.branches import branches
from pydock_lab.drawing.context_weight import tree_parts
from pydock_lab.drawing.palette import LIGHT, Meaning
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import clean
from pydock_lab.drawing.weighed_rows import title, weight_rows
from pydock_lab.views import (
    ArgumentVector,
    BuildTrace,
    ContextFolder,
    ContextTree,
    ContextWeight,
    Doctor,
    Explanation,
    Guess,
    ImageTree,
    Instances,
    LayerRow,
    LayerStack,
    Namespaces,
    Origin,
    Outcome,
    RunTrace,
    SharedLayers,
    StepOutcome,
    TagStory,
    TagTree,
    TraceStage,
    TraceStep,
    TransferTrace,
    View,
    Weight,
    WhatIf,
)

_COLOURS = {
    Origin.BASE: Meaning.BASE,
    Origin.CACHED: Meaning.CACHED,
    Origin.BUILT: Meaning.BUILT,
    Origin.CONFIG: Meaning.PLAIN,
}


def to_dot(view: View, speech: Speech) -> str:
    """The view as a graph in DOT."""
    lines = ["digraph {", '  node [shape=box style="rounded,filled" fontname="sans-serif" fillcolor=white]']
    return "\n".join([*lines, *(f"  {statement}" for statement in _statements(view, speech)), "}", ""])


@singledispatch
def _statements(view: View, _speech: Speech) -> Iterator[str]:
    raise TypeError(type(view).__name__)


@_statements.register
def _layers(view: LayerStack, speech: Speech) -> Iterator[str]:
    yield "rankdir=BT"
    yield _node("image", f"{view.name}\n{prints.short(view.image_id)}", Meaning.MOVING)
    yield from _chain(view.rows, "layer", speech)
    if view.rows:
        yield f"{_quoted(f'layer-{len(view.rows) - 1}')} -> image"


@_statements.register
def _instances(view: Instances, speech: Speech) -> Iterator[str]:
    yield "rankdir=BT"
    for at, image in enumerate(view.images):
        yield from _chain(image.layers, f"layer-{at}", speech)
        yield _node(f"image-{at}", image.name, Meaning.BASE)
        if image.layers:
            yield f"{_quoted(f'layer-{at}-{len(image.layers) - 1}')} -> {_quoted(f'image-{at}')}"
        for container in image.containers:
            written = speech.size(container.writable_size)
            label = f"{container.name}\n{speech.say('writable-layer')} {written}"
            yield _node(container.id, label, Meaning.WRITABLE, dashed=not container.pid)
            yield f"{_quoted(f'image-{at}')} -> {_quoted(container.id)}"
    yield from _around(view, {one.name: one.id for image in view.images for one in image.containers})


def _around(view: Instances, containers: Mapping[str, str]) -> Iterator[str]:
    """Networks and volumes, and who has them: `containers` are ids by name."""
    for network in view.networks:
        name = f"network {network.name}"
        yield _node(name, f"{network.name}\n{network.subnet}", Meaning.PLAIN, dashed=network.internal)
        for member in network.members:
            yield _edge(containers.get(member.container, member.container), name, member.address)
    for volume in view.volumes:
        name = f"volume {volume.name}"
        yield _node(name, volume.name, Meaning.WRITABLE, dashed=not volume.users)
        for user in volume.users:
            yield _edge(containers.get(user.container, user.container), name, user.target)


def _edge(source: str, target: str, label: str) -> str:
    return f"{_quoted(source)} -> {_quoted(target)} [label={_quoted(label)} dir=none]"


@_statements.register
def _tags(view: TagTree, speech: Speech) -> Iterator[str]:
    yield "rankdir=LR"
    for repository in view.repositories:
        yield _node(f"repository {repository.name}", repository.name, Meaning.PLAIN)
        for branch in branches(repository):
            yield _node(branch.digest, prints.short(branch.digest), Meaning.BASE, dashed=branch.manifest is None)
            for tag in branch.tags:
                name = f"tag {repository.name}:{tag}"
                yield _node(name, tag, Meaning.MOVING)
                yield f"{_quoted(f'repository {repository.name}')} -> {_quoted(name)} -> {_quoted(branch.digest)}"
            for child in branch.manifest.children if branch.manifest else ():
                yield f"{_quoted(branch.digest)} -> {_quoted(child)}"
            for layer in branch.manifest.layers if branch.manifest else ():
                label = f"{prints.short(layer.digest)}\n{speech.size(layer.size)}"
                yield _node(layer.digest, label, Meaning.CACHED if layer.local else Meaning.BASE)
                yield f"{_quoted(branch.digest)} -> {_quoted(layer.digest)}"


@_statements.register
def _doctor(view: Doctor, _speech: Speech) -> Iterator[str]:
    yield _node("tier", view.tier, Meaning.MOVING)
    for facet in view.facets:
        meaning = Meaning.CACHED if facet.in_force else Meaning.DELETED
        yield _node(facet.name, facet.title, meaning, dashed=not facet.in_force)
        yield f"tier -> {_quoted(facet.name)}"


@_statements.register
def _trace(view: BuildTrace, speech: Speech) -> Iterator[str]:
    """The stages, and which takes files from which."""
    yield "rankdir=LR"
    for stage in view.stages:
        steps = [step for step in view.steps if step.stage == stage.index]
        facts = [speech.count("steps", len(steps)), speech.seconds(sum(step.seconds for step in steps))]
        label = f"{stage.title}\n{speech.say('stage-skipped') if stage.is_skipped else ' · '.join(facts)}"
        yield _node(f"stage-{stage.index}", label, _stage_meaning(stage, steps), dashed=stage.is_skipped)
    for stage in view.stages:
        for need in stage.needs:
            yield f"{_quoted(f'stage-{need}')} -> {_quoted(f'stage-{stage.index}')}"


@_statements.register
def _namespaces(view: Namespaces, speech: Speech) -> Iterator[str]:
    """The two sides, and the namespaces that tie them together or keep them apart."""
    yield "rankdir=LR"
    yield _node("outside", speech.say("side-host", name=view.outside_name), Meaning.PLAIN)
    yield _node("inside", speech.say("side-container", name=view.inside_name), Meaning.WRITABLE)
    for one in view.namespaces:
        meaning = Meaning.BUILT if one.is_own else Meaning.PLAIN
        yield _node(one.kind, f"{one.kind}\n{one.inside}", meaning, dashed=not one.is_own)
        yield f"{_quoted(one.kind)} -> inside"
        if not one.is_own:
            yield f"outside -> {_quoted(one.kind)}"


@_statements.register
def _argv(view: ArgumentVector, speech: Speech) -> Iterator[str]:
    """Each word of the result, and who said it."""
    yield "rankdir=LR"
    for at, word in enumerate(view.result):
        source = speech.say(f"argv-key-{word.source}")
        yield _node(word.source, source, Meaning.BASE)
        yield _node(f"argv {at}", f"{at}  {word.text}", Meaning.PLAIN, dashed=word.is_ignored)
        yield f"{_quoted(word.source)} -> {_quoted(f'argv {at}')}"


@_statements.register
def _story(view: TagStory, _speech: Speech) -> Iterator[str]:
    """From one image to the next."""
    yield "rankdir=LR"
    before = ""
    for at, state in enumerate(view.states):
        name = f"state {at}"
        yield _node(name, prints.short(state.digest) if state.digest else "-", Meaning.BASE, dashed=not state.tags)
        if before:
            yield f"{_quoted(before)} -> {_quoted(name)} [label={_quoted(tag_story.when(state))}]"
        before = name


@_statements.register
def _exchange(view: TransferTrace, speech: Speech) -> Iterator[str]:
    """Who was asked, and how often for what."""
    yield "rankdir=LR"
    yield _node("here", speech.say("exchange-here"), Meaning.PLAIN)
    roles = dict.fromkeys(step.role for step in view.steps)
    for role in roles:
        yield _node(role, exchange_words.host_of(view, role, speech), Meaning.BASE)
    for step in view.steps:
        label = f"{step.number}. {exchange_words.request(step, view, speech)}: {step.status}"
        yield f"{_quoted('here')} -> {_quoted(step.role)} [label={_quoted(label)}]"


@_statements.register
def _start(view: RunTrace, speech: Speech) -> Iterator[str]:
    """The steps, one after the other, in rows by what they are about."""
    yield "rankdir=LR"
    for step in view.steps:
        meaning = start_words.meaning(step)
        label = f"{start_words.name(step)}\n{start_words.took(step.seconds, speech)}"
        yield _node(f"step-{step.number}", label, meaning, dashed=step.is_ahead)
    for before, after in pairwise(view.steps):
        yield f"{_quoted(f'step-{before.number}')} -> {_quoted(f'step-{after.number}')}"


@_statements.register
def _explanation(view: Explanation, speech: Speech) -> Iterator[str]:
    """The steps, and which of them missed because of which."""
    yield "rankdir=TB"
    for step in view.steps:
        label = f"{step.number}. {step.text}\n{explained.verdict(step, speech)}"
        dashed = step.outcome in (Outcome.NONE, Outcome.UNKNOWN)
        yield _node(f"step-{step.number}", label, explained.MEANINGS[step.outcome], dashed=dashed)
    for step in view.steps:
        if step.missed and step.because_of:
            yield f"{_quoted(f'step-{step.because_of}')} -> {_quoted(f'step-{step.number}')}"


@_statements.register
def _guess(view: Guess, speech: Speech) -> Iterator[str]:
    """The steps one above the other, and nothing of what the cache has before it is revealed."""
    if view.revealed:
        yield from _explanation(view.forecast, speech)
        return
    yield "rankdir=TB"
    for step in view.forecast.steps:
        yield _node(f"step-{step.number}", f"{step.number}. {step.text}", Meaning.PLAIN)
    for before, after in pairwise(view.forecast.steps):
        yield f"{_quoted(f'step-{before.number}')} -> {_quoted(f'step-{after.number}')}"


@_statements.register
def _image_tree(view: ImageTree, speech: Speech) -> Iterator[str]:
    yield "rankdir=LR"
    above: dict[int, str] = {}
    for at, branch in enumerate(view.branches()):
        image, name = branch.image, f"image-{at}"
        label = f"{image.title or speech.say('shared-layers')}\n{speech.size(branch.size)}"
        yield _node(name, label, Meaning.PLAIN if branch.depth else Meaning.BASE, dashed=not image.image_id)
        if branch.depth:
            yield f"{_quoted(above[branch.depth - 1])} -> {_quoted(name)}"
        above[branch.depth] = name
        for number, container in enumerate(image.containers):
            yield _node(f"{name}-{number}", container.name, Meaning.WRITABLE, dashed=not container.runs)
            yield f"{_quoted(name)} -> {_quoted(f'{name}-{number}')}"


@_statements.register
def _two_stacks(view: SharedLayers, speech: Speech) -> Iterator[str]:
    """Both images on the layers that they share."""
    yield "rankdir=BT"
    floor = [f"shared-{layer.at}" for layer in view.shared]
    towers = (("first", view.first, view.only_first), ("second", view.second, view.only_second))
    for kind, layers in (("shared", view.shared), *((kind, layers) for kind, _, layers in towers)):
        for layer in layers:
            label = f"{layer.row.instruction}\n{speech.size(layer.row.unpacked_size)}"
            yield _node(f"{kind}-{layer.at}", label, _COLOURS[layer.row.origin])
    for kind, stack, layers in towers:
        yield _node(kind, stack.name, Meaning.MOVING)
        for lower, upper in pairwise([*floor, *(f"{kind}-{layer.at}" for layer in layers), kind]):
            if kind == "first" or upper not in floor:
                yield f"{_quoted(lower)} -> {_quoted(upper)}"


@_statements.register
def _context_tree(view: ContextTree, speech: Speech) -> Iterator[str]:
    """The parts of the context, and which instruction takes which."""
    yield "rankdir=LR"
    yield _node("context", f"{view.name}\n{speech.size(view.top.size)}", Meaning.MOVING)
    for at, copy in enumerate(view.copies):
        yield _node(f"copy-{at}", f"{copy.line}: {copy.text}", Meaning.DELETED if copy.problem else Meaning.BUILT)
    for row in view.rows:
        if row.depth or row.others:
            continue
        size = speech.size(row.ignored_size if row.is_out else row.size)
        yield _node(row.key, f"{row.name}\n{size}", Meaning.PLAIN, dashed=row.is_out)
        yield f"context -> {_quoted(row.key)}"
        yield from (f"{_quoted(row.key)} -> {_quoted(f'copy-{at}')}" for at in row.taken)


@_statements.register
def _weight(view: Weight, speech: Speech) -> Iterator[str]:
    """The layers by weight, and which hides how much of which."""
    yield "rankdir=BT"
    rows = weight_rows(view)[::-1]
    for row in rows:
        size = f"\n{speech.size(row.step.size)}" if row.step else ""
        secrets = "".join(f"\n! {weights.secret_here(one, speech)}" for one in row.secrets)
        meaning = Meaning.BUILT if row.step and row.number else Meaning.BASE
        name = title(row, speech)
        label = f"{row.number}. {name}" if row.number else name
        yield _node(row.key, f"{label}{size}{secrets}", meaning, dashed=row.step is None)
    for lower, upper in pairwise(rows):
        yield f"{_quoted(lower.key)} -> {_quoted(upper.key)}"
    for row in rows:
        for (hidden, written), _, count in row.hides:
            edge = f"{_quoted(f'weight-{hidden}')} -> {_quoted(f'weight-{written}')}"
            yield f"{edge} [style=dashed constraint=false label={_quoted(speech.size(count))}]"


@_statements.register
def _context(view: ContextWeight, speech: Speech) -> Iterator[str]:
    """The tree, with what each part weighs."""
    yield "rankdir=LR"
    yield _node("part", f"{view.name}\n{speech.size(view.top.size)}", Meaning.BUILT)
    for row in tree_parts(view):
        if row.part:
            size = speech.size(row.part.size or row.part.ignored_size)
            label = f"{row.part.path.rpartition('/')[2]}\n{size}"
            yield _node(row.key, label, _part_meaning(row.part), dashed=not row.part.files)
            yield f"{_quoted(row.key.rpartition('-')[0])} -> {_quoted(row.key)}"


def _part_meaning(part: ContextFolder) -> Meaning:
    if part.needless:
        return Meaning.DELETED
    return Meaning.BUILT if part.files else Meaning.PLAIN


@_statements.register
def _what_if(view: WhatIf, speech: Speech) -> Iterator[str]:
    """The edits, and the steps that each would have kept."""
    yield "rankdir=LR"
    yield _node("build", view.name or view.build, Meaning.PLAIN)
    texts = {step.number: f"{step.number}. {step.text}\n{speech.seconds(step.seconds)}" for step in view.steps}
    for number in dict.fromkeys(kept for proposal in view.proposals for kept in proposal.kept):
        yield _node(f"step-{number}", texts.get(number, str(number)), Meaning.CACHED)
    for at, proposal in enumerate(view.proposals, start=1):
        label = f"{at}. {what_ifs.title(proposal, speech)}\n{speech.seconds(proposal.seconds)}"
        yield _node(f"proposal-{at}", label, Meaning.MOVING)
        yield f"build -> {_quoted(f'proposal-{at}')}"
        for kept in proposal.kept:
            yield f"{_quoted(f'proposal-{at}')} -> {_quoted(f'step-{kept}')}"


def _stage_meaning(stage: TraceStage, steps: list[TraceStep]) -> Meaning:
    if stage.is_skipped:
        return Meaning.PLAIN
    if any(step.outcome is StepOutcome.FAILED for step in steps):
        return Meaning.DELETED
    return Meaning.BUILT if any(step.outcome is StepOutcome.MISSED for step in steps) else Meaning.CACHED


def _chain(rows: tuple[LayerRow, ...], prefix: str, speech: Speech) -> Iterator[str]:
    """Layers, each standing on the one below."""
    for at, row in enumerate(rows):
        size = "" if row.is_empty else f"\n{speech.size(row.unpacked_size)}"
        yield _node(f"{prefix}-{at}", f"{row.instruction}{size}", _COLOURS[row.origin], dashed=row.is_empty)
        if at:
            yield f"{_quoted(f'{prefix}-{at - 1}')} -> {_quoted(f'{prefix}-{at}')}"


def _node(name: str, label: str, meaning: Meaning, *, dashed: bool = False) -> str:
    style = "rounded,filled,dashed" if dashed else "rounded,filled"
    colours = f'color="{LIGHT[f"{meaning}-line"]}" fillcolor="{LIGHT[f"{meaning}-fill"]}"'
    return f'{_quoted(name)} [label={_quoted(label)} style="{style}" {colours}]'


def _quoted(text: str) -> str:
    """A text as DOT writes it: newlines between lines of a label stay, backslashes stand for themselves."""
    lines = (clean(line).replace("\\", "\\\\").replace('"', '\\"') for line in text.split("\n"))
    return '"' + "\\n".join(lines) + '"'
