"""What is behind each part of a drawing that can be selected: facts, files, and the docker command that shows it.

The keys are those of the drawing (`data-pick`), so that whoever brings a picture to life finds the words beside it.
Everything is text in the reader's language already: a face only lays it out.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import singledispatch

from pydock_lab.drawing import (
    advice_details,
    argument_vector,
    context_words,
    exchange_words,
    explained,
    explanations,
    guessed,
    image_tree,
    instance_details,
    prints,
    shared_layers,
    start_words,
    tag_details,
    tag_story,
    trace_words,
)
from pydock_lab.drawing.detail import Detail, FileLine, given, indented
from pydock_lab.drawing.facets import state_word
from pydock_lab.drawing.file_details import file_detail, layer_command
from pydock_lab.drawing.layer_details import file_lines, layer_detail
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import clean
from pydock_lab.views import (
    ArgumentVector,
    BuildTrace,
    ContextTree,
    ContextWeight,
    Doctor,
    Explanation,
    Guess,
    ImageTree,
    Instances,
    LayerStack,
    Namespaces,
    Opened,
    RunTrace,
    SharedLayers,
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


def details(view: View, speech: Speech) -> Iterator[Detail]:
    """All parts of a view, in the order in which the keyboard goes through them."""
    return _details(view, speech)


@singledispatch
def _details(view: View, _speech: Speech) -> Iterator[Detail]:
    raise TypeError(type(view).__name__)


@_details.register
def _layers(view: LayerStack, speech: Speech) -> Iterator[Detail]:
    for at, row in reversed(list(enumerate(view.rows))):
        yield layer_detail(row, f"layer-{at}", at + 1, row.command or f"docker history --no-trunc {view.name}", speech)
        if row.opened is not Opened.CLOSED:
            for how in (Opened.CHANGES, Opened.TOGETHER):
                yield Detail(key=f"{how}-{at}", title=speech.say(f"files-{how}"), command=layer_command(view, row))
        yield from (file_detail(view, row, node, speech) for node in row.files)


@_details.register
def _two_stacks(view: SharedLayers, speech: Speech) -> Iterator[Detail]:
    for kind, stack in (("first", view.first), ("second", view.second), ("shared", view.first)):
        for layer in reversed(shared_layers.layers_of(view, kind)):
            command = layer.row.command or f"docker history --no-trunc {stack.name}"
            detail = layer_detail(layer.row, f"{kind}-{layer.at}", layer.at + 1, command, speech)
            more = [
                (speech.say("fact-whose"), shared_layers.whose(view, kind, speech)),
                (speech.say("fact-also"), shared_layers.twin_words(view, layer, speech)),
            ]
            yield replace(detail, facts=(*given(more), *detail.facts))


@_details.register
def _instances(view: Instances, speech: Speech) -> Iterator[Detail]:
    return instance_details.instances(view, speech)


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
    files, more = file_lines(step.changes, step.changes_total, speech)
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
            *((call.man, start_words.told_call(call, speech)) for call in step.calls),
            *((one.name, one.come or f"- {one.gone}") for one in start_words.seen(view, step) if one.has_changed),
            *((speech.say("start-is-failed"), one) for one in (view.error, view.hint) if step.has_failed and one),
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
def _context_tree(view: ContextTree, speech: Speech) -> Iterator[Detail]:
    yield from context_words.details(view, speech)


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
