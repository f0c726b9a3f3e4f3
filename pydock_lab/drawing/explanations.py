"""An explained build as text: what missed by itself and why, what only follows, and what to do.

✗ step 4   COPY requirements.txt .                                    line 12
  1 file differs:
    ~ requirements.txt   other bytes, 16 B → 21 B
  └ so these were done again, without a change of their own: steps 5-7, 12.0 s
"""

from collections.abc import Iterable, Iterator
from itertools import groupby

from pydock_lab import locale
from pydock_lab.drawing import prints
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import clean
from pydock_lab.views import (
    Attribute,
    AttributeChange,
    Cause,
    CauseKind,
    ChangeKind,
    Explanation,
    FileDifference,
    KeyView,
    Outcome,
    SetBy,
    Sign,
    StepExplanation,
    WordPiece,
)

_INSTRUCTION, _VALUE, _CONTEXT, _FILES = 56, 60, 24, 8  # characters, and lines
_MARKS = {ChangeKind.ADDED: "+", ChangeKind.CHANGED: "~", ChangeKind.DELETED: "-"}
_SIGNS = {Sign.ADDED: "{{+{}+}}", Sign.REMOVED: "[-{}-]"}
_HINTS = {CauseKind.NEW_STEP: CauseKind.ORDER, CauseKind.INLINE: CauseKind.COMMAND, CauseKind.ENV_ORDER: CauseKind.ENV}
_CHANGES = {ChangeKind.ADDED: "-added", ChangeKind.DELETED: "-deleted", ChangeKind.CHANGED: ""}


def say(speech: Speech, name: str, /, **fields: object) -> str:
    """The text `explain.name`."""
    return locale.text(f"explain.{name}", speech.language, **fields)


def count(speech: Speech, name: str, number: int, /, **fields: object) -> str:
    """A text about so many things, in the singular where the language asks for it."""
    is_one = number == 1 or (number == 0 and speech.language == "fr")
    return say(speech, f"{name}.one" if is_one else name, count=number, **fields)


def lines(view: Explanation, speech: Speech) -> Iterator[str]:
    """The whole explanation, for a terminal."""
    yield from _head(view, speech)
    for _, group in groupby(view.own, key=lambda step: step.causes):
        same = list(group)
        yield ""
        yield from _own(same, view, speech)
    if view.predicted and view.open:
        yield ""
        yield count(speech, "open", len(view.open), steps=numbers(step.number for step in view.open))
    hints = tuple(_hints(view, speech))
    yield ""
    yield from _times(view, speech)
    if hints:
        yield say(speech, "do")
        yield from (f"  {hint}" for hint in hints)
        yield ""
    if view.first:
        command = f"pydock explain {clean(view.name or view.build)} --step {view.first.number}"
        yield say(speech, "keys", command=command)


def _head(view: Explanation, speech: Speech) -> Iterator[str]:
    first, *others = head_facts(view, speech)
    yield f"{clean(view.name or view.build)}   {first}"
    yield from others


def head_facts(view: Explanation, speech: Speech) -> Iterator[str]:
    """How many steps missed, whether it is a forecast, and what the build is compared with."""
    total = sum(step.outcome in (Outcome.CACHED, Outcome.MISSED) for step in view.steps)
    missed = sum(step.missed for step in view.steps)
    yield count(speech, "missed", missed, total=total) if missed else say(speech, "all-cached")
    if view.predicted:
        yield say(speech, "predicted")
    if view.compared_with:
        when = clean(view.compared_created[:19].replace("T", " "))
        yield say(speech, "compared", build=clean(view.compared_with), when=when)
    else:
        yield say(speech, "compared-nothing")


# ---- steps


