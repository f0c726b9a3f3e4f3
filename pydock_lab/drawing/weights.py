"""An image and a build context by weight, as text: the heavy parts, the wasted ones with the reason, the secrets."""

from collections.abc import Iterator

from pydock_lab import locale
from pydock_lab.drawing.explanations import count, cut, say
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import clean
from pydock_lab.views import (
    ContextFolder,
    ContextWeight,
    Secret,
    SecretPlace,
    StepWeight,
    WastedFile,
    Weight,
)

_INSTRUCTION, _BAR, _FILES, _WASTED, _DEPTH, _PARTS = 44, 10, 5, 8, 3, 5
_IN_FILES = frozenset({SecretPlace.FILE, SecretPlace.DELETED_FILE})


def image_lines(view: Weight, speech: Speech) -> Iterator[str]:
    """An image, for a terminal: the base at the bottom."""
    name = clean(view.name)
    yield say(
        speech, "weight-head", name=name, size=speech.size(view.size), layers=count(speech, "layers", len(view.steps))
    )
    if view.wasted_size:
        share = percent(view.wasted_size, view.size, speech)
        yield say(speech, "weight-wasted-total", size=speech.size(view.wasted_size), percent=share)
    yield ""
    largest = max((step.size for step in view.steps), default=0)
    for step in reversed(view.steps):
        yield _step(step, largest, speech)
    yield from _heaviest(view, speech)
    yield from _waste(view, speech)
    yield from _secrets(view, speech)


def _step(step: StepWeight, largest: int, speech: Speech) -> str:
    bar = "█" * round(_BAR * step.size / largest) if largest else ""
    words = cut(step.text, _INSTRUCTION) if step.number else say(speech, "weight-base")
    wasted = say(speech, "weight-wasted", size=speech.size(step.wasted)) if step.wasted else ""
    number = str(step.number or "").rjust(3)
    return f"{number}  {words.ljust(_INSTRUCTION)}  {speech.size(step.size):>9}  {bar.ljust(_BAR)}  {wasted}"


def _heaviest(view: Weight, speech: Speech) -> Iterator[str]:
    files = [(file, step) for step in view.steps for file in step.heaviest if file.size]
    if files:
        yield ""
        yield say(speech, "weight-heaviest")
    for file, step in sorted(files, key=lambda pair: -pair[0].size)[:_FILES]:
        yield f"  {speech.size(file.size):>9}  {clean(file.path)}   {_by(step.number, speech)}"


def _by(number: int, speech: Speech) -> str:
    return say(speech, "weight-step", number=number) if number else say(speech, "weight-base")


def _waste(view: Weight, speech: Speech) -> Iterator[str]:
    if not view.wasted:
        return
    yield ""
    yield say(speech, "weight-waste")
    yield from (_wasted(file, speech) for file in view.wasted[:_WASTED])
    yield from (f"  {sentence}" for sentence in _waste_advice(view, speech))


def _wasted(file: WastedFile, speech: Speech) -> str:
    return f"  {speech.size(file.size):>9}  {clean(file.path)}   {reason(file, speech)}"


def reason(file: WastedFile, speech: Speech) -> str:
    """Why a file is stored, and nobody sees it."""
    written, hidden = layer_of(file.written, speech), layer_of(file.hidden, speech)
    return say(speech, f"waste-{file.reason}", written=written, hidden=hidden, old=clean(file.old), new=clean(file.new))


def layer_of(number: int, speech: Speech) -> str:
    """A step, or the base image, inside a sentence."""
    return speech.say("weight-of-step", number=number) if number else speech.say("weight-of-base")


def percent(part: int, whole: int, speech: Speech) -> str:
    """A share in percent, without the sign."""
    return locale.number(100 * part / whole, language=speech.language)


def advice(view: Weight, speech: Speech) -> tuple[str, ...]:
    """What to do, a sentence each; the secrets first."""
    return (*_secret_advice(view, speech), *_waste_advice(view, speech))


def _waste_advice(view: Weight, speech: Speech) -> Iterator[str]:
    yield from (say(speech, f"do-waste-{why}") for why in dict.fromkeys(file.reason for file in view.wasted))


def _secret_advice(view: Weight, speech: Speech) -> Iterator[str]:
    places = {one.place in _IN_FILES for one in view.secrets}
    yield from (say(speech, "do-secret-files" if is_file else "do-secret-words") for is_file in sorted(places))


def _secrets(view: Weight, speech: Speech) -> Iterator[str]:
    if not view.secrets:
        return
    yield ""
    yield say(speech, "secrets-head")
    yield from (f"  ! {secret(one, speech)}" for one in view.secrets)
    yield from (f"  {sentence}" for sentence in _secret_advice(view, speech))


def secret(found: Secret, speech: Speech) -> str:
    """One secret, where it is and what it looks like, in one sentence."""
    return say(speech, "secret-at", step=found.step, line=found.line, what=secret_here(found, speech))


def secret_here(found: Secret, speech: Speech) -> str:
    """The same where its step is known."""
    kind = say(speech, f"secret-kind-{found.kind}")
    kind = f"{kind} ({clean(found.shown)})" if found.shown else kind
    return say(speech, f"secret-{found.place}", kind=kind, name=clean(found.name))


# ---- context


def context_lines(view: ContextWeight, speech: Speech) -> Iterator[str]:
    """A build context, for a terminal."""
    top = view.top
    files = count(speech, "files", top.files)
    yield say(speech, "context-head", name=clean(view.name), size=speech.size(top.size), files=files)
    if top.ignored_files:
        files = count(speech, "files", top.ignored_files)
        yield say(speech, "context-ignored", size=speech.size(top.ignored_size), files=files)
    elif not view.has_ignore:
        yield say(speech, "context-no-ignore")
    yield ""
    yield from _folder(top, 0, speech)
    if view.advised:
        yield ""
        yield say(speech, "do-context", patterns=clean(" ".join(view.advised)))


def _folder(folder: ContextFolder, depth: int, speech: Speech) -> Iterator[str]:
    for part in folder.inside[:_PARTS]:
        size = speech.size(part.size) if part.files else say(speech, "context-left-out")
        note = say(speech, "context-needless") if part.needless else ""
        name = clean(part.path.rpartition("/")[2]) + ("/" if part.inside else "")
        yield f"  {size:>9}  {'  ' * depth}{name}   {note}"
        if depth + 1 < _DEPTH and part.files and not part.needless:
            yield from _folder(part, depth + 1, speech)
