"""Each proposal is applied to both builds: the expensive step is then in the cache."""

from dataclasses import replace

import pytest
from samples.builds import Builder, File, Project

from pydock_lab import drawing
from pydock_lab.build.explain.needs import needed_files
from pydock_lab.build.explain.what_if import Version, what_if
from pydock_lab.views import ProposalKind, StepOutcome

FILES = {
    "app.py": File("app\n"),
    "requirements.txt": File("flask\n"),
    "requirements-base.txt": File("base\n"),
    "package.json": File("{}\n"),
    "package-lock.json": File("{}\n"),
    "deps/dev.txt": File("pytest\n"),
    "server/go.mod": File("module x\n"),
    "server/main.go": File("package main\n"),
    ".git/HEAD": File("ref\n"),
    "Dockerfile": File("old\n"),
}
APP = {"app.py": File("app 2\n")}


def found(dockerfile, *, change=None, other=None, ignore="", seconds=60.0, **options):
    """What is said after a build of `dockerfile` and one with other files, text or options."""
    before = Project(dockerfile=dockerfile, files=FILES, ignore=ignore)
    after = replace(before, dockerfile=other or dockerfile, files=FILES | (change or {}), **options)
    builder = Builder()
    first = builder.build(before)
    second = builder.build(after)
    steps = tuple(
        replace(step, made_seconds=seconds if "install" in step.text or "download" in step.text else 0.1)
        for step in second.steps
    )
    projects = {Version.BEFORE: before, Version.AFTER: after}

    def keys(text, ignored, version):
        return Builder().build(replace(projects[version], dockerfile=text, ignore=ignored)).steps

    return what_if(first, replace(second, steps=steps), builder.files, keys)


PIP = "pip install -r requirements.txt"
NPM = "COPY --chown=1:1 package-lock.json package.json ./"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            ["WORKDIR /app", "COPY . .", f"RUN {PIP}", "CMD x"],
            ["WORKDIR /app", "COPY requirements-base.txt requirements.txt ./", f"RUN {PIP}", "COPY . .", "CMD x"],
        ),
        (
            ["COPY . /app/", "RUN pip3 install --no-cache-dir -r /app/deps/dev.txt"],
            ["COPY deps/dev.txt /app/deps/", "RUN pip3 install --no-cache-dir -r /app/deps/dev.txt", "COPY . /app/"],
        ),
        (
            ["WORKDIR /w", "# all", "COPY --chown=1:1 ./ ./", "RUN npm install && rm -rf /tmp/x", "RUN make"],
            ["WORKDIR /w", NPM, "RUN npm install && rm -rf /tmp/x", "# all", "COPY --chown=1:1 ./ ./", "RUN make"],
        ),
        (
            ["COPY . /src", "RUN apt-get update && apt-get install -y git"],
            ["RUN apt-get update && apt-get install -y git", "COPY . /src"],
        ),
        (
            ["WORKDIR /w", "COPY app.py package.json ./", "COPY server server/", "RUN npm install"],
            [
                "WORKDIR /w",
                "COPY package.json ./",
                "RUN npm install",
                "COPY app.py package.json ./",
                "COPY server server/",
            ],
        ),
        (
            ["WORKDIR /w", "COPY . src", "WORKDIR /w/src/server", "RUN go mod download"],
            None,  # below another WORKDIR, COPY . src would go elsewhere
        ),
        (
            ["COPY . /w", "WORKDIR /w", "RUN cd server && go mod download"],
            ["COPY server/go.mod /w/server/", "WORKDIR /w", "RUN cd server && go mod download", "COPY . /w"],
        ),
        (["ARG D=w", "COPY . /$D", "ENV D=v", "RUN apt-get install git"], None),
    ],
)
def test_files_that_the_step_needs_are_copied_first(before, after):
    proposals = found("\n".join(["FROM b", *before]), change=APP).proposals
    shown = [(one.kind, one.dockerfile.splitlines()[1:]) for one in proposals]
    assert shown == ([(ProposalKind.COPY_FIRST, after)] if after else [])
    assert all(one.seconds >= 60 for one in proposals)


@pytest.mark.parametrize(
    "dockerfile",
    [
        "FROM b\nWORKDIR /app\nCOPY . .\nRUN pip install .\n",
        "FROM b\nWORKDIR /app\nCOPY . .\nRUN pip install -e .\n",
        "FROM b\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt && python setup.py\n",
        "FROM b\nWORKDIR /app\nCOPY . .\nRUN make install\n",
        "FROM b\nWORKDIR /app\nCOPY . .\nRUN ./configure && pip install -r requirements.txt\n",
        "FROM b\nCOPY . .\nWORKDIR /app\nRUN pip install flask\n",  # COPY . . would go elsewhere
        "FROM b\nCOPY app.py /\nRUN pip install $(cat /app.py)\n",
        "FROM b\nRUN pip install -r requirements.txt\nCOPY . .\n",  # as it should be
    ],
)
def test_where_more_may_be_needed_nothing_is_proposed(dockerfile):
    assert found(dockerfile, change=APP).proposals == ()


