"""What is behind the parts of the pictures that give advice: an image and a context by weight, edits of a build."""

from collections.abc import Iterator

from pydock_lab.drawing import context_weight, edits, weights, what_ifs
from pydock_lab.drawing.detail import Detail, FileLine, given, indented
from pydock_lab.drawing.explanations import numbers, say
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import clean
from pydock_lab.drawing.weighed_rows import WeightRow, title, weight_rows
from pydock_lab.views import ContextFolder, ContextWeight, Proposal, Weight, WhatIf

_FILES = 60
_LINES = 400  # of a Dockerfile


# ---- an image


def of_weight(view: Weight, speech: Speech) -> Iterator[Detail]:
    """A part a row: its facts, its heaviest files, the files that nobody sees."""
    for row in weight_rows(view):
        yield _row(row, view, speech)


def _row(row: WeightRow, view: Weight, speech: Speech) -> Detail:
    step = row.step
    facts = [(speech.say("fact-secret"), weights.secret_here(one, speech)) for one in row.secrets]
    if step is not None:
        share = f"{weights.percent(step.size, view.size, speech)} %" if view.size else ""
        facts = [
            (speech.say("fact-line"), str(step.line) if step.line else ""),
            (speech.say("fact-unpacked"), speech.size(step.size)),
            (speech.say("fact-compressed"), speech.size(step.compressed) if step.compressed else ""),
            (speech.say("fact-of-image"), share),
            (speech.say("fact-files"), str(step.files)),
            (speech.say("fact-wasted"), speech.size(step.wasted) if step.wasted else ""),
            *facts,
        ]
    name = title(row, speech)
    return Detail(
        key=row.key,
        title=f"{row.number}. {name}" if row.number else name,
        facts=given(facts),
        files=tuple(_heaviest(row, speech)),
        command=f"docker history --no-trunc {clean(view.name)}",
        texts=tuple(_texts(row, view, speech)),
    )


def _heaviest(row: WeightRow, speech: Speech) -> Iterator[FileLine]:
    for file in row.step.heaviest if row.step else ():
        yield FileLine(kind="added", sign="+", path=clean(file.path), size=speech.size(file.size), weight=file.size)


def _texts(row: WeightRow, view: Weight, speech: Speech) -> Iterator[tuple[str, str]]:
    """Every wasted file with its reason, and what to do about it."""
    at = next((at for at, step in enumerate(view.steps) if step is row.step), -1)
    files = [file for file in view.wasted if file.written_layer == at]
    if files:
        lines = [f"{speech.size(file.size):>9}  {clean(file.path)}  {weights.reason(file, speech)}" for file in files]
        more = [speech.count("more", len(files) - _FILES)] if len(files) > _FILES else []
        yield speech.say("wasted-files"), "\n".join([*lines[:_FILES], *more])
    steps = tuple(file for file in files)
    secrets = tuple(one for one in view.secrets if one in row.secrets)
    advice = weights.advice(Weight(name="", steps=(), wasted=steps, secrets=secrets), speech)
    if advice:
        yield speech.say("advice"), "\n".join(advice)


# ---- a context


def of_context(view: ContextWeight, speech: Speech) -> Iterator[Detail]:
    """A part a row, and the lines for the ignore file."""
    for row in context_weight.tree_parts(view):
        if row.part:
            yield _part(row.key, row.part, view, speech)
    if view.advised:
        lines = "\n".join(indented(line) for line in view.advised)
        heading = speech.say("context-lines")
        command = context_weight.ignore_command(view)
        yield Detail(key=context_weight.IGNORE_KEY, title=heading, command=command, texts=((".dockerignore", lines),))


def _part(key: str, part: ContextFolder, view: ContextWeight, speech: Speech) -> Detail:
    facts = [
        (speech.say("fact-sent"), speech.size(part.size) if part.files else ""),
        (speech.say("fact-files"), str(part.files) if part.files else ""),
        (speech.say("fact-left-out"), speech.size(part.ignored_size) if part.ignored_files else ""),
    ]
    facts += [(speech.say("advice"), say(speech, "context-needless"))] if part.needless else []
    files = tuple(
        FileLine(
            kind="changed",
            sign=" ",
            path=clean(one.path),
            size=speech.size(one.size or one.ignored_size),
            weight=one.size,
        )
        for one in part.inside
    )
    command = context_weight.command(view)
    return Detail(key=key, title=clean(part.path), facts=given(facts), files=files, command=command)


# ---- edits


def of_what_if(view: WhatIf, speech: Speech) -> Iterator[Detail]:
    """An edit each: what it saves, and the whole text with it, ready to be copied."""
    for at, proposal in enumerate(view.proposals, start=1):
        facts = [
            (speech.say("fact-saved"), speech.seconds(proposal.seconds)),
            (speech.say("fact-saved-size"), speech.size(proposal.layer_size)),
            (speech.say("fact-kept"), numbers(proposal.kept)),
        ]
        yield Detail(
            key=f"proposal-{at}",
            title=f"{at}. {what_ifs.title(proposal, speech)}",
            facts=given(facts),
            command=edits.command(view),
            texts=tuple(_whole(proposal, speech)),
        )


def _whole(proposal: Proposal, speech: Speech) -> Iterator[tuple[str, str]]:
    is_dockerfile = proposal.dockerfile != proposal.old_dockerfile
    new, old = (
        (proposal.dockerfile, proposal.old_dockerfile) if is_dockerfile else (proposal.ignore, proposal.old_ignore)
    )
    yield speech.say("edit-whole" if is_dockerfile else "edit-whole-ignore"), _text(new)
    if old:
        yield speech.say("edit-whole-was"), _text(old)


def _text(text: str) -> str:
    return "\n".join(indented(line) for line in text.splitlines()[:_LINES])
