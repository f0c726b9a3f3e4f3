"""The words of a container's start: titles of steps, sentences, what is seen; for pictures, panels and terminals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydock_lab import locale
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import clean
from pydock_lab.views import CallView, RunStep, RunTrace, Sight

# The fields of a Sight, in the order in which they are told.
_FIELDS = (
    *("hostname", "processes", "root", "addresses", "mounts", "user", "capabilities", "control_groups", "seccomp"),
    *("directory", "namespaces"),
)
_MICRO, _MILLI = 1_000_000, 1000
_LONG_PATH = 24  # characters
_LISTED = 40  # mounts and the like: more names than anybody reads in one line
_ALIKE = 24  # characters: what two texts have in common at their beginning, and is worth the room
_TITLE, _CALL = 90, 400  # of a command of many lines nobody reads more


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """One thing that a process sees: what shows it (`hostname`, `ls /`), and how that reads after a step.

    Of what a step changed, `gone` and `come` are what was there before alone, and what is there after alone: of two
    long lists a reader would not find the difference.
    """

    name: str
    now: str
    gone: str = ""
    come: str = ""

    @property
    def has_changed(self) -> bool:
        """Whether the step made a difference to it."""
        return bool(self.gone or self.come)


def title(view: RunTrace) -> str:
    """How the container is called."""
    return clean(view.name or view.container[:12])


def command(view: RunTrace) -> str:
    """What shows the same in a terminal."""
    return f"pydock explain {title(view)}"


def facts(view: RunTrace, speech: Speech) -> list[str]:
    """What is said of the whole start."""
    found = [clean(view.image), speech.count("steps", len(view.steps)), took(view.seconds, speech)]
    if view.ahead_seconds:
        found.append(speech.say("start-ahead-time", time=took(view.ahead_seconds, speech)))
    return [*found, speech.say("start-tier", tier=clean(view.tier))]


def took(seconds: float, speech: Speech) -> str:
    """A duration that is mostly far below a second."""
    if seconds < 1 / _MILLI:
        return f"{round(seconds * _MICRO)} µs"
    if seconds < 1:
        return speech.say("milliseconds", time=locale.number(seconds * _MILLI, 1, speech.language))
    return speech.seconds(seconds)


def name(step: RunStep) -> str:
    """A step in its own word, with what it was done to."""
    words = (
        _last(word) if word.startswith("/") and len(word) > _LONG_PATH else word for word in step.detail.split(" ")
    )
    return cut(clean(f"{step.name} {' '.join(words)}".strip()), _TITLE)


def cut(text: str, length: int) -> str:
    """The text, or as much of it as fits into so many characters."""
    return text if len(text) <= length else text[: length - 1] + "…"


def call(one: CallView, length: int = _CALL) -> str:
    """As much of a call as fits into so many characters: what it failed with is never cut off."""
    result = f" = -1 {one.error}" if one.error else ""
    return cut(clean(one.text).removesuffix(result), length - len(result)) + result


def told_call(one: CallView, speech: Speech) -> str:
    """A call, and in which step it was made, where that was another one."""
    return f"{call(one)}  {speech.say('start-of-step', number=one.step)}" if one.step else call(one)


def _last(path: str) -> str:
    """Of a long path what says most: its end."""
    parts = path.split("/")
    kept = [parts.pop()]
    while parts and len("/".join([parts[-1], *kept])) <= _LONG_PATH - 2:
        kept.insert(0, parts.pop())
    return "/".join(["…", *kept])


def sentence(step: RunStep, speech: Speech) -> str:
    """What a step does, and what for."""
    if step.has_failed:
        return speech.say("start-has-failed")
    told = speech.say(f"start-{_sentence_of(step)}")
    if step.outside:
        told = f"{told} {speech.say('start-outside', inode=step.outside)}"
    return f"{told} {speech.say('start-mount-ro')}" if _is_read_only(step) else told


def _sentence_of(step: RunStep) -> str:
    """What of this kind of step there is to say: several mean different things, by what was asked for."""
    before, _, kept = step.detail.partition(" -> ")
    if step.name == "capabilities" and before == kept:  # `--privileged`
        return "capabilities-kept"
    if step.name == "clone" and not any("CLONE_NEWPID" in call.text for call in step.calls):
        own = any("CLONE_NEW" in call.text for call in step.calls)
        return "clone-shared" if own else "clone-plain"
    if step.name == "mount":
        return _kind_of_mount(step.detail)
    return step.name


def _kind_of_mount(detail: str) -> str:
    if detail.startswith("/"):
        return "mount-bind"
    if detail in ("proc on /proc", "sysfs on /sys", "tmpfs on /dev"):
        return "mount-view"
    return "mount-tmpfs" if detail.startswith("tmpfs ") else "mount"


def _is_read_only(step: RunStep) -> bool:
    options = step.detail.rpartition(" (")[2].rstrip(")").split(",")
    return step.name == "mount" and "ro" in options


def told_of(step: RunStep, speech: Speech) -> list[str]:
    """What belongs to a step besides what it does: what it is about, how long it took, and who did it when."""
    found = [phase(step, speech), took(step.seconds, speech)]
    sign, key = _sign(step)
    return [*found, speech.say(key)] if sign else found


def sign(step: RunStep) -> str:
    """What marks a step that the container's own process did not do when it was asked for, or could not do."""
    return _sign(step)[0]


