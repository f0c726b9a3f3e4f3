"""Build contexts: a shop whose secret is left out although a COPY wants it, and one of a stranger."""

from pydock_lab.views import ContextCopy, ContextFile, ContextTree, IgnoreLine
from samples.views import HOSTILE, MB

KB = 1000


def folder(path: str, depth: int, size: int, files: int, **more: object) -> ContextFile:
    """A folder of which all is sent, unless `more` says otherwise."""
    name = path.rpartition("/")[2]
    fields: dict[str, object] = {"size": size, "files": files, "is_directory": True, "mode": 0o755} | more
    return ContextFile(key=f"file-{path}", path=path, name=f"{name}/", depth=depth, **fields)  # type: ignore[arg-type]


def file(path: str, depth: int, size: int, *taken: int, untaken: int = 0) -> ContextFile:
    """A file that is sent."""
    name = path.rpartition("/")[2]
    return ContextFile(
        key=f"file-{path}", path=path, name=name, depth=depth, size=size, files=1, taken=taken, untaken=untaken,
        mode=0o644,
    )  # fmt: skip


def out(row: ContextFile, rule: int) -> ContextFile:
    """The same, left out."""
    fields = {name: getattr(row, name) for name in ("key", "path", "name", "depth", "is_directory", "mode")}
    return ContextFile(**fields, ignored_files=row.files, ignored_size=row.size, ignored=rule)


TREE = ContextTree(
    name="shop",
    folder="/home/ada/course/shop",
    top=ContextFile(
        key="file-0", path="", name="shop/", size=4_300_000, files=412, ignored_size=22 * MB, ignored_files=341,
        untaken=1, is_directory=True, opened=True, taken=(0, 1), mode=0o755,
    ),
    copies=(
        ContextCopy(text="COPY requirements.txt .", line=3, to="/app/", stage="build", files=1, size=120),
        ContextCopy(text="COPY src ./src", line=5, to="/app/src", stage="build", files=410, size=4_299_000),
        ContextCopy(
            text="COPY secret.env /etc/", line=6, to="/etc/", stage="stage-1", ignored=1,
            problem='failed to compute cache key: "/secret.env": not found',
        ),
    ),
    rules=(
        IgnoreLine(text=".git", line=2, files=340, size=22 * MB),
        IgnoreLine(text="*.env", line=3, files=1, size=40),
        IgnoreLine(text="**/*.log", line=4),
        IgnoreLine(text="!src/keep.log", line=5, keeps=True),
    ),
    dockerfile="Dockerfile",
    ignore_file=".dockerignore",
    can_open=True,
    rows=(
        out(folder(".git", 0, 22 * MB, 340), 0),
        folder("src", 0, 4_299_000, 410, taken=(1,), opened=True),
        folder("src/static", 1, 4_200_000, 405, taken=(1,)),
        file("src/app.py", 1, 90 * KB, 1),
        ContextFile(key="more-src", path="src", name="", depth=1, others=4, size=9 * KB, files=4),
        file("README.md", 0, 880, untaken=1),
        file("requirements.txt", 0, 120, 0),
        out(file("secret.env", 0, 40), 1),
    ),
)  # fmt: skip
HOSTILE_TREE = ContextTree(
    name=HOSTILE,
    folder=HOSTILE,
    top=ContextFile(
        key="file-0", path="", name=HOSTILE, size=10**15, files=10**9, ignored_files=10**9, ignored_size=10**15,
        untaken=10**9, is_directory=True, opened=True,
    ),
    copies=tuple(
        ContextCopy(
            text=HOSTILE * 3, line=10**6, to=HOSTILE, stage=HOSTILE, files=10**9, size=10**15,
            problem=HOSTILE if number % 2 else "", ignored=0 if number % 4 == 1 else -1,
        )
        for number in range(30)
    ),
    rules=tuple(
        IgnoreLine(text=HOSTILE, line=10**6, keeps=bool(number % 2), files=10**9, size=10**15) for number in range(30)
    ),
    dockerfile=HOSTILE,
    ignore_file=HOSTILE,
    problem=HOSTILE,
    can_open=True,
    filter=HOSTILE,
    rows=(
        *(
            ContextFile(
                key=f"file-{number + 1}", path=HOSTILE, name=HOSTILE, depth=number, size=10**15, files=10**9,
                is_directory=True, opened=True, taken=tuple(range(30)), mode=0o7777, link=HOSTILE,
            )
            for number in range(14)
        ),
        ContextFile(key="file-99", path=HOSTILE, name=HOSTILE, ignored_files=1, ignored_size=10**15, ignored=3),
        ContextFile(key="more-1", path=HOSTILE, name=HOSTILE, depth=14, others=10**9, size=10**15, files=10**9),
    ),
)  # fmt: skip