def test_a_changed_list_of_packages_is_a_reason_to_install():
    dockerfile = "FROM b\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"
    assert found(dockerfile, change={"requirements.txt": File("django\n")}).proposals == ()


ARGS = "FROM b\n{top}RUN pip install flask\nCOPY app.py /\n{use}"


@pytest.mark.parametrize(
    ("before", "after", "options", "moved"),
    [
        (
            ARGS.format(top="ARG V=1\n", use="RUN echo $V\n"), None, {"build_args": {"V": "2"}},
            "FROM b\nRUN pip install flask\nCOPY app.py /\nARG V=1\nRUN echo $V\n",
        ),
        (
            ARGS.format(top="# which\nENV V=1\n", use="CMD x\n"), ARGS.format(top="# which\nENV V=2\n", use="CMD x\n"),
            {}, "FROM b\nRUN pip install flask\nCOPY app.py /\n# which\nENV V=2\nCMD x\n",
        ),
        (
            ARGS.format(top="ARG V=1\nENV W=w-$V\nLABEL l=$V\n", use="RUN echo ${W}\n"), None,
            {"build_args": {"V": "2"}},
            "FROM b\nLABEL l=$V\nRUN pip install flask\nCOPY app.py /\nARG V=1\nENV W=w-$V\nRUN echo ${W}\n",
        ),
        (
            "ARG V=1\n" + ARGS.format(top="ARG V\n", use="RUN echo $V\n"), None, {"build_args": {"V": "2"}},
            "ARG V=1\nFROM b\nRUN pip install flask\nCOPY app.py /\nARG V\nRUN echo $V\n",
        ),
        (
            ARGS.format(top="", use=""), ARGS.format(top="ENV NEW=1\n", use=""), {},
            "FROM b\nRUN pip install flask\nCOPY app.py /\nENV NEW=1\n",
        ),
        # used, or read without a dollar
        (ARGS.format(top="ARG V=1\nRUN echo $V\n", use=""), None, {"build_args": {"V": "2"}}, None),
        (ARGS.format(top="ARG PIP_INDEX_URL=1\n", use=""), None, {"build_args": {"PIP_INDEX_URL": "2"}}, None),
        ("FROM b\nARG V=1\nRUN pip install flask==$V\n", None, {"build_args": {"V": "2"}}, None),
    ],
)  # fmt: skip
def test_a_variable_moves_below_the_step_that_does_not_use_it(before, after, options, moved):
    proposals = found(before, other=after, **options).proposals
    shown = [(one.kind, one.dockerfile) for one in proposals]
    assert shown == ([(ProposalKind.MOVE_VARIABLE, moved)] if moved else [])


ALL = "FROM b\nWORKDIR /app\nCOPY . .\nRUN make install\n"


@pytest.mark.parametrize(
    ("change", "ignore", "pattern", "dockerfile"),
    [
        ({".git/HEAD": File("other\n")}, "", ".git", ALL),
        ({"logs/a.log": File("x\n")}, "docs", "**/*.log", ALL),
        ({"pkg/__pycache__/a.pyc": File("x\n")}, "", "**/__pycache__", ALL),
        ({"Dockerfile": File("new\n")}, "", "Dockerfile", ALL),
        ({".ipynb_checkpoints/a.ipynb": File("x\n")}, "", "**/.ipynb_checkpoints", ALL),
        ({"node_modules/a.js": File("x\n")}, "", None, ALL),  # nobody would install it
        ({"node_modules/a.js": File("x\n")}, "", "**/node_modules", ALL.replace("make", "npm")),
        ({".git/HEAD": File("other\n")}, "", None, ALL.replace("make", "git describe; make")),
        ({"a.log": File("x\n"), "app.py": File("x\n")}, "", None, ALL),
        ({"app.py": File("x\n")}, "", None, ALL),
    ],
)
def test_what_nothing_needs_is_left_out_of_the_context(change, ignore, pattern, dockerfile):
    proposals = found(dockerfile, change=change, ignore=ignore).proposals
    shown = [(one.names, one.ignore) for one in proposals if one.kind is ProposalKind.IGNORE]
    start = f"{ignore}\n" if ignore else ""
    assert shown == ([((pattern,), f"{start}{pattern}\n")] if pattern else [])


