"""Builds as the events that a watcher hears of them, each with its second."""

from pydock_lab.events import (
    BlobDone,
    BlobProgress,
    BlobSkipped,
    BuildFinished,
    BuildStarted,
    CacheHit,
    CacheMissed,
    ContextRead,
    Direction,
    Noted,
    StepFailed,
    StepFinished,
    StepOutput,
    StepStarted,
    Stream,
    TransferFinished,
    TransferStarted,
)

IMAGE = "sha256:" + "5a3f" * 16
BASE = "sha256:" + "1c5f" * 16
DOCKERFILE = """\
FROM lab/base AS build
COPY src /src
ENV CC=tcc
RUN make -C /src
FROM lab/base AS docs
RUN sphinx /src
FROM lab/base AS lint
RUN ruff
FROM scratch
COPY --from=build /src/app /
COPY --from=docs /html /html
"""
_STEPS = {
    1: ("build", "[build 1/3] FROM docker.io/lab/base", 1),
    2: ("build", "[build 2/3] COPY src /src", 2),
    3: ("build", "", 3),
    4: ("build", "[build 3/3] RUN make -C /src", 4),
    5: ("docs", "[docs 1/2] FROM docker.io/lab/base", 5),
    6: ("docs", "[docs 2/2] RUN sphinx /src", 6),
    7: ("stage-3", "", 9),
    8: ("stage-3", "[stage-3 1/2] COPY --from=build /src/app /", 10),
    9: ("stage-3", "[stage-3 2/2] COPY --from=docs /html /html", 11),
}


def starts(step):
    stage, label, line = _STEPS[step]
    text = DOCKERFILE.splitlines()[line - 1]
    return StepStarted(step=step, total=9, stage=stage, text=text, line=line, end_line=line, label=label)


def says(step, text):
    return StepOutput(step=step, stream=Stream.STDOUT, text=text)


def ends(step, seconds=0.0, *, cached=True):
    return StepFinished(step=step, seconds=seconds, cached=cached)


def hit(step):
    return CacheHit(step=step, key="k")


def begins():
    return BuildStarted(build="b1", steps=9, skipped_stages=("lint",), dockerfile=DOCKERFILE)


_BEGINNING = [
    (0.0, begins()),
    (0.0, starts(1)),
    (0.0, starts(5)),
    (0.0, ends(1)),
    (0.0, ends(5)),
    (0.05, starts(2)),
    (0.05, starts(6)),
    (0.1, hit(2)),
    (0.1, CacheMissed(step=6, key="k")),
    (0.1, ends(2, 0.05)),
    (0.1, starts(3)),
    (0.1, ends(3)),
    (0.12, starts(4)),
    (0.2, CacheMissed(step=4, key="k")),
    (0.4, says(4, "cc -c main.c\ncc -c")),
    (0.6, says(6, "reading sources\n")),
    (0.9, says(4, " util.c\n")),
    (1.3, says(6, "\x1b[32mwriting\x1b[0m 10%\rwriting 100%\n")),
]
PARALLEL = [
    *_BEGINNING,
    (2.05, ends(6, 2.0, cached=False)),
    (2.5, says(4, "ld -o app\n")),
    (3.12, ends(4, 3.0, cached=False)),
    (3.15, starts(7)),
    (3.15, ends(7)),
    (3.15, starts(8)),
    (3.2, ends(8, 0.05, cached=False)),
    (3.2, starts(9)),
    (3.3, ends(9, 0.1, cached=False)),
    (3.3, ContextRead(context="", files=3, size=2048, hashed=1)),
    (3.3, Noted(text="1 note: something", line=4)),
    (3.4, BuildFinished(build="b1", image_id=IMAGE, digest=IMAGE, references=("app:1",), seconds=3.4)),
]
FAILING = [
    *_BEGINNING,
    (1.62, says(4, "main.c:3: error: ';' expected\n")),
    (1.64, StepFailed(step=4, seconds=1.52, message='process "make -C /src" did not complete: exit code: 2')),
    (1.7, ContextRead(context="", files=1, size=2048, hashed=1)),
]
_URL = "https://example.org/data.tar"
DOWNLOADS = [
    (0.0, BuildStarted(build="b2", steps=2)),
    (0.0, starts(1)),
    (0.0, ends(1)),
    (0.1, starts(2)),
    (0.2, BlobProgress(direction=Direction.PULL, digest=_URL, done=1_000_000, total=4_000_000)),
    (0.25, BlobProgress(direction=Direction.PULL, digest=_URL, done=1_050_000, total=4_000_000)),
    (1.2, BlobProgress(direction=Direction.PULL, digest=_URL, done=3_000_000, total=4_000_000)),
    (1.9, BlobDone(direction=Direction.PULL, digest=_URL, size=4_000_000)),
    (2.0, TransferStarted(direction=Direction.PULL, reference="lab/tools")),
    (2.1, BlobProgress(direction=Direction.PULL, digest=BASE, done=5_000_000, total=10_000_000)),
    (2.5, BlobSkipped(direction=Direction.PULL, digest=IMAGE, size=7, why="exists")),
    (3.0, BlobDone(direction=Direction.PULL, digest=BASE, size=10_000_000)),
    (3.1, TransferFinished(direction=Direction.PULL, reference="lab/tools", digest=BASE, size=10_000_000)),
    (3.2, ends(2, 3.1, cached=False)),
    (3.3, BuildFinished(build="b2", image_id=IMAGE, digest=IMAGE, references=(), seconds=3.3)),
]


class Moments:
    """A clock that stands still until it is told."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def happen(events, watcher, clock, *, until=float("inf")):
    """Tell the events at their seconds, and let time pass between them as a ticking thread would."""
    began, at = clock.now, 0.0
    for second, event in events:
        if second > until:
            break
        while at + 0.1 < second:
            at += 0.1
            clock.now = began + at
            watcher.tick()
        at = second
        clock.now = began + at
        watcher(event)
