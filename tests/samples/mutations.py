"""One change to a project, and the one cause by which a build after it has to be explained.

The projects can really be built, on a base with busybox (`{base}`, `{other}`): so the same changes are for the real
engine too. Every change makes at least one step miss.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import cycle

from pydock_lab.views import CauseKind
from samples.builds import File, Project

DOCKERFILE = """\
ARG BASE={base}
FROM $BASE AS build
ARG FLAVOUR=plain
ENV MODE=release LEVEL=2
WORKDIR /src
COPY lib/ lib/
COPY main.txt util.txt ./
RUN cat lib/*.txt main.txt > out.txt
RUN echo "$FLAVOUR" >> out.txt

FROM {base}
ARG VERSION=1.0
ENV APP=app-$VERSION
ENV HOME_PAGE=index
ENV COLOUR=blue
WORKDIR /app
COPY requirements.txt .
RUN sort requirements.txt > installed.txt
COPY --from=build /src/out.txt out.txt
COPY --chown=1:1 . .
USER 1000
RUN --network=none echo one > /tmp/one
RUN echo two three four > /tmp/two
CMD ["cat", "/app/out.txt"]
"""

FILES = {
    "main.txt": File("main\n"),
    "util.txt": File("util\n"),
    "run.sh": File("#!/bin/sh\necho run\n", mode=0o755),
    "requirements.txt": File("flask\nrequests\n"),
    "lib/a.txt": File("a\n"),
    "lib/b.txt": File("b\n"),
    "docs/guide.txt": File("guide\n"),
    "latest": File(target="docs/guide.txt", mode=0o777),
}


@dataclass(frozen=True)
class Mutation:
    """`name` is what the cause is about: a variable, a file, a flag; "": nothing of a name."""

    what: str
    after: Project
    kind: CauseKind
    name: str = ""


def project(base: str = "lab/base", other: str = "lab/other") -> Project:
    """The project as it is before."""
    del other
    return Project(dockerfile=DOCKERFILE.format(base=base), files=FILES)


def mutations(count: int, seed: int = 0, base: str = "lab/base", other: str = "lab/other") -> Iterator[Mutation]:
    """So many changes, no two the same, each of another kind than the one before; the same ones for a seed."""
    chance = random.Random(seed)
    before = project(base)
    seen: list[Project] = []
    for maker in cycle(MAKERS):
        mutation = maker(before, chance, other)
        if mutation.after not in seen:
            seen.append(mutation.after)
            yield mutation
        if len(seen) == count:
            return


def _edited(before: Project, old: str, new: str, what: str, *, kind: CauseKind, name: str = "") -> Mutation:
    assert before.dockerfile.count(old) == 1, old
    return Mutation(what, replace(before, dockerfile=before.dockerfile.replace(old, new)), kind, name)


def _with(before: Project, **files: File) -> Project:
    return replace(before, files={path: file for path, file in {**before.files, **files}.items() if file})


def _some(before: Project, chance: random.Random) -> str:
    return chance.choice([path for path, file in before.files.items() if not file.target])


def _bytes(before: Project, chance: random.Random, _other: str) -> Mutation:
    path = _some(before, chance)
    file = before.files[path]
    text = file.content
    at = chance.randrange(len(text) - 1)
    changed = text[:at] + chance.choice(sorted(set("xyzXYZ789") - {text[at]})) + text[at + 1 :]
    longer = text + "more\n" * chance.randrange(1, 9)
    new = replace(file, content=chance.choice([changed, longer]))
    return Mutation(f"bytes of {path}", _with(before, **{path: new}), CauseKind.FILES, path)


def _mode(before: Project, chance: random.Random, _other: str) -> Mutation:
    path = _some(before, chance)
    old = before.files[path]
    mode = chance.choice([mode for mode in (0o600, 0o640, 0o664, 0o700, 0o750, 0o777) if mode != old.mode])
    return Mutation(f"mode of {path}", _with(before, **{path: replace(old, mode=mode)}), CauseKind.FILES, path)


def _link(before: Project, chance: random.Random, _other: str) -> Mutation:
    target = chance.choice(["main.txt", "lib/a.txt", "nowhere", "../outside", f"v{chance.randrange(99)}"])
    new = replace(before.files["latest"], target=target)
    return Mutation("target of a link", _with(before, latest=new), CauseKind.FILES, "latest")


def _rename(before: Project, chance: random.Random, _other: str) -> Mutation:
    path = chance.choice(["lib/a.txt", "lib/b.txt", "docs/guide.txt", "run.sh"])
    new = f"{path}{chance.randrange(100)}"
    files = {new if one == path else one: file for one, file in before.files.items()}
    return Mutation(f"name of {path}", replace(before, files=files), CauseKind.FILES, new)


def _added(before: Project, chance: random.Random, _other: str) -> Mutation:
    path = chance.choice(["", "lib/", "docs/"]) + f"new{chance.randrange(100)}.txt"
    return Mutation(f"new file {path}", _with(before, **{path: File("new\n")}), CauseKind.FILES, path)


def _env(before: Project, chance: random.Random, _other: str) -> Mutation:
    name, old = chance.choice([("MODE", "release"), ("LEVEL", "2"), ("HOME_PAGE", "index"), ("COLOUR", "blue")])
    return _edited(
        before, f"{name}={old}", f"{name}={old}{chance.randrange(100)}", f"ENV {name}", kind=CauseKind.ENV, name=name
    )


def _new_env(before: Project, chance: random.Random, _other: str) -> Mutation:
    name = f"EXTRA_{chance.randrange(100)}"
    line = chance.choice(["WORKDIR /app\n", "USER 1000\n", "COPY lib/ lib/\n"])
    return _edited(before, line, f"ENV {name}=1\n{line}", f"new ENV {name}", kind=CauseKind.ENV, name=name)


def _no_env(before: Project, chance: random.Random, _other: str) -> Mutation:
    name, line = chance.choice([("HOME_PAGE", "ENV HOME_PAGE=index\n"), ("COLOUR", "ENV COLOUR=blue\n")])
    return _edited(before, line, "", f"no ENV {name}", kind=CauseKind.ENV, name=name)


def _argument(before: Project, chance: random.Random, _other: str) -> Mutation:
    name = chance.choice(["VERSION", "FLAVOUR"])
    value = f"v{chance.randrange(1000)}"
    return Mutation(f"--build-arg {name}", replace(before, build_args={name: value}), CauseKind.ARG, name)


def _default(before: Project, chance: random.Random, _other: str) -> Mutation:
    name, old = chance.choice([("VERSION", "1.0"), ("FLAVOUR", "plain")])
    new = f"ARG {name}=d{chance.randrange(1000)}"
    return _edited(before, f"ARG {name}={old}", new, f"default of ARG {name}", kind=CauseKind.ARG, name=name)


def _base(before: Project, _chance: random.Random, other: str) -> Mutation:
    base = before.dockerfile.partition("\n")[0].partition("=")[2]
    return _edited(before, f"FROM {base}\n", f"FROM {other}\n", "FROM", kind=CauseKind.BASE, name=other)


def _base_argument(before: Project, _chance: random.Random, other: str) -> Mutation:
    return Mutation("--build-arg BASE", replace(before, build_args={"BASE": other}), CauseKind.ARG, "BASE")


def _flag(before: Project, chance: random.Random, _other: str) -> Mutation:
    old, new, name = chance.choice(
        [
            ("--chown=1:1 ", f"--chown={chance.randrange(2, 99)}:1 ", "--chown"),
            ("--chown=1:1 ", "", "--chown"),
            ("COPY main.txt", "COPY --chmod=600 main.txt", "--chmod"),
            ("RUN --network=none ", "RUN ", "--network"),
            ("RUN echo two", "RUN --network=none echo two", "--network"),
        ]
    )
    return _edited(before, old, new, f"flag {name}", kind=CauseKind.FLAG, name=name)


def _mount(before: Project, chance: random.Random, _other: str) -> Mutation:
    target = f"/var/cache/{chance.randrange(100)}"
    old = chance.choice(["RUN echo two", "RUN sort", "RUN cat"])
    new = old.replace("RUN", f"RUN --mount=type=cache,target={target}")
    return _edited(before, old, new, "a mount", kind=CauseKind.MOUNT, name=target)


def _command(before: Project, chance: random.Random, _other: str) -> Mutation:
    word = chance.choice(["two", "three", "four", "one", "sort", "-r"])
    old, new = chance.choice(
        [
            ("echo two three four", f"echo {word}{chance.randrange(99)} three four"),
            ("echo one", f"echo {word} {chance.randrange(99)}"),
            ("sort requirements", "sort -r requirements"),
            ("cat lib/*.txt main.txt", f"cat main.txt {'lib/*.txt ' * chance.randrange(1, 4)}"),
        ]
    )
    return _edited(before, old, new, "a command", kind=CauseKind.COMMAND)


def _order(before: Project, chance: random.Random, _other: str) -> Mutation:
    lines = before.dockerfile.splitlines(keepends=True)
    pairs = [("COPY lib/", "COPY main.txt"), ("RUN --network", "RUN echo two"), ("RUN cat", 'RUN echo "$FL')]
    first, second = chance.choice(pairs)
    i, j = (next(at for at, line in enumerate(lines) if line.startswith(start)) for start in (first, second))
    lines[i], lines[j] = lines[j], lines[i]
    return Mutation("the order of two steps", replace(before, dockerfile="".join(lines)), CauseKind.ORDER)


def _env_order(before: Project, _chance: random.Random, _other: str) -> Mutation:
    old = "ENV HOME_PAGE=index\nENV COLOUR=blue\n"
    new = "ENV COLOUR=blue\nENV HOME_PAGE=index\n"
    return _edited(before, old, new, "the order of ENV", kind=CauseKind.ENV_ORDER)


def _new_step(before: Project, chance: random.Random, _other: str) -> Mutation:
    line = chance.choice(["RUN echo two three four", "COPY lib/", "COPY --chown", "RUN sort"])
    return _edited(before, line, f"RUN true {chance.randrange(99)}\n{line}", "a new step", kind=CauseKind.NEW_STEP)


def _no_step(before: Project, chance: random.Random, _other: str) -> Mutation:
    starts = ("RUN --network=none", "COPY --from=build", 'RUN echo "$FLAVOUR"')
    start = chance.choice(starts)
    line = next(one for one in before.dockerfile.splitlines(keepends=True) if one.startswith(start))
    return _edited(before, line, "", "a step less", kind=CauseKind.REMOVED_STEP)


def _folder(before: Project, chance: random.Random, _other: str) -> Mutation:
    new = f"WORKDIR /app{chance.randrange(99)}\n"
    return _edited(before, "WORKDIR /app\n", new, "WORKDIR", kind=CauseKind.WORKDIR)


def _user(before: Project, chance: random.Random, _other: str) -> Mutation:
    return _edited(before, "USER 1000", f"USER {chance.randrange(1001, 9999)}", "USER", kind=CauseKind.USER)


def _shell(before: Project, chance: random.Random, _other: str) -> Mutation:
    line = chance.choice(["USER 1000\n", "WORKDIR /app\n"])
    return _edited(before, line, f'SHELL ["/bin/sh", "-ec"]\n{line}', "SHELL", kind=CauseKind.SHELL)


def _destination(before: Project, chance: random.Random, _other: str) -> Mutation:
    old = "out.txt out.txt"
    return _edited(before, old, f"out.txt out{chance.randrange(99)}.txt", "destination", kind=CauseKind.DESTINATION)


def _sources(before: Project, chance: random.Random, _other: str) -> Mutation:
    new = chance.choice(["COPY main.txt run.sh ./", "COPY main.txt ./", "COPY *.txt ./"])
    return _edited(before, "COPY main.txt util.txt ./", new, "other sources", kind=CauseKind.SOURCES)


MAKERS: list[Callable[[Project, random.Random, str], Mutation]] = [
    _bytes, _mode, _link, _rename, _added, _env, _new_env, _no_env, _argument, _default, _base, _base_argument, _flag,
    _mount, _command, _order, _env_order, _new_step, _no_step, _folder, _user, _shell, _destination, _sources,
]  # fmt: skip
