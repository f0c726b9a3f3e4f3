"""Builds that are stepped through, made by hand."""

from pydock_lab.views import BuildTrace, StepOutcome, TraceStage, TraceStep
from samples.views import HOSTILE, MB, change, digest

DOCKERFILE = """\
# A small shop, built in stages.
ARG PYTHON=lab/python

FROM $PYTHON AS build
WORKDIR /src
COPY requirements.txt .
RUN pip install --no-cache-dir --target /packages -r requirements.txt && \\
    find /packages -name '*.pyc' -delete
COPY shop/ shop/
RUN python -m compileall -q shop

FROM lab/base AS docs
COPY docs/ /docs/
RUN mkdocs build --site-dir /site

FROM lab/base AS lint
RUN ruff check /src

# What is delivered
FROM $PYTHON
ENV PORT=8080
COPY --from=build /packages /usr/lib/python3/site-packages
COPY --from=build /src/shop /srv/shop
COPY --from=docs /site /srv/site
RUN rm -r /usr/share/doc && adduser -D shop
USER shop
CMD ["python3", "-m", "shop"]"""
_LINES = DOCKERFILE.splitlines()
_O = StepOutcome


def step(number, stage, line, outcome, when, *changes, end_line=0, **more):
    """A step of that line; one with changes, or with a size, has a layer; `when` is start and seconds."""
    end_line = end_line or line
    text = " ".join(part.rstrip("\\").strip() for part in _LINES[line - 1 : end_line])
    size = more.pop("unpacked_size", sum(one.size for one in changes))
    if changes or size:
        more |= {"diff_id": digest(text), "digest": digest(f"blob {text}"), "size": size // 3, "unpacked_size": size}
    more.setdefault("changes_total", len(changes))
    return TraceStep(
        number=number,
        stage=stage,
        text=text,
        line=line,
        end_line=end_line,
        outcome=outcome,
        start=when[0],
        seconds=when[1],
        changes=changes,
        key=digest(f"key {text}"),
        **more,
    )


_PACKAGES = (
    *(change("+", f"/packages/flask/part{at}.py", 30_000 - at) for at in range(20)),
    *(change("+", f"/packages/werkzeug/debug/{at}.js", 90_000) for at in range(4)),
    change("+", "/packages/six.py", 34_000),
    change("~", "/root/.cache/pip/index", 1_200),
)
STAGES = (
    TraceStage(index=0, title="build", base="lab/python", line=4, end_line=11),
    TraceStage(index=1, title="docs", base="lab/base", line=12, end_line=15),
    TraceStage(index=2, title="lint", base="lab/base", line=16, end_line=19, is_skipped=True),
    TraceStage(index=3, title="stage-3", base="lab/python", line=20, end_line=27, needs=(0, 1), is_target=True),
)
TRACE = BuildTrace(
    build="5f2d7c11aa90",
    name="shop:1.2",
    created="2026-11-20T08:00:00Z",
    seconds=6.4,
    dockerfile=tuple(_LINES),
    stages=STAGES,
    image_id=digest("shop config"),
    steps=(
        step(1, 0, 4, _O.BASE, (0.0, 0.0), unpacked_size=int(51.8 * MB)),
        step(2, 0, 5, _O.CACHED, (0.02, 0.0), change("+", "/src"), made_seconds=0.1),
        step(3, 0, 6, _O.CACHED, (0.03, 0.01), change("+", "/src/requirements.txt", 21), made_seconds=0.1),
        step(
            4, 0, 7, _O.MISSED, (0.05, 4.1), *_PACKAGES, end_line=8, made_seconds=4.1, changes_total=214,
            output=("Collecting flask", "  Downloading flask-3.0.3.whl (101 kB)", "Collecting werkzeug>=3.0.0",
                    "Installing collected packages: werkzeug, flask", "Successfully installed flask-3.0.3"),
        ),
        step(5, 0, 9, _O.MISSED, (4.16, 0.05), change("+", "/src/shop/app.py", 3_800), made_seconds=0.05),
        step(6, 0, 10, _O.MISSED, (4.22, 0.9), change("+", "/src/shop/__pycache__/app.pyc", 5_200), made_seconds=0.9),
        step(7, 1, 12, _O.BASE, (0.0, 0.0), unpacked_size=int(2.1 * MB)),
        step(8, 1, 13, _O.MISSED, (0.02, 0.06), change("+", "/docs/index.md", 8_000), made_seconds=0.06),
        step(9, 1, 14, _O.MISSED, (0.09, 2.7), change("+", "/site/index.html", 48_000), made_seconds=2.7,
             output=("INFO - Building documentation to directory: /site",)),
        step(10, 3, 20, _O.BASE, (0.0, 0.0), unpacked_size=int(51.8 * MB)),
        step(11, 3, 21, _O.CONFIG, (0.01, 0.0)),
        step(12, 3, 22, _O.MISSED, (5.13, 0.2), change("+", "/usr/lib/python3/site-packages", 960_000), needs=(0,)),
        step(13, 3, 23, _O.MISSED, (5.34, 0.1), change("+", "/srv/shop/app.py", 3_800), needs=(0,)),
        step(14, 3, 24, _O.MISSED, (5.45, 0.1), change("+", "/srv/site/index.html", 48_000), needs=(1,)),
        step(15, 3, 25, _O.MISSED, (5.56, 0.8), change("-", "/usr/share/doc", int(6.1 * MB)),
             change("~", "/etc/passwd", 1_300), unpacked_size=1_300),
        step(16, 3, 26, _O.CONFIG, (6.37, 0.0)),
        step(17, 3, 27, _O.CONFIG, (6.37, 0.0)),
    ),
)  # fmt: skip
_SMALL = ("FROM lab/base", "COPY main.c .", "RUN make", "RUN make install", 'CMD ["app"]')


def _small(number, outcome, start=0.0, seconds=0.0, *changes, **more):
    text = _SMALL[number - 1]
    diff_id = digest(text) if changes else ""
    return TraceStep(
        number=number, stage=0, text=text, line=number, end_line=number, outcome=outcome, start=start,
        seconds=seconds, changes=changes, changes_total=len(changes), diff_id=diff_id, **more,
    )  # fmt: skip


FAILED = BuildTrace(
    build="91bc5f2d7c11",
    name="",
    created="2026-11-20T08:00:00Z",
    seconds=0.71,
    dockerfile=_SMALL,
    stages=(TraceStage(index=0, title="stage-0", base="lab/base", line=1, end_line=5, is_target=True),),
    error="process failed",
    steps=(
        _small(1, _O.BASE),
        _small(2, _O.CACHED, 0.01, 0.0, change("+", "/main.c", 300), made_seconds=0.1),
        _small(
            3, _O.FAILED, 0.02, 0.69, output=("cc -c main.c", "main.c:3: error: ';' expected"), error="exit code: 2"
        ),
        _small(4, _O.UNREACHED),
        _small(5, _O.UNREACHED),
    ),
)
HOSTILE_TRACE = BuildTrace(
    build=HOSTILE,
    name=HOSTILE,
    created=HOSTILE,
    seconds=1e7,
    dockerfile=tuple(f"{HOSTILE}{at}" for at in range(40)),
    stages=(
        TraceStage(index=0, title=HOSTILE, base=HOSTILE, line=1, end_line=20),
        TraceStage(index=1, title=HOSTILE, base=HOSTILE, line=21, end_line=40, needs=(0, 1), is_target=True),
    ),
    steps=tuple(
        TraceStep(
            number=at,
            stage=at // 4,
            text=HOSTILE,
            line=1 + 5 * (at - 1),
            end_line=5 + 5 * (at - 1),
            outcome=outcome,
            start=10.0**at,
            seconds=10.0**at,
            unpacked_size=10**15,
            diff_id=digest(str(at)),
            needs=(0, 1, 9),
            output=(HOSTILE,) * 50,
            error=HOSTILE,
            changes=tuple(change("+-~"[n % 3], f"/{n % 7}/{HOSTILE}/{n}", 10**14) for n in range(90)),
            changes_total=10**9,
        )
        for at, outcome in enumerate(StepOutcome, start=1)
    ),
)
