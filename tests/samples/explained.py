"""Explained builds: of a project in memory, and as a stranger would like to have one."""

from pydock_lab.build.explain.explanation import explain
from pydock_lab.views import (
    Attribute,
    AttributeChange,
    Cause,
    CauseKind,
    ChangeKind,
    Explanation,
    FileDifference,
    Guess,
    KeyView,
    Outcome,
    StepExplanation,
)
from samples.builds import Builder, File, Project
from samples.views import HOSTILE, digest

_SHOP = """\
FROM lab/python
ARG V=1
WORKDIR /srv
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
RUN echo {word} > /version
CMD ["python3", "app.py"]
"""
_BEFORE = {"requirements.txt": File("flask\n"), "run.sh": File("run\n", mode=0o755), "old.txt": File("old\n")}
_AFTER = {"requirements.txt": File("flask\nnumpy\n"), "run.sh": File("run\n"), "new": File(target="requirements.txt")}


def shop(**options: object) -> Explanation:
    """Other files and another command than in the build before."""
    builder = Builder()
    first = builder.build(Project(dockerfile=_SHOP.format(word="one"), files=_BEFORE))
    seconds = {"RUN pip install -r requirements.txt": 12.5}
    second = builder.build(Project(dockerfile=_SHOP.format(word="two"), files=_AFTER), seconds=seconds, **options)
    return explain(first, second, builder.files)


EXPLAINED = shop()
# One of the two marks is right.
QUESTION = Guess(forecast=EXPLAINED).marked(4, Outcome.MISSED).marked(5, Outcome.CACHED)
ANSWERS = QUESTION.reveal()
_KEY = KeyView(text=f'{{"a": "{HOSTILE}"}}\n  {HOSTILE}', digest=digest("key"))
HOSTILE_EXPLAINED = Explanation(
    build=HOSTILE,
    name=HOSTILE,
    created=HOSTILE,
    compared_with=HOSTILE,
    compared_created=HOSTILE,
    predicted=True,
    steps=tuple(
        StepExplanation(
            number=at,
            stage=HOSTILE,
            text=HOSTILE,
            line=10**6,
            end_line=10**7,
            outcome=outcome,
            causes=tuple(
                Cause(
                    kind=kind,
                    name=HOSTILE,
                    old=HOSTILE,
                    new=HOSTILE,
                    text=HOSTILE,
                    files=tuple(
                        FileDifference(
                            path=f"{HOSTILE}{number}",
                            kind=ChangeKind.CHANGED,
                            attributes=(AttributeChange(attribute=Attribute.MODE, old=HOSTILE, new=HOSTILE),),
                            size_after=10**15,
                        )
                        for number in range(20)
                    ),
                )
                for kind in (CauseKind.FILES, CauseKind.ARG, CauseKind.USER)
            )
            if at != 3
            else (),
            because_of=2 if at == 3 else 0,
            root=2,
            was=at * 10**4,
            before=_KEY,
            after=_KEY,
            seconds=1e7,
            layer_size=10**15,
        )
        for at, outcome in enumerate([Outcome.CACHED, Outcome.MISSED, Outcome.MISSED, *Outcome], start=1)
    ),
)
HOSTILE_GUESS = Guess(forecast=HOSTILE_EXPLAINED, marks={1: Outcome.CACHED}, revealed=True)