STAMP = "FROM b\nRUN echo {word} > /version\nRUN apt-get install -y gcc\nCMD x\n"


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        (
            STAMP.format(word="1"), STAMP.format(word="2"),
            "FROM b\nRUN apt-get install -y gcc\nRUN echo 2 > /version\nCMD x\n",
        ),
        (
            "FROM b\nRUN apt-get install -y gcc\n", "FROM b\nRUN touch /new\nRUN apt-get install -y gcc\n",
            "FROM b\nRUN apt-get install -y gcc\nRUN touch /new\n",
        ),
        (STAMP.format(word="1 > /etc/apt/x"), STAMP.format(word="2 > /etc/apt/x"), None),
        ("FROM b\nRUN curl x/1\nRUN apt install gcc\n", "FROM b\nRUN curl x/2\nRUN apt install gcc\n", None),
        ("FROM b\nRUN echo 1 > /l\nRUN pip install -r /l\n", "FROM b\nRUN echo 2 > /l\nRUN pip install -r /l\n", None),
    ],
)  # fmt: skip
def test_a_small_step_that_changes_moves_below(before, after, moved):
    proposals = found(before, other=after).proposals
    assert [(one.kind, one.dockerfile) for one in proposals] == ([(ProposalKind.MOVE_STEP, moved)] if moved else [])


def test_the_edit_as_a_difference():
    proposals = found(
        "FROM b\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD x\n", change=APP
    ).proposals
    assert proposals[0].changes == (
        " WORKDIR /app", "+COPY requirements-base.txt requirements.txt ./", "+RUN pip install -r requirements.txt",
        " COPY . .", "-RUN pip install -r requirements.txt", " CMD x",
    )  # fmt: skip


def test_an_edit_whose_keys_nobody_knows_is_no_proposal():
    builder = Builder()
    text = "FROM b\nARG V=1\nRUN pip install flask\n"
    first = builder.build(Project(dockerfile=text))
    second = builder.build(Project(dockerfile=text, build_args={"V": "2"}))

    def unknown(dockerfile, _ignore, _version):
        steps = Builder().build(Project(dockerfile=dockerfile)).steps
        return tuple(replace(step, key="", key_digest="") for step in steps)

    assert what_if(first, second, builder.files, unknown).proposals == ()


THERE = {
    "/app/requirements.txt": "requirements.txt",
    "/app/dev.txt": "dev.txt",
    "/app/a.py": "a.py",
    "/app/go.mod": "go.mod",
}


@pytest.mark.parametrize(
    ("command", "needs"),
    [
        ("pip install -r requirements.txt", {"requirements.txt"}),
        ("pip install --requirement=dev.txt", {"dev.txt", "requirements.txt"}),
        ("python3.12 -m pip install -r /app/dev.txt -c requirements.txt", {"dev.txt", "requirements.txt"}),
        ("uv pip install -r dev.txt", {"dev.txt", "requirements.txt"}),
        ("pip install flask", set()),
        ("A=1 pip install flask; rm -rf /var/cache/* && echo done > /dev/null", set()),
        ("go mod download", {"go.mod"}),
        ("set -ex\napt-get update\napt-get install -y gcc", set()),
        ("python a.py", None),
        ("pip install .[dev]", None),
        ("pip install flask && ./a.py", None),
        ("echo 'open", None),
        ("cargo build", None),
    ],
)  # fmt: skip
def test_what_a_command_needs(command, needs):
    assert needed_files(command, "/app", THERE) == needs


ENGLISH = """\
What would have kept the cache of app:latest

1. copy first only what step 4 needs: package-lock.json, package.json
   saves 1 min 0 s and 0 B of layers: step 4 stays in the cache
       WORKDIR /w
     + COPY package-lock.json package.json ./
     + RUN npm install
       COPY . .
     - RUN npm install
       RUN make

Each was tried: with it, the keys of these steps are the same for the files and options of both builds."""


@pytest.mark.parametrize(
    ("language", "change", "words"),
    [
        ("en", APP, ENGLISH),
        ("fr", {".git/HEAD": File("2\n")}, "+ .git"),
        ("en", {"package.json": File("2\n")}, "No edit is known"),
    ],
)
def test_proposals_as_text(language, change, words):
    view = found("FROM b\nWORKDIR /w\nCOPY . .\nRUN npm install\nRUN make\n", change=change)
    assert words in drawing.to_text(view, language=language)


def test_all_steps_have_their_seconds_so_that_what_is_saved_is_a_part_of_them():
    view = found("FROM b\nWORKDIR /w\nCOPY . .\nRUN npm install\nRUN make\nCMD x\n", change=APP)
    assert [(step.number, step.outcome, step.seconds) for step in view.steps] == [
        (1, StepOutcome.BASE, 0.0),
        (2, StepOutcome.CACHED, 0.0),
        (3, StepOutcome.MISSED, 0.1),
        (4, StepOutcome.MISSED, 60.0),
        (5, StepOutcome.MISSED, 0.1),
        (6, StepOutcome.CONFIG, 0.0),
    ]
    [proposal] = view.proposals
    assert view.work_seconds_with(proposal) == pytest.approx(view.work_seconds - proposal.seconds)
