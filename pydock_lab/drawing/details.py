"""What is behind each part of a drawing that can be selected: facts, files, and the docker command that shows it.

The keys are those of the drawing (`data-pick`), so that whoever brings a picture to life finds the words beside it.
Everything is text in the reader's language already: a face only lays it out.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache, singledispatch

from pydock_lab.drawing import (
    advice_details,
    argument_vector,
    cards,
    exchange_words,
    explained,
    explanations,
    guessed,
    image_tree,
    prints,
    start_words,
    tag_details,
    tag_story,
    trace_words,
    writable,
)
from pydock_lab.drawing.detail import Detail, FileLine, given, indented
from pydock_lab.drawing.facets import state_word
from pydock_lab.drawing.file_details import file_detail, layer_command
from pydock_lab.drawing.layer_files import SIGNS
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import clean
from pydock_lab.views import (
    ArgumentVector,
    BuildTrace,
    ChangeKind,
    ContainerView,
    ContextWeight,
    Doctor,
    Explanation,
    FileChange,
    Guess,
    ImageInstances,
    ImageTree,
    Instances,
    LayerRow,
    LayerStack,
    Namespaces,
    Opened,
    RunTrace,
    StepExplanation,
    StepOutcome,
    TagStory,
    TagTree,
    TraceStep,
    TransferTrace,
    View,
    Weight,
    WhatIf,
)
from pydock_lab.views.guess import ANSWERS

_FILES_SHOWN = 60
_REMEMBERED = 256  # containers


def details(view: View, speech: Speech) -> tuple[Detail, ...]:
    """All parts of a view, in the order in which the keyboard goes through them."""
    return tuple(_details(view, speech))


@singledispatch
def _details(view: View, _speech: Speech) -> Iterator[Detail]:
    raise TypeError(type(view).__name__)


@_details.register
def _layers(view: LayerStack, speech: Speech) -> Iterator[Detail]:
    for at, row in reversed(list(enumerate(view.rows))):
        yield _layer(row, f"layer-{at}", at + 1, row.command or f"docker history --no-trunc {view.name}", speech)
        if row.opened is not Opened.CLOSED:
            for how in (Opened.CHANGES, Opened.TOGETHER):
                yield Detail(key=f"{how}-{at}", title=speech.say(f"files-{how}"), command=layer_command(view, row))
        yield from (file_detail(view, row, node, speech) for node in row.files)


def _layer(row: LayerRow, key: str, number: int, command: str, speech: Speech) -> Detail:
    origin = speech.say("configuration" if row.is_empty else f"origin-{row.origin}")
    facts = [
        (speech.say("fact-origin"), origin),
        (speech.say("fact-line"), str(row.line) if row.line else ""),
        (speech.say("fact-unpacked"), "" if row.is_empty else speech.size(row.unpacked_size)),
        (speech.say("fact-compressed"), "" if row.is_empty else speech.size(row.size)),
        (speech.say("fact-seconds"), speech.seconds(row.seconds) if row.seconds else ""),
        ("digest", row.digest),
        ("diff_id", row.diff_id),
        ("chain_id", row.chain_id),
    ]
    files, more = _files(row.changes, row.changes_total, speech)
    title = f"{number}. {clean(row.instruction) or '?'}"
    return Detail(key=key, title=title, facts=given(facts), files=files, more=more, command=clean(command))


@_details.register
def _instances(view: Instances, speech: Speech) -> Iterator[Detail]:
    for at, image in enumerate(view.images):
        for number, container in enumerate(image.containers):
            yield _container(container, f"container-{at}-{number}", speech)
            for place, change in enumerate(writable.of_the_image(container)):
                yield _copied(change, container, image, f"file-{at}-{number}-{place}", speech)
        for number, row in reversed(list(enumerate(image.layers))):
            if not row.is_empty:
                command = f"docker history --no-trunc {image.name}"
                yield _layer(row, f"layer-{at}-{number}", number + 1, command, speech)
        yield Detail(key=f"more-{at}", title=clean(image.name), command=f"docker history {clean(image.name)}")
        yield _image(image, f"image-{at}", speech)


def _image(image: ImageInstances, key: str, speech: Speech) -> Detail:
    facts = [
        (speech.say("fact-unpacked"), speech.size(image.shared_size)),
        (speech.say("fact-containers"), str(len(image.containers))),
        (speech.say("fact-image-id"), image.image_id),
    ]
    command = f"docker image inspect {clean(image.name)}"
    return Detail(key=key, title=clean(image.name), facts=given(facts), command=command)


@lru_cache(maxsize=_REMEMBERED)  # of fifty containers that are looked at all the time, a few change
def _container(container: ContainerView, key: str, speech: Speech) -> Detail:
    facts = [
        (speech.say("fact-state"), cards.state_word(container, speech)),
        (speech.say("fact-inside-pid"), str(container.inside_pid or "")),
        (speech.say("fact-pid"), str(container.pid or "")),
        (speech.say("hostname"), container.hostname),
        (speech.say("address"), container.address),
        (speech.say("fact-ports"), ", ".join(map(str, container.ports))),
        (speech.say("command"), container.command),
        (speech.say("writable-layer"), speech.size(container.writable_size)),
        *cards.gauges_of(container, speech),
        (speech.say("fact-network"), container.network),
        (speech.say("fact-tier"), container.tier),
        ("id", container.id),
    ]
    files, more = _files(container.changes, container.changes_total, speech)
    command = container.docker_command or f"docker diff {clean(container.name)}"
    return Detail(
        key=key, title=clean(container.name), facts=given(facts), files=files, more=more, command=clean(command)
    )


def _copied(change: FileChange, container: ContainerView, image: ImageInstances, key: str, speech: Speech) -> Detail:
    """A file of the image that a container has changed or hidden."""
    is_deleted = change.kind is ChangeKind.DELETED
    row = image.layers[change.layer] if change.layer < len(image.layers) else None
    instruction = clean(row.instruction) if row else ""
    facts = [
        (speech.say("fact-happened"), writable.story(change, speech)),
        (speech.say("fact-layer"), f"{change.layer + 1}. {instruction or '?'}"),
        (speech.say("fact-there"), speech.size(change.size if is_deleted else change.copied)),
        (speech.say("fact-here"), speech.say("whiteout-file") if is_deleted else speech.size(change.size)),
        (speech.say("fact-mode"), f"{change.mode:04o}" if change.mode and not is_deleted else ""),
        (speech.say("fact-container"), container.name),
    ]
    return Detail(key=key, title=clean(change.path), facts=given(facts), command=f"docker diff {clean(container.name)}")


@_details.register
def _tags(view: TagTree, speech: Speech) -> Iterator[Detail]:
    return tag_details.tags(view, speech)


@_details.register
def _doctor(view: Doctor, speech: Speech) -> Iterator[Detail]:
    for at, facet in enumerate(view.facets):
        facts = [
            (speech.say("fact-state"), state_word(facet, speech)),
            (speech.say("fact-how"), facet.how),
            (speech.say("fact-why"), facet.why),
            (speech.say("fact-remedy"), facet.remedy),
        ]
        yield Detail(key=f"facet-{at}", title=clean(facet.title), facts=given(facts), command="docker info")


@_details.register
def _trace(view: BuildTrace, speech: Speech) -> Iterator[Detail]:
    for step in view.in_time:
        yield _step(step, view, speech)


def _step(step: TraceStep, view: BuildTrace, speech: Speech) -> Detail:
    began = step.outcome not in trace_words.NEVER
    sources = ", ".join(trace_words.stage_title(view, need) for need in step.needs)
    facts = [
        (speech.say("fact-outcome"), trace_words.outcome(step, speech)),
        (speech.say("fact-line"), str(step.line) if step.end_line <= step.line else f"{step.line}-{step.end_line}"),
        (speech.say("fact-stage"), trace_words.stage_title(view, step.stage)),
        (speech.say("fact-began"), speech.seconds(step.start) if began else ""),
        (speech.say("fact-seconds"), speech.seconds(step.seconds) if began else ""),
        (speech.say("fact-made"), speech.seconds(step.made_seconds) if step.outcome is StepOutcome.CACHED else ""),
        (speech.say("fact-needs"), sources),
        (speech.say("fact-unpacked"), speech.size(step.unpacked_size) if step.diff_id else ""),
        (speech.say("fact-compressed"), speech.size(step.size) if step.size else ""),
        ("digest", step.digest),
        ("diff_id", step.diff_id),
        (speech.say("fact-key"), step.key),
        (speech.say("fact-error"), step.error),
    ]
    files, more = _files(step.changes, step.changes_total, speech)
    title = f"{step.number}. {clean(step.text)}"
    command = f"{trace_words.command(view)} --step {step.number}"
    return Detail(key=f"step-{step.number}", title=title, facts=given(facts), files=files, more=more, command=command)


@_details.register
def _namespaces(view: Namespaces, speech: Speech) -> Iterator[Detail]:
    host, container = (
        speech.say("side-host", name=view.outside_name),
        speech.say("side-container", name=view.inside_name),
    )
    for at, one in enumerate(view.namespaces):
        facts = [(speech.say(f"namespace-{one.kind}"), one.kind), (host, one.outside), (container, one.inside)]
        command = f"readlink /proc/self/ns/{one.kind}"
        yield Detail(key=f"namespace-{at}", title=one.kind, facts=given(facts), command=command)
    for at, process in enumerate(view.processes):
        facts = [
            (host, f"{process.pid} (uid {process.uid})"),
            (container, f"{process.inside_pid} (uid {process.inside_uid})"),
        ]
        command = f"docker top {clean(view.name)}"
        yield Detail(key=f"process-{at}", title=clean(process.command), facts=given(facts), command=command)


@_details.register
def _start(view: RunTrace, speech: Speech) -> Iterator[Detail]:
    for step in view.steps:
        facts = [
            (speech.say("fact-seconds"), start_words.took(step.seconds, speech)),
            *((call.man, call.text) for call in step.calls),
            *((one.name, one.after) for one in start_words.seen(view, step) if one.has_changed),
        ]
        title = f"{step.number}. {start_words.name(step)}"
        command = f"{start_words.command(view)} --step {step.number}"
        yield Detail(key=f"step-{step.number}", title=title, facts=given(facts), command=command)


@_details.register
def _argv(view: ArgumentVector, speech: Speech) -> Iterator[Detail]:
    return argument_vector.details(view, speech)


@_details.register
def _story(view: TagStory, speech: Speech) -> Iterator[Detail]:
    return tag_story.details(view, speech)


@_details.register
def _exchange(view: TransferTrace, speech: Speech) -> Iterator[Detail]:
    for step in view.steps:
        facts = [
            (speech.say("fact-request"), f"{step.method} {step.url}"),
            (speech.say("fact-answer"), str(step.status)),
            (speech.say("fact-meaning"), exchange_words.sentence(step, view, speech)),
            (speech.say("fact-because"), speech.say("exchange-follows", step=step.follows) if step.follows else ""),
            (speech.say("fact-received"), speech.size(step.size) if step.size else ""),
            (speech.say("fact-began"), start_words.took(step.at, speech)),
            (speech.say("fact-seconds"), start_words.took(step.seconds, speech)),
        ]
        title = f"{step.number}. {exchange_words.request(step, view, speech)}"
        command = f"{exchange_words.command(view)} --step {step.number}"
        yield Detail(key=f"step-{step.number}", title=title, facts=given(facts), command=command)


@_details.register
def _explanation(view: Explanation, speech: Speech) -> Iterator[Detail]:
    for step in view.steps:
        seconds = speech.seconds(step.seconds) if step.seconds else ""
        facts = [
            (speech.say("fact-outcome"), explained.verdict(step, speech)),
            (speech.say("fact-line"), str(step.line) if step.end_line <= step.line else f"{step.line}-{step.end_line}"),
            (speech.say("fact-stage"), clean(step.stage)),
            (speech.say("fact-made"), seconds),
            (speech.say("fact-unpacked"), speech.size(step.layer_size) if step.layer_size else ""),
        ]
        yield Detail(
            key=f"explained-{step.number}",
            title=f"{step.number}. {clean(step.text)}",
            facts=given(facts),
            command=f"{explained.command(view)} --step {step.number}",
            texts=tuple(_cache_keys(step, speech)),
        )


@_details.register
def _guess(view: Guess, speech: Speech) -> Iterator[Detail]:
    answers = tuple(_explanation(view.forecast, speech)) if view.revealed else ()
    if answers:
        yield from (replace(one, key=one.key.replace("explained", "guess")) for one in answers)
        return
    asked = view.asked
    for step in view.forecast.steps:
        title = f"{step.number}. {clean(step.text)}"
        facts = [(speech.say("fact-line"), str(step.line)), (speech.say("fact-stage"), clean(step.stage))]
        yield Detail(key=f"guess-{step.number}", title=title, facts=given(facts))
        for outcome in ANSWERS if step in asked else ():
            word = speech.say(f"guess-{outcome}")
            yield Detail(key=f"{outcome}-{step.number}", title=f"{title}: {word}", facts=given(facts))
    facts = [(speech.say("guess-marks"), guessed.standing(view, speech))]
    yield Detail(key="reveal", title=speech.say("guess-reveal"), facts=given(facts))


@_details.register
def _image_tree(view: ImageTree, speech: Speech) -> Iterator[Detail]:
    for at, branch in enumerate(view.branches()):
        image = branch.image
        facts = [
            (speech.say("fact-names"), ", ".join(map(clean, image.names))),
            (speech.say("fact-image-id"), image.image_id),
            (speech.say("fact-created"), image.created),
            (speech.say("fact-own-layers"), image_tree.added(branch, speech)),
            (speech.say("fact-own-size"), speech.size(image.own_size)),
            (speech.say("fact-whole"), speech.size(branch.size) if image.image_id else ""),
            (speech.say("fact-containers"), ", ".join(clean(one.name) for one in image.containers)),
        ]
        files = tuple(
            FileLine(kind="", sign="", path=clean(layer.instruction) or "?", size=speech.size(layer.size))
            for layer in image.layers
        )
        title = clean(image.title) or speech.say("shared-layers")
        command = f"docker history {clean(image.title)}" if image.image_id else ""
        yield Detail(key=f"image-{at}", title=title, facts=given(facts), files=files, command=command)


@_details.register
def _weight(view: Weight, speech: Speech) -> Iterator[Detail]:
    yield from advice_details.of_weight(view, speech)


@_details.register
def _context(view: ContextWeight, speech: Speech) -> Iterator[Detail]:
    yield from advice_details.of_context(view, speech)


@_details.register
def _what_if(view: WhatIf, speech: Speech) -> Iterator[Detail]:
    yield from advice_details.of_what_if(view, speech)


def _cache_keys(step: StepExplanation, speech: Speech) -> Iterator[tuple[str, str]]:
    """Both keys in plain text, with their digests, and how to compute the digest."""
    for name, key in (("key-before", step.before), ("key-after", step.after)):
        if key is not None:
            lines = (indented(line) for line in key.text.split("\n"))
            yield f"{explanations.say(speech, name)}: {prints.short(key.digest)}", "\n".join(lines)
    if step.after is not None:
        yield explanations.say(speech, "key-python"), step.after.python


def _files(changes: tuple[FileChange, ...], total: int, speech: Speech) -> tuple[tuple[FileLine, ...], str]:
    """Deleted files first, for they surprise; then as the view has them."""
    ranked = sorted(changes, key=lambda change: change.kind != "deleted")[:_FILES_SHOWN]
    lines = tuple(
        FileLine(
            kind=change.kind,
            sign=SIGNS[change.kind],
            path=clean(f"{change.path} → {change.link}" if change.link else change.path),
            size="" if change.is_directory else speech.size(change.size),
        )
        for change in ranked
    )
    left = max(total, len(changes)) - len(lines)
    return lines, speech.count("more", left) if left > 0 else ""
