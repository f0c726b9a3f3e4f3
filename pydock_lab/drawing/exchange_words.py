"""The words of a pull or push: what was asked, what an answer means, what the whole of it teaches."""

from collections.abc import Iterator
from types import MappingProxyType

from pydock_lab.drawing import prints
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.start_words import took
from pydock_lab.drawing.svg import clean
from pydock_lab.views import RequestStep, TransferTrace, TravelledBlob

KEYS = MappingProxyType(
    {
        "exchange-key-travels": Meaning.BUILT,
        "exchange-key-there": Meaning.CACHED,
        "exchange-key-mounted": Meaning.MOVING,
        "exchange-key-refused": Meaning.DELETED,
        "exchange-key-question": Meaning.PLAIN,
    }
)
_WAYS = MappingProxyType({"travelled": Meaning.BUILT, "exists": Meaning.CACHED, "mounted": Meaning.MOVING})
_OK, _CREATED, _PARTIAL, _UNAUTHORIZED, _MISSING = 200, 201, 206, 401, 404
_REFUSED, _REDIRECTS, _BUSY = range(400, 600), range(300, 400), (429, 503)


def title(view: TransferTrace) -> str:
    """What travelled."""
    return f"{view.direction} {clean(view.reference)}"


def command(view: TransferTrace) -> str:
    """What shows the same in a terminal."""
    return f"pydock explain {view.direction} {clean(view.reference)}"


def facts(view: TransferTrace, speech: Speech) -> list[str]:
    """What is said of the whole."""
    found = [speech.count("requests", len(view.steps)), took(view.seconds, speech)]
    if view.blobs:
        moved = speech.say("exchange-of-size", part=speech.size(view.travelled), whole=speech.size(view.size))
        found.append(moved)
    return found


def host_of(view: TransferTrace, role: str, speech: Speech) -> str:
    """Who answers in a role: by its name, or where that is the registry's own, by what it does."""
    hosts = {step.host for step in view.steps if step.role == role}
    host = next((step.host for step in view.steps if step.role == role), "")
    registry = next((step.host for step in view.steps if step.role == "registry"), "")
    if role == "registry":
        return clean(view.host)
    name = speech.say(f"exchange-{role}")
    return name if host == registry or len(hosts) > 1 else f"{name} {clean(host)}"


def meaning(step: RequestStep) -> Meaning:
    """The colour of an answer: something travelled, was there, was mounted, was refused; or it is but a question."""
    if step.status in _REFUSED and step.status != _MISSING:
        return Meaning.DELETED
    if step.kind == "mount" and step.status == _CREATED:
        return Meaning.MOVING
    if step.kind == "blob" and step.method == "HEAD" and step.status == _OK:
        return Meaning.CACHED
    brings = (step.method == "GET" and step.kind in ("blob", "stored", "manifest")) or step.method in ("PUT", "PATCH")
    return Meaning.BUILT if brings and step.status in (_OK, _CREATED, 202, _PARTIAL) else Meaning.PLAIN


def way(blob: TravelledBlob) -> Meaning:
    """The colour of how a blob came to be there."""
    return _WAYS.get(blob.how, Meaning.PLAIN)


def part(digest: str, view: TransferTrace, speech: Speech) -> str:
    """A blob by its place in the image; else by its digest."""
    layers = [blob.digest for blob in view.blobs if blob.kind == "layer"]
    if digest in layers:
        return f"{speech.say('fact-layer')} {layers.index(digest) + 1}"
    if any(blob.digest == digest and blob.kind == "config" for blob in view.blobs):
        return "config"
    return prints.short(digest)


def request(step: RequestStep, view: TransferTrace, speech: Speech) -> str:
    """A request in few words: `GET manifest 1`."""
    return f"{clean(step.method)} {_subject(step, view, speech)}"


def _subject(step: RequestStep, view: TransferTrace, speech: Speech) -> str:
    subject = clean(step.subject)
    if step.kind in ("blob", "mount", "upload-end"):
        return part(step.subject, view, speech)
    if step.kind == "manifest":
        return f"manifest {prints.short(step.subject) if ':' in step.subject else subject}"
    if step.kind == "other":
        return subject
    return speech.say(f"exchange-ask-{step.kind}")