def signs(view: RunTrace, speech: Speech) -> Iterator[str]:
    """What the signs in a list of the steps mean."""
    yield from dict.fromkeys(f"{sign} {speech.say(key)}" for sign, key in map(_sign, view.steps) if sign)


def meaning(step: RunStep) -> Meaning:
    """The colour of a step."""
    if step.has_failed:
        return Meaning.DELETED
    return Meaning.CACHED if step.is_ahead else Meaning.BUILT


def _sign(step: RunStep) -> tuple[str, str]:
    if step.has_failed:
        return "✗", "start-is-failed"
    if step.is_once:
        return "⌂", "start-is-once"
    if step.is_ahead:
        return "○", "start-is-ahead"
    return ("∥", "start-is-beside") if step.is_beside else ("", "")


def phase(step: RunStep, speech: Speech) -> str:
    """The heading that it stands under."""
    return speech.say(f"start-phase-{step.phase}")


def label(step: RunStep, speech: Speech) -> str:
    """A step in a sentence, for a screen reader."""
    words = [speech.say("trace-step", number=step.number, text=name(step)), took(step.seconds, speech)]
    return ", ".join([*words, sentence(step, speech)])


def lesson_of(view: RunTrace, speech: Speech) -> str:
    """What this picture teaches."""
    if view.error:
        return clean(view.error)
    calls = sum(not call.step for step in view.steps for call in step.calls)
    return speech.say("lesson-start", calls=calls, time=took(view.seconds, speech))


def default_step(view: RunTrace) -> RunStep | None:
    """The step that a picture of the whole start shows: where another tree becomes "/", or how far it came."""
    last = view.steps[-1] if view.steps else None
    return last if view.error else next((step for step in view.steps if step.name == "pivot_root"), last)


def seen(view: RunTrace, step: RunStep) -> Iterator[Seen]:
    """What the process sees before and after a step; what changed comes first."""
    before, after = view.before(step), step.after
    found = [_seen(field, before, after) for field in _FIELDS]
    yield from (one for one in found if one.has_changed)
    yield from (one for one in found if not one.has_changed and one.now)


def _name(field: str) -> str:
    """The command that shows it."""
    return {
        "hostname": "hostname",
        "processes": "ps",
        "root": "ls /",
        "addresses": "ip addr",
        "mounts": "mount",
        "user": "id",
        "capabilities": "capsh",
        "control_groups": "cgroup",
        "seccomp": "seccomp",
        "directory": "pwd",
        "namespaces": "lsns",
    }[field]


def _seen(field: str, before: Sight, after: Sight) -> Seen:
    was, now = _items(before, field), _items(after, field)
    gone, come = _apart(_text(_without(was, now), field), _text(_without(now, was), field))
    return Seen(name=_name(field), now=_text(now, field), gone=gone, come=come)


def _without(items: Sequence[str], others: Sequence[str]) -> list[str]:
    """Those items that the others have not, or not as often: the host has a /proc as well."""
    left, found = list(others), []
    for one in items:
        if one in left:
            left.remove(one)
        else:
            found.append(one)
    return found


def _apart(one: str, other: str) -> tuple[str, str]:
    """Two texts without what is the same at the beginning of both, if that is long: what is cut is their ends."""
    alike = next((at for at, (left, right) in enumerate(zip(one, other, strict=False)) if left != right), 0)
    if alike <= _ALIKE:
        return one, other
    return f"…{one[alike - _ALIKE // 2 :]}", f"…{other[alike - _ALIKE // 2 :]}"


def _items(sight: Sight, field: str) -> Sequence[str]:
    if field == "namespaces":
        return [f"{kind} {inode}" for kind, inode in sorted(sight.namespaces.items())]
    value = getattr(sight, field)
    return ([value] if value else []) if isinstance(value, str) else value


def _text(items: Sequence[str], field: str) -> str:
    return clean(_separator(field).join(_some(items)))


def _separator(field: str) -> str:
    return "  " if field in ("root", "capabilities", "namespaces") else ", "


def _some(lines: Sequence[str]) -> Sequence[str]:
    return lines if len(lines) <= _LISTED else (*lines[:_LISTED], "…")