def _own(same: list[StepExplanation], view: Explanation, speech: Speech) -> Iterator[str]:
    """A step that missed by itself (and those behind it for which the same holds), and what follows from it."""
    step = same[0]
    number = say(speech, "step", number=step.number)
    place = say(speech, "line", line=step.line)
    if step.end_line > step.line:
        place = say(speech, "lines", first=step.line, last=step.end_line)
    yield f"{speech.ink(Meaning.DELETED, '✗')} {number:<8} {cut(step.text, _INSTRUCTION).ljust(_INSTRUCTION)}  {place}"
    if not step.missed:
        yield f"  {say(speech, 'changed-here' if step.text.upper().startswith('FROM') else 'was-cached')}"
    for cause in step.causes:
        yield from (f"  {line}" for line in cause_lines(cause, speech))
    if step.because_of and step.missed:
        yield f"  {say(speech, 'also-because', number=step.because_of)}"
    if len(same) > 1:
        yield f"  {say(speech, 'likewise', steps=numbers(one.number for one in same[1:]))}"
    followers = [one for one in view.consequences if _owner(one, view) in {each.number for each in same}]
    if followers:
        seconds = speech.seconds(sum(one.seconds for one in followers))
        steps = numbers(one.number for one in followers)
        name = "follows-predicted" if view.predicted else "follows"
        yield f"  └ {count(speech, name, len(followers), steps=steps, seconds=seconds)}"


def _owner(step: StepExplanation, view: Explanation) -> int:
    """The nearest step below that missed by itself: each consequence is told once."""
    own, by_number = {one.number for one in view.own}, {one.number: one for one in view.steps}
    at = step.because_of
    while at and at not in own:
        at = by_number[at].because_of
    return at


def numbers(found: Iterable[int]) -> str:
    """`3, 5-7`."""
    shown = []
    for _, group in groupby(enumerate(sorted(found)), key=lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        shown.append(f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)))  # noqa: PLR2004 - 5, 6
    return ", ".join(shown)


def _times(view: Explanation, speech: Speech) -> Iterator[str]:
    found = [step for step in view.steps if step.other_times]
    yield from (count(speech, "other-times", step.other_times, number=step.number) for step in found)
    if found:
        yield ""


def _hints(view: Explanation, speech: Speech) -> Iterator[str]:
    kinds = dict.fromkeys(_hint(cause) for cause in view.causes)
    language = speech.language
    yield from (say(speech, name) for name in kinds if locale.find(f"explain.{name}", language) is not None)


def _hint(cause: Cause) -> str:
    changes = {one.attribute for file in cause.files for one in file.attributes}
    if changes == {Attribute.MODE} and all(file.attributes for file in cause.files):
        return "do-mode"
    return f"do-{_HINTS.get(cause.kind, cause.kind)}"


# ---- causes


def cause_lines(cause: Cause, speech: Speech) -> Iterator[str]:
    """What differs; lines that begin with spaces are files, and words of commands."""
    match cause.kind:
        case CauseKind.COMMAND | CauseKind.INLINE:
            yield say(speech, f"cause-{cause.kind}", name=clean(cause.name))
            yield from (f"  {line}" for line in _words(cause.words))
            if cause.kind is CauseKind.COMMAND:
                yield say(speech, "note-command")
        case CauseKind.FILES:
            yield from _files(cause, speech)
        case CauseKind.ENV | CauseKind.ARG:
            name = f"cause-variable{_CHANGES[cause.change]}"
            yield say(speech, name, kind=cause.kind.upper(), **_fields(cause, speech))
        case CauseKind.MOUNT:
            yield say(speech, f"cause-mount{_CHANGES[cause.change]}", **_fields(cause, speech))
        case CauseKind.BASE:
            yield say(speech, "cause-base", old=_base(cause.text, cause.old), new=_base(cause.name, cause.new))
        case _:
            yield say(speech, f"cause-{cause.kind}", **_fields(cause, speech))


def _fields(cause: Cause, speech: Speech) -> dict[str, str]:
    return {
        "name": clean(cause.name),
        "old": _value(cause.old, speech),
        "new": _value(cause.new, speech),
        "text": cut(cause.text, _INSTRUCTION),
        "by": _by(cause, speech),
    }


def _value(value: str, speech: Speech) -> str:
    return cut(value, _VALUE) if value else say(speech, "empty")


