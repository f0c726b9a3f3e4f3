"""An image and a context by weight, edits that would have kept the cache; and as a stranger would have them."""

from pydock_lab.views import (
    ContextFolder,
    ContextWeight,
    HeavyFile,
    Proposal,
    ProposalKind,
    Secret,
    SecretKind,
    SecretPlace,
    StepOutcome,
    StepTime,
    StepWeight,
    WastedFile,
    WasteReason,
    Weight,
    WhatIf,
)
from samples.views import HOSTILE

MB = 1_000_000


def step(number: int, text: str, size: int, *heaviest: tuple[str, int], wasted: int = 0) -> StepWeight:
    """A layer; four tenths of it compressed."""
    files = tuple(HeavyFile(path=path, size=count) for path, count in heaviest)
    return StepWeight(
        number=number, text=text, line=number, size=size, compressed=int(size * 0.4), files=3 * len(files),
        heaviest=files, wasted=wasted,
    )  # fmt: skip


def wasted(path: str, size: int, places: tuple[int, int], numbers: tuple[int, int], reason: WasteReason, **more: str):
    """A file; `places` and `numbers` are those of the step that wrote it and of the one that hid it."""
    return WastedFile(
        path=path, size=size, written=numbers[0], hidden=numbers[1], reason=reason, written_layer=places[0],
        hidden_layer=places[1], **more,
    )  # fmt: skip


