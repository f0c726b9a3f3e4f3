"""The words of a container's start: titles of steps, sentences, what is seen; for pictures, panels and terminals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydock_lab import locale
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import clean
from pydock_lab.views import RunStep, RunTrace, Sight

# The fields of a Sight, in the order in which they are told.
_FIELDS = (
    *("hostname", "processes", "root", "addresses", "mounts", "user", "capabilities", "control_group", "seccomp"),
    *("directory", "namespaces"),
)
_MICRO, _MILLI = 1_000_000, 1000
_LONG_PATH = 24  # characters
_LISTED = 40  # mounts and the like: more names than anybody reads in one line


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """One thing that a process sees: what shows it (`hostname`, `ls /`), and the text before and after a step."""

    name: str
    before: str
    after: str

    @property
    def has_changed(self) -> bool:
        """Whether the step made a difference to it."""
        return self.before != self.after


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
    return clean(f"{step.name} {' '.join(words)}".strip())


def _last(path: str) -> str:
    """Of a long path what says most."""
    return f"…/{path.rpartition('/')[2]}"


def sentence(step: RunStep, speech: Speech) -> str:
    """What a step does, and what for."""
    before, _, kept = step.detail.partition(" -> ")
    if step.name == "capabilities" and before == kept:  # `--privileged`
        return speech.say("start-capabilities-kept")
    return speech.say(f"start-{step.name}")


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
    calls = sum(len(step.calls) for step in view.steps)
    return speech.say("lesson-start", calls=calls, time=took(view.seconds, speech))


def default_step(view: RunTrace) -> RunStep | None:
    """The step that a picture of the whole start shows: where another tree becomes "/", or how far it came."""
    last = view.steps[-1] if view.steps else None
    return last if view.error else next((step for step in view.steps if step.name == "pivot_root"), last)


def seen(view: RunTrace, step: RunStep) -> Iterator[Seen]:
    """What the process sees before and after a step; what changed comes first."""
    before, after = view.before(step), step.after
    found = [Seen(name=_name(field), before=_text(before, field), after=_text(after, field)) for field in _FIELDS]
    yield from (one for one in found if one.has_changed)
    yield from (one for one in found if not one.has_changed and one.after)


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
        "control_group": "cgroup",
        "seccomp": "seccomp",
        "directory": "pwd",
        "namespaces": "lsns",
    }[field]


def _text(sight: Sight, field: str) -> str:
    if field == "namespaces":
        return "  ".join(f"{kind} {inode}" for kind, inode in sorted(sight.namespaces.items()))
    value = getattr(sight, field)
    if isinstance(value, str):
        return clean(value)
    return clean(_separator(field).join(_some(value)))


def _separator(field: str) -> str:
    return "  " if field in ("root", "capabilities") else ", "


def _some(lines: Sequence[str]) -> Sequence[str]:
    return lines if len(lines) <= _LISTED else (*lines[:_LISTED], "…")
