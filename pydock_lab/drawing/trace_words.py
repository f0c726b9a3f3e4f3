"""The words of a build that is stepped through: outcomes, facts and sentences, for pictures, panels and terminals."""

from collections.abc import Iterator

from pydock_lab.drawing.explanations import numbers
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import clean
from pydock_lab.views import BuildTrace, StepOutcome, TraceStage, TraceStep

MEANINGS = {
    StepOutcome.BASE: Meaning.BASE,
    StepOutcome.CACHED: Meaning.CACHED,
    StepOutcome.MISSED: Meaning.BUILT,
    StepOutcome.FAILED: Meaning.DELETED,
    StepOutcome.CONFIG: Meaning.PLAIN,
    StepOutcome.UNREACHED: Meaning.PLAIN,
    StepOutcome.SKIPPED: Meaning.PLAIN,
}
NEVER = (StepOutcome.UNREACHED, StepOutcome.SKIPPED)
_OVERLAP = 1.1  # so many times more work than time: then it is worth a sentence


def facts(view: BuildTrace, speech: Speech) -> list[str]:
    """What is said of the whole build."""
    built = [stage for stage in view.stages if not stage.is_skipped]
    counts = [speech.count("steps", len(view.steps)), speech.seconds(view.seconds)]
    if len(built) > 1:
        counts.insert(1, speech.count("stages", len(built)))
    cached = sum(step.outcome is StepOutcome.CACHED for step in view.steps)
    return [*counts, speech.say("from-cache", count=cached)] if cached else counts


def title(view: BuildTrace) -> str:
    """How the build is called."""
    return clean(view.name or view.build)


def command(view: BuildTrace) -> str:
    """What shows the same in a terminal."""
    return f"pydock trace {title(view)}"


def outcome(step: TraceStep, speech: Speech) -> str:
    """In a word or two."""
    return speech.say(f"outcome-{step.outcome}")


def took(step: TraceStep, speech: Speech) -> str:
    """What stands beside its bar: seconds where it did something, else why not."""
    match step.outcome:
        case StepOutcome.MISSED:
            return speech.seconds(step.seconds)
        case StepOutcome.FAILED:
            return f"{outcome(step, speech)}, {speech.seconds(step.seconds)}"
        case _:
            return outcome(step, speech)


def label(step: TraceStep, view: BuildTrace, speech: Speech) -> str:
    """A step in a sentence, for a screen reader."""
    words = [
        speech.say("trace-step", number=step.number, text=clean(step.text)),
        lines(step, speech),
        took(step, speech),
    ]
    if many_stages(view):
        words.insert(1, speech.say("trace-stage", stage=stage_title(view, step.stage)))
    if step.diff_id:
        words.append(speech.size(step.unpacked_size))
    return ", ".join(words)


def lines(step: TraceStep, speech: Speech) -> str:
    """Where it stands."""
    if step.end_line > step.line:
        return speech.say("lines", first=step.line, last=step.end_line)
    return speech.say("line", line=step.line)


def many_stages(view: BuildTrace) -> bool:
    """Whether stages have to be told apart."""
    return len(view.stages) > 1


def stage_title(view: BuildTrace, index: int) -> str:
    """The name of a stage, or its number where the Dockerfile could not be read again."""
    return clean(next((stage.title for stage in view.stages if stage.index == index), str(index)))


def stage_facts(stage: TraceStage, view: BuildTrace, speech: Speech) -> str:
    """Why a stage is there, or is not."""
    if stage.is_skipped:
        return speech.say("stage-skipped")
    if stage.is_target:
        return speech.say("stage-target")
    users = [clean(other.title) for other in view.stages if stage.index in other.needs]
    return speech.say("stage-needed", stages=", ".join(users)) if users else ""


def lesson_of(view: BuildTrace, speech: Speech) -> str:
    """What this picture teaches: the most surprising thing that it shows."""
    failed = [step.number for step in view.steps if step.outcome is StepOutcome.FAILED]
    if failed:
        return speech.say("lesson-failed", step=numbers(failed))
    cached = [step for step in view.steps if step.outcome is StepOutcome.CACHED]
    missed = [step for step in view.steps if step.outcome is StepOutcome.MISSED]
    if cached and not missed:
        made = speech.seconds(view.saved_seconds)
        return speech.say("lesson-all-steps-cached", made=made, seconds=speech.seconds(view.seconds))
    if missed and view.work_seconds > _OVERLAP * view.seconds:
        work, seconds = speech.seconds(view.work_seconds), speech.seconds(view.seconds)
        return speech.say("lesson-parallel", work=work, seconds=seconds)
    if cached:
        return speech.count("lesson-steps-cached", len(cached), total=len(cached) + len(missed))
    return speech.say("lesson-steps") if view.steps else speech.say("lesson-no-steps")


def default_step(view: BuildTrace) -> TraceStep | None:
    """What a picture of the whole build shows the files of: what failed, else the longest step, else the largest."""
    order = [step for step in view.in_time if step.outcome not in NEVER]
    failed = [step for step in order if step.outcome is StepOutcome.FAILED]
    missed = [step for step in order if step.outcome is StepOutcome.MISSED]
    layers = [step for step in order if step.diff_id and step.outcome is not StepOutcome.BASE]
    if failed:
        return failed[0]
    if missed:
        return max(missed, key=lambda step: step.seconds)
    return max(layers or order, key=lambda step: step.unpacked_size, default=None)


def files_heading(step: TraceStep, speech: Speech) -> Iterator[str]:
    """What stands over a step's files."""
    if step.changes_total:
        yield speech.count("changes", step.changes_total)
        yield speech.size(step.unpacked_size)
    elif step.outcome is StepOutcome.CONFIG:
        yield speech.say("configuration")
    else:
        yield speech.say("no-files")