WEIGHT = Weight(
    name="shop:1.2",
    steps=(
        step(0, "", int(51.8 * MB), ("/usr/lib/libpython3.12.so", 31 * MB), ("/usr/share/doc/manual.html", 6 * MB),
             wasted=6 * MB),
        step(3, "RUN apt-get update && apt-get install -y gcc", 88 * MB, ("/usr/bin/cc1", 33 * MB),
             ("/var/lib/apt/lists/main", 21 * MB), ("/var/lib/apt/lists/security", 9 * MB), wasted=30 * MB),
        step(4, "COPY model.bin /srv/model.bin", 40 * MB, ("/srv/model.bin", 40 * MB), wasted=40 * MB),
        step(5, "RUN chmod 600 /srv/model.bin", 40 * MB, ("/srv/model.bin", 40 * MB)),
        step(6, "RUN rm -r /var/lib/apt/lists /usr/share/doc", 0),
        step(7, "COPY . /srv", 300_000, ("/srv/id_rsa", 1_800)),
    ),
    wasted=(
        wasted("/srv/model.bin", 40 * MB, (2, 3), (4, 5), WasteReason.METADATA, old="0644", new="0600"),
        wasted("/var/lib/apt/lists/main", 21 * MB, (1, 4), (3, 6), WasteReason.DELETED),
        wasted("/var/lib/apt/lists/security", 9 * MB, (1, 4), (3, 6), WasteReason.DELETED),
        wasted("/usr/share/doc/manual.html", 6 * MB, (0, 4), (0, 6), WasteReason.DELETED),
    ),
    secrets=(
        Secret(kind=SecretKind.TOKEN, place=SecretPlace.VARIABLE, step=2, line=2, name="GH_TOKEN", shown="ghp_…"),
        Secret(kind=SecretKind.PRIVATE_KEY, place=SecretPlace.FILE, step=7, line=7, name="/srv/id_rsa"),
    ),
)  # fmt: skip
SLIM = Weight(name="slim:1", steps=(step(0, "", 2 * MB, ("/bin/busybox", 2 * MB)),))
EMPTY = Weight(name="scratch:1", steps=())
HOSTILE_WEIGHT = Weight(
    name=HOSTILE,
    steps=tuple(
        step(at, HOSTILE, 10**15 // (at + 1), *((f"/{HOSTILE}{number}", 10**13) for number in range(10)), wasted=10**14)
        for at in range(9)
    ),
    wasted=tuple(
        wasted(
            f"/{HOSTILE}{at}", 10**13 + at, (at % 4, 4 + at % 5), (at % 4, 4 + at % 5), reason, old=HOSTILE, new=HOSTILE
        )
        for at in range(300)
        for reason in WasteReason
    ),
    secrets=tuple(
        Secret(kind=kind, place=place, step=at, line=10**6, name=HOSTILE, shown=HOSTILE)
        for at in (3, 20)
        for kind in SecretKind
        for place in SecretPlace
    ),
)


# ---- a context


def part(path: str, size: int, files: int = 1, *inside: ContextFolder, **more) -> ContextFolder:
    """A file, or a folder with its heaviest parts."""
    return ContextFolder(path=path, size=size, files=files, inside=inside, **more)


def ignored(path: str, size: int, files: int = 1) -> ContextFolder:
    """What the ignore file names."""
    return ContextFolder(path=path, size=0, files=0, ignored_size=size, ignored_files=files)


CONTEXT = ContextWeight(
    name=".",
    has_ignore=True,
    advised=(".git", "**/__pycache__"),
    top=part(
        ".", int(61.2 * MB), 1_204,
        part("data", 34 * MB, 40, part("data/train.csv", 31 * MB), part("data/labels.csv", 2 * MB)),
        part(".git", 22 * MB, 1_020, part(".git/objects", 21 * MB, 900), needless=True),
        part("shop", 5 * MB, 120,
             part("shop/static", 4 * MB, 30, part("shop/static/logo.png", 2 * MB), ignored("shop/static/raw", 9 * MB)),
             part("shop/__pycache__", 400_000, 30, needless=True),
             part("shop/app.py", 12_000), ignored_size=9 * MB, ignored_files=1),
        part("Dockerfile", 400),
        ignored("node_modules", 18 * MB, 4_100),
        ignored_size=27 * MB, ignored_files=4_101,
    ),
)  # fmt: skip
PLAIN_CONTEXT = ContextWeight(name="app", has_ignore=False, top=part(".", 10, 2, part("a", 9), part("b", 1)))
EMPTY_CONTEXT = ContextWeight(name="/srv/empty", has_ignore=False, top=part(".", 0, 0))
HOSTILE_CONTEXT = ContextWeight(
    name=HOSTILE,
    has_ignore=True,
    advised=tuple(f"{HOSTILE}{at}" for at in range(30)),
    top=part(
        ".", 10**15, 10**9,
        *(
            part(f"{HOSTILE}{at}", 10**14, 10**7,
                 *(part(f"{HOSTILE}{at}/{HOSTILE}{below}", 10**12, 10**5,
                        *(part(f"{HOSTILE}{at}/{HOSTILE}{below}/{HOSTILE}{file}", 10**9) for file in range(12)),
                        ignored_size=10**13, ignored_files=10**6)
                   for below in range(12)),
                 needless=at == 2)
            for at in range(12)
        ),
        ignored(HOSTILE, 10**15, 10**9),
    ),
)  # fmt: skip

# ---- what if

_OLD = """\
FROM lab/python
WORKDIR /srv
COPY . .
RUN pip install -r requirements.txt
ARG VERSION=1
RUN make assets
RUN echo $VERSION > /version
CMD ["python3", "app.py"]
"""
_NEW = _OLD.replace(
    "COPY . .\nRUN pip install -r requirements.txt\n",
    "COPY requirements.txt ./\nRUN pip install -r requirements.txt\nCOPY . .\n",
)
_TIMES = (
    (1, "FROM lab/python", StepOutcome.BASE, 0.0),
    (2, "WORKDIR /srv", StepOutcome.CACHED, 0.0),
    (3, "COPY . .", StepOutcome.MISSED, 0.4),
    (4, "RUN pip install -r requirements.txt", StepOutcome.MISSED, 41.3),
    (5, "ARG VERSION=1", StepOutcome.CONFIG, 0.0),
    (6, "RUN make assets", StepOutcome.MISSED, 12.5),
    (7, "RUN echo $VERSION > /version", StepOutcome.MISSED, 0.1),
    (8, 'CMD ["python3", "app.py"]', StepOutcome.CONFIG, 0.0),
)
WHAT_IF = WhatIf(
    build="5f2d7c",
    name="shop:1.2",
    proposals=(
        Proposal(
            kind=ProposalKind.IGNORE, step=4, text=_TIMES[3][1], names=(".git", "**/__pycache__"), kept=(3, 4, 6, 7),
            dockerfile=_OLD, old_dockerfile=_OLD, ignore="node_modules\n.git\n**/__pycache__\n",
            old_ignore="node_modules\n", seconds=54.3, layer_size=92 * MB,
        ),
        Proposal(
            kind=ProposalKind.COPY_FIRST, step=4, text=_TIMES[3][1], names=("requirements.txt",), kept=(4,),
            dockerfile=_NEW, old_dockerfile=_OLD, ignore="", old_ignore="", seconds=41.3, layer_size=31 * MB,
        ),
    ),
    steps=tuple(
        StepTime(number=number, stage="stage-0", text=text, outcome=outcome, seconds=seconds)
        for number, text, outcome, seconds in _TIMES
    ),
)  # fmt: skip
NO_EDIT = WhatIf(build="5f2d7c", name="shop:1.2", proposals=(), steps=WHAT_IF.steps)
NO_BUILD = WhatIf(build="5f2d7c", name="", proposals=())
HOSTILE_WHAT_IF = WhatIf(
    build=HOSTILE,
    name=HOSTILE,
    proposals=tuple(
        Proposal(
            kind=kind, step=10**6, text=HOSTILE, names=(HOSTILE, HOSTILE), kept=tuple(range(1, 200, 2)),
            dockerfile="".join(f"\t{HOSTILE}{at}\n" for at in range(100)), old_dockerfile=f"{HOSTILE}\n" * 50,
            ignore=HOSTILE, old_ignore="", seconds=1e7, layer_size=10**15,
        )
        for kind in ProposalKind
    ),
    steps=tuple(
        StepTime(number=at, stage=HOSTILE, text=HOSTILE, outcome=list(StepOutcome)[at % 7], seconds=at * 1000.0)
        for at in range(1, 201)
    ),
)  # fmt: skip