def _by(cause: Cause, speech: Speech) -> str:
    setter = cause.set_by
    return say(speech, f"by-{setter.by if setter else SetBy.BASE}", line=setter.line if setter else 0)


def _base(name: str, chain: str) -> str:
    return f"{clean(name)} ({prints.short(chain)})" if chain.startswith("sha256:") else clean(name)


def _words(pieces: tuple[WordPiece, ...]) -> Iterator[str]:
    """The changed words with some of those around them; one line a line of the command."""
    last = len(pieces) - 1
    text = "".join(_piece(piece, at == 0, at == last) for at, piece in enumerate(pieces))
    yield from (clean(line.strip()) for line in text.split("\n") if line.strip())


def _piece(piece: WordPiece, is_first: bool, is_last: bool) -> str:  # noqa: FBT001 - where it stands
    if piece.sign is not Sign.KEPT:
        bare = piece.text.strip()
        # White space alone can be all that differs: then it has to be seen.
        shown = _SIGNS[piece.sign].format(bare or piece.text.replace(" ", "␣").replace("\n", "⏎"))
        return f" {shown} " if bare else shown
    words = piece.text
    if len(words) <= 2 * _CONTEXT:
        return words
    start = "" if is_first else words[:_CONTEXT]
    end = "" if is_last else words[-_CONTEXT:]
    return f"{start} … {end}"


# ---- files


def _files(cause: Cause, speech: Speech) -> Iterator[str]:
    if not cause.files:
        yield say(speech, "cause-files-unknown")
        return
    yield count(speech, "cause-files", len(cause.files))
    shown = cause.files[:_FILES]
    width = min(max(len(file.path) for file in shown), 40)
    for file in shown:
        facts = ", ".join(_facts(file, speech))
        yield f"  {_MARKS[file.kind]} {clean(file.path).ljust(width)}  {facts}"
    if len(cause.files) > _FILES:
        yield f"  {count(speech, 'more-files', len(cause.files) - _FILES)}"


def _facts(file: FileDifference, speech: Speech) -> Iterator[str]:
    before, after = speech.size(file.size_before), speech.size(file.size_after)
    if file.kind is not ChangeKind.CHANGED:
        yield say(speech, f"file-{file.kind}", before=before, after=after)
    for change in file.attributes:
        yield _attribute(change, before, after, speech)


def _attribute(change: AttributeChange, before: str, after: str, speech: Speech) -> str:
    if change.attribute is Attribute.BYTES:
        name = "file-bytes-same" if before == after else "file-bytes"
        return say(speech, name, before=before, after=after)
    old, new = change.old, change.new
    if change.attribute is Attribute.KIND:
        old, new = (say(speech, f"kind-{kind}") for kind in (old, new))
    return say(speech, f"file-{change.attribute}", old=clean(old), new=clean(new))


# ---- keys


def keys(step: StepExplanation, speech: Speech) -> Iterator[str]:
    """Both keys of a step in plain text, line beside line marked where they differ, and how to compute the digest."""
    yield f"{say(speech, 'step', number=step.number)}  {cut(step.text, _INSTRUCTION)}"
    others = (step.after, step.before)
    for name, key, other in zip(("key-before", "key-after"), (step.before, step.after), others, strict=True):
        yield ""
        yield f"{say(speech, name)}: {key.digest if key else say(speech, 'key-none')}"
        yield from _key(key, other)
    if step.after:
        yield ""
        yield say(speech, "key-python")
        # Not cleaned: every space counts, and repr() has escaped what could do harm.
        yield from (f"  {line}" for line in step.after.python.split("\n"))


def _key(key: KeyView | None, other: KeyView | None) -> Iterator[str]:
    known = set(other.text.split("\n")) if other else set()
    for line in key.text.split("\n") if key else ():
        indent = " " * (len(line) - len(line.lstrip(" ")))
        yield f"  {' ' if line in known or not other else '≠'} {indent}{clean(line)}"


def cut(text: str, length: int) -> str:
    """A text on one line, or as much of its beginning as fits."""
    text = clean(" ".join(text.split()))
    return text if len(text) <= length else text[: length - 1] + "…"