def answer(step: RequestStep, view: TransferTrace, speech: Speech) -> str:
    """What an answer means, in a line."""
    return speech.say(f"exchange-{_answer(step)}", **_fields(step, view, speech))


def sentence(step: RequestStep, view: TransferTrace, speech: Speech) -> str:
    """The same with what it is good for."""
    name = _answer(step)
    try:
        return speech.say(f"exchange-why-{name}", **_fields(step, view, speech))
    except KeyError:
        return answer(step, view, speech)


def _fields(step: RequestStep, view: TransferTrace, speech: Speech) -> dict[str, object]:
    later = next((one for one in view.steps if one.follows == step.number), None)
    host = host_of(view, "tokens", speech) if later and later.kind == "token" else clean(later.host if later else "")
    return {
        "size": speech.size(step.size),
        "status": step.status,
        "scope": clean(step.subject).replace("repository:", "") or speech.say("exchange-no-scope"),
        "host": host or speech.say("exchange-tokens"),
        "what": _subject(step, view, speech),
    }


def _answer(step: RequestStep) -> str:
    """The name of what an answer means."""
    if step.status in _REFUSED:
        return _no(step)
    if step.status in _REDIRECTS:
        return "redirect"
    if step.status == _PARTIAL:
        return "rest"
    if step.kind in ("blob", "manifest"):
        return f"{step.kind}-{step.method.lower()}"
    by_status = {"mount": ("mounted", "not-mounted"), "upload": ("uploaded", "upload")}.get(step.kind)
    return step.kind if by_status is None else by_status[step.status != _CREATED]


def _no(step: RequestStep) -> str:
    if step.status == _UNAUTHORIZED:
        return "refused-token" if step.role == "tokens" else "challenge"
    if step.status in _BUSY:
        return "busy"
    missing = {"blob": "not-there", "manifest": "no-manifest", "referrers": "no-manifest"}
    return missing.get(step.kind, "refused") if step.status == _MISSING else "refused"


def label(step: RequestStep, view: TransferTrace, speech: Speech) -> str:
    """A row, said aloud."""
    said = (request(step, view, speech), str(step.status), answer(step, view, speech))
    return f"{step.number}. {', '.join(said)}"


def default_step(view: TransferTrace) -> RequestStep | None:
    """The step that is shown where nobody chose one: the last."""
    return view.steps[-1] if view.steps else None


def lines(view: TransferTrace, speech: Speech) -> Iterator[str]:
    """All of it for a terminal; where one stands at a step, what that was for."""
    yield f"{title(view)}   {' · '.join(facts(view, speech))}"
    for step in view.steps:
        mark = ">" if step is view.step else " "
        asked = request(step, view, speech).ljust(26)
        who = "" if step.role == "registry" else f"  ({host_of(view, step.role, speech)})"
        yield f"{mark}{step.number:3}  {asked} {step.status}  {answer(step, view, speech)}{who}"
    if view.step is not None:
        yield ""
        yield clean(f"{view.step.method} {view.step.url}")
        yield sentence(view.step, view, speech)
    if view.blobs:
        yield ""
        for blob in view.blobs:
            name = part(blob.digest, view, speech).ljust(10)
            how = speech.say(f"exchange-{blob.how}") if blob.how in _WAYS else clean(blob.how)
            yield f"  {prints.text(blob.digest)} {name} {speech.size(blob.size).rjust(9)}  {how}"
    yield ""
    yield lesson_of(view, speech)


def lesson_of(view: TransferTrace, speech: Speech) -> str:
    """What this picture teaches."""
    if view.error:
        return speech.say("exchange-lesson-failed", error=clean(view.error))
    spared = view.size - view.travelled
    if not view.blobs or not spared:
        return speech.say(f"exchange-lesson-{view.direction}")
    if not view.travelled:
        return speech.say("exchange-lesson-nothing", size=speech.size(view.size))
    return speech.say(
        "exchange-lesson-shared",
        part=speech.size(view.travelled),
        whole=speech.size(view.size),
        spared=speech.size(spared),
    )
