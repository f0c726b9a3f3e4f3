"""Builds in memory, one after the other: what is said of the second."""

import contextlib
import io
from dataclasses import replace

import pytest
from samples.builds import PATH, Builder, File, Project

from pydock_lab import drawing
from pydock_lab.build.explain.explanation import explain
from pydock_lab.build.record import BuildStatus
from pydock_lab.views import Attribute, ChangeKind, Outcome, SetBy, Sign

FILES = {"a.txt": File("a\n"), "b.txt": File("b\n"), "dir/c.txt": File("c\n"), "req.txt": File("req\n")}


def two(before: str, after: str, files=None, other=None, **more):
    """What is said of a build of `after` behind one of `before`; `other` are options of the second."""
    builder = Builder()
    first = builder.build(Project(dockerfile=before, files=FILES, **more))
    second = builder.build(Project(dockerfile=after, files=FILES if files is None else files, **more | (other or {})))
    return explain(first, second, builder.files)


def said(found):
    """Each own miss: its number, and the kinds of its causes."""
    return {step.number: [str(cause.kind) for cause in step.causes] for step in found.own}


def consequences(found):
    return {step.number: step.because_of for step in found.consequences}


@pytest.mark.parametrize(
    ("before", "after", "own", "follow"),
    [
        # one below the other
        ("FROM b\nRUN a\nRUN b\nRUN c\n", "FROM b\nRUN x\nRUN b\nRUN y\n", {2: ["command"], 4: ["command"]}, {3: 2}),
        # two stages, each by itself
        (
            "FROM b AS x\nRUN a\nFROM b AS y\nRUN c\nFROM b\nCOPY --from=x /1 /\nCOPY --from=y /2 /\n",
            "FROM b AS x\nRUN a1\nFROM b AS y\nRUN c1\nFROM b\nCOPY --from=x /1 /\nCOPY --from=y /2 /\n",
            {2: ["command"], 4: ["command"]},
            {6: 2, 7: 6},
        ),
        # a stage on a stage
        ("FROM b AS x\nRUN a\nFROM x\nRUN c\n", "FROM b AS x\nRUN a1\nFROM x\nRUN c\n", {2: ["command"]}, {4: 3}),
        ("FROM b AS x\nRUN a\nFROM x\nRUN c\n", "FROM b AS y\nRUN a\nFROM y\nRUN c\n", {}, {}),
        # another base, and all on it
        ("FROM b\nRUN a\nRUN c\n", "FROM b2\nRUN a\nRUN c\n", {1: ["base"]}, {2: 1, 3: 2}),
        (
            "FROM b AS x\nRUN a\nFROM b\nRUN c\nCOPY --from=x /1 /\n",
            "FROM b AS x\nRUN a\nFROM x\nRUN c\nCOPY --from=x /1 /\n",
            {3: ["base"]},
            {4: 3, 5: 4},
        ),
        (
            "FROM b AS x\nRUN a\nFROM b AS y\nRUN b\nFROM x\nRUN c\nCOPY --from=y /1 /\n",
            "FROM b AS x\nRUN a\nFROM b AS y\nRUN b\nFROM y\nRUN c\nCOPY --from=x /1 /\n",
            {5: ["base"], 7: ["sources"]},
            {6: 5},
        ),
        (
            "FROM b AS x\nCOPY --link a.txt /\nFROM x\nRUN c\n",
            "FROM b2 AS x\nCOPY --link a.txt /\nFROM x\nRUN c\n",
            {1: ["base"]},
            {4: 3},
        ),
        # a stage that ends earlier
        (
            "FROM b AS x\nRUN a\nRUN z\nFROM b\nCOPY --from=x /1 /\nRUN c\n",
            "FROM b AS x\nRUN a\nFROM b\nCOPY --from=x /1 /\nRUN c\n",
            {4: ["removed-step"]},
            {5: 4},
        ),
        (
            "FROM b AS x\nRUN a\nRUN z\nFROM x\nRUN c\n",
            "FROM b AS x\nRUN a\nFROM x\nRUN c\n",
            {3: ["removed-step"]},
            {4: 3},
        ),
        # one ARG for two stages is one cause, in two places
        (
            "ARG V=1\nFROM b AS x\nARG V\nRUN a\nFROM b\nARG V\nRUN c\nCOPY --from=x /1 /\n",
            "ARG V=2\nFROM b AS x\nARG V\nRUN a\nFROM b\nARG V\nRUN c\nCOPY --from=x /1 /\n",
            {3: ["arg"], 6: ["arg"]},
            {7: 6},
        ),
        # linked layers stand on nothing, and what is on them on both
        (
            "FROM b\nRUN a\nCOPY --link a.txt /\nRUN c\n",
            "FROM b\nRUN x\nCOPY --link a.txt /\nRUN c\n",
            {2: ["command"]},
            {4: 2},
        ),
        ("FROM b\nCOPY a.txt /\nRUN c\n", "FROM b\nCOPY --link a.txt /\nRUN c\n", {2: ["flag"]}, {3: 2}),
        # places
        ("FROM b\nRUN a\nCOPY a.txt /\nRUN c\n", "FROM b\nCOPY a.txt /\nRUN a\nRUN c\n", {2: ["order"]}, {3: 2, 4: 3}),
        ("FROM b\nRUN a\nRUN b\nRUN c\n", "FROM b\nRUN c\nRUN a\nRUN b\n", {2: ["order"]}, {3: 2, 4: 3}),
        ("FROM b\nRUN a\nRUN c\n", "FROM b\nRUN c\n", {2: ["removed-step"]}, {}),
        ("FROM b\nRUN a\nRUN b\nRUN c\n", "FROM b\nRUN a1\nRUN c\n", {2: ["command"], 3: ["removed-step"]}, {}),
        ("FROM b\nRUN a\nRUN c\n", "FROM b\nRUN a\nCOPY a.txt /\nRUN c\n", {3: ["new-step"]}, {4: 3}),
        ("FROM b\nRUN a\nRUN c\n", "FROM b\nCOPY a.txt /\nRUN c\n", {2: ["new-step"]}, {3: 2}),
        ("FROM b\nCOPY a.txt /\n", "FROM b\nADD a.txt /\n", {2: ["instruction"]}, {}),
        (
            "FROM b\nRUN a\n",
            "FROM b AS x\nRUN z\nFROM b\nRUN a\nCOPY --from=x /1 /\n",
            {2: ["new-step"], 5: ["new-step"]},
            {},
        ),
        # not misses at all
        ("FROM b\nLABEL a=1\nRUN a\n", "FROM b\nLABEL a=2\nCMD x\nRUN   a\n# end\n", {}, {}),
        ("FROM b\nRUN a\nENV A=1\n", "FROM b\nRUN a\nENV A=2\n", {}, {}),
        ("FROM b\nCOPY . /\n", "FROM b\nWORKDIR /\nCOPY . /\n", {}, {}),
    ],
)
def test_what_missed_and_what_follows(before, after, own, follow):
    found = two(before, after)
    assert said(found) == own
    assert consequences(found) == follow


@pytest.mark.parametrize(
    ("before", "after", "other", "kind", "fields"),
    [
        ("FROM b\nENV A=1\nRUN x\n", "FROM b\nENV A=2\nRUN x\n", {}, "env", ("A", "1", "2", SetBy.ENV, 2)),
        ("FROM b\nRUN x\n", "FROM b\nENV A=2\nRUN x\n", {}, "env", ("A", "", "2", SetBy.ENV, 2)),
        ("FROM b\nENV A=1\nRUN x\n", "FROM b\nRUN x\n", {}, "env", ("A", "1", "", SetBy.ENV, 2)),
        ("FROM b\nARG A=1\nRUN x\n", "FROM b\nARG A=2\nRUN x\n", {}, "arg", ("A", "1", "2", SetBy.ARG, 2)),
        ("FROM b\nARG A=1\nRUN x\n", None, {"build_args": {"A": "2"}}, "arg", ("A", "1", "2", SetBy.BUILD_ARG, 0)),
        ("FROM b\nARG A\nRUN x\n", None, {"build_args": {"A": ""}}, "arg", ("A", "", "", SetBy.BUILD_ARG, 0)),
        (
            "ARG A=1\nFROM b\nARG A\nRUN x\n",
            "ARG A=2\nFROM b\nARG A\nRUN x\n",
            {},
            "arg",
            ("A", "1", "2", SetBy.GLOBAL_ARG, 1),
        ),
        # what is made of a variable is not the cause
        (
            "FROM b\nARG A=1\nENV B=b$A\nENV C=c${B}\nRUN x\n",
            "FROM b\nARG A=2\nENV B=b$A\nENV C=c${B}\nRUN x\n",
            {},
            "arg",
            ("A", "1", "2", SetBy.ARG, 2),
        ),
        (
            "FROM b\nARG A=1\nCOPY a.txt $A/\n",
            "FROM b\nARG A=2\nCOPY a.txt $A/\n",
            {},
            "arg",
            ("A", "1", "2", SetBy.ARG, 2),
        ),
        (
            "FROM b\nARG A=a\nCOPY $A.txt /\n",
            None,
            {"build_args": {"A": "b"}},
            "arg",
            ("A", "a", "b", SetBy.BUILD_ARG, 0),
        ),
        (
            "FROM b\nARG A=/a\nWORKDIR $A\nRUN x\n",
            "FROM b\nARG A=/b\nWORKDIR $A\nRUN x\n",
            {},
            "arg",
            ("A", "/a", "/b", SetBy.ARG, 2),
        ),
        (
            "FROM b\nARG U=1\nCOPY --chown=$U a.txt /\n",
            "FROM b\nARG U=2\nCOPY --chown=$U a.txt /\n",
            {},
            "arg",
            ("U", "1", "2", SetBy.ARG, 2),
        ),
        (
            "FROM b\nARG U=1\nUSER $U\nRUN x\n",
            "FROM b\nARG U=2\nUSER $U\nRUN x\n",
            {},
            "arg",
            ("U", "1", "2", SetBy.ARG, 2),
        ),
        (
            "ARG B=b\nFROM $B\nRUN x\n",
            None,
            {"build_args": {"B": "c"}},
            "arg",
            ("B", "b", "c", SetBy.BUILD_ARG, 0),
        ),
        # a folder below another one
        (
            "FROM b\nWORKDIR /a\nWORKDIR s\nRUN x\n",
            "FROM b\nWORKDIR /b\nWORKDIR s\nRUN x\n",
            {},
            "workdir",
            ("", "/a", "/b", SetBy.INSTRUCTION, 2),
        ),
        (
            "FROM b\nWORKDIR /\nCOPY a.txt s/\n",
            "FROM b\nWORKDIR /b\nCOPY a.txt s/\n",
            {},
            "new-step",
            ("WORKDIR", "", "", None, 0),
        ),
        ("FROM b\nWORKDIR /a\nRUN x\n", "FROM b\nRUN x\n", {}, "removed-step", ("WORKDIR", "", "", None, 0)),
        # the base image says something else
        (
            "FROM b\nRUN x\n",
            None,
            {"bases": {"b": ("sha256:layers-of-b", (PATH, "A=1"))}},
            "env",
            ("A", "", "1", SetBy.BASE, 0),
        ),
        (
            "FROM b\nRUN x\n",
            None,
            {"bases": {"b": ("sha256:new", (PATH, "A=1"))}},
            "base",
            ("b", "sha256:layers-of-b", "sha256:new", SetBy.INSTRUCTION, 1),
        ),
        # options
        ("FROM b\nRUN x\n", None, {"add_hosts": ("db:10.0.0.1",)}, "flag", ("--add-host", "", "db:10.0.0.1", None, 0)),
        ("FROM b\nRUN x\n", None, {"platform": "linux/arm64"}, "platform", ("", "", "linux/arm64", None, 0)),
        (
            "FROM b\nARG TARGETARCH\nRUN x\n",
            None,
            {"platform": "linux/arm64"},
            "platform",
            ("", "", "linux/arm64", None, 0),
        ),
        (
            "FROM b\nRUN --mount=type=cache,target=/c x\n",
            "FROM b\nRUN --mount=type=tmpfs,target=/c x\n",
            {},
            "mount",
            ("/c", "type=cache", "type=tmpfs", SetBy.INSTRUCTION, 2),
        ),
        (
            "FROM b\nRUN --mount=type=cache,target=/c x\n",
            "FROM b\nRUN --mount=type=cache,target=/d x\n",
            {},
            "mount",
            ("/d", "target=/c", "target=/d", SetBy.INSTRUCTION, 2),
        ),
        (
            "FROM b\nRUN --mount=type=cache,target=/c x\n",
            "FROM b\nRUN x\n",
            {},
            "mount",
            ("/c", "type=cache,target=/c", "", SetBy.INSTRUCTION, 2),
        ),
        (
            "FROM b\nCOPY --exclude=a.txt . /\n",
            "FROM b\nCOPY --exclude=b.txt . /\n",
            {},
            "flag",
            ("--exclude", "a.txt", "b.txt", SetBy.INSTRUCTION, 2),
        ),
        (
            "FROM b\nCOPY --from=i /1 /\n",
            "FROM b\nCOPY --from=j /1 /\n",
            {},
            "sources",
            ("", "--from=i", "--from=j", SetBy.INSTRUCTION, 2),
        ),
        (
            "FROM b\nCOPY <<E /x\na\nE\n",
            "FROM b\nCOPY <<E /x\nb\nE\n",
            {},
            "inline",
            ("E", "", "", SetBy.INSTRUCTION, 2),
        ),
        (
            "FROM b\nARG A=1\nCOPY <<E /x\n$A\nE\n",
            "FROM b\nARG A=2\nCOPY <<E /x\n$A\nE\n",
            {},
            "arg",
            ("A", "1", "2", SetBy.ARG, 2),
        ),
    ],
)
def test_the_one_cause_and_who_is_behind_it(before, after, other, kind, fields):
    found = two(before, after or before, other=other)
    (cause,) = found.causes
    assert cause.kind == kind
    by = (cause.set_by.by, cause.set_by.line) if cause.set_by else (None, 0)
    assert (cause.name, cause.old, cause.new, *by) == fields


def test_a_command_is_shown_word_by_word():
    cause = two("FROM b\nRUN pip install a==1 b\n", "FROM b\nRUN pip install a==2 b c\n").causes[0]
    shown = [(piece.sign, piece.text.strip()) for piece in cause.words]
    assert shown == [
        (Sign.KEPT, "pip install"), (Sign.REMOVED, "a==1"), (Sign.ADDED, "a==2"), (Sign.KEPT, "b"), (Sign.ADDED, "c"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"a.txt": File("a!\n")}, ("a.txt", ChangeKind.CHANGED, [(Attribute.BYTES, "", "")], 2, 3)),
        ({"a.txt": File("A\n")}, ("a.txt", ChangeKind.CHANGED, [(Attribute.BYTES, "", "")], 2, 2)),
        ({"a.txt": File("a\n", mode=0o664)}, ("a.txt", ChangeKind.CHANGED, [(Attribute.MODE, "0644", "0664")], 2, 2)),
        (
            {"a.txt": File(target="b", mode=0o777)},
            ("a.txt", ChangeKind.CHANGED, [(Attribute.KIND, "file", "link")], 2, 0),
        ),
        ({"n": File("new")}, ("n", ChangeKind.ADDED, [], 0, 3)),
        ({"a.txt": None}, ("a.txt", ChangeKind.DELETED, [], 2, 0)),
    ],
)
def test_files_one_by_one(change, shown):
    files = {path: file for path, file in {**FILES, **change}.items() if file}
    (file,) = two("FROM b\nCOPY . /\n", "FROM b\nCOPY . /\n", files).causes[0].files
    attributes = [(one.attribute, one.old, one.new) for one in file.attributes]
    assert (file.path, file.kind, attributes, file.size_before, file.size_after) == shown


def test_a_file_that_two_steps_copy_changed_once():
    text = "FROM b\nCOPY req.txt /\nRUN install\nCOPY . /app\nRUN make\n"
    found = two(text, text, FILES | {"req.txt": File("other\n")})
    assert said(found) == {2: ["files"]}
    assert consequences(found) == {3: 2, 4: 3, 5: 4}
    both = two(text, text, FILES | {"req.txt": File("other\n"), "a.txt": File("other\n")})
    assert said(both) == {2: ["files"], 4: ["files"]}


def test_a_bind_mount_reads_files():
    text = "FROM b\nRUN --mount=target=/src,source=dir x\n"
    (cause,) = two(text, text, FILES | {"dir/c.txt": File("other\n")}).causes
    assert [file.path for file in cause.files] == ["dir/c.txt"]


def test_a_bind_mount_of_a_stage_follows_from_it():
    text = "FROM b AS x\nRUN {}\nFROM b\nRUN --mount=from=x,target=/x y\n"
    found = two(text.format("a"), text.format("b"))
    assert (said(found), consequences(found)) == ({2: ["command"]}, {4: 2})


def test_times_are_seen_and_said_not_to_count():
    later = {path: replace(file, mtime=9) for path, file in FILES.items()}
    found = two("FROM b\nCOPY . /\n", "FROM b\nCOPY . /\n", later)
    assert found.own == ()
    assert found.steps[1].other_times == len(FILES)


TEXT = "FROM b\nRUN a\nRUN c\n"


@pytest.mark.parametrize(
    ("options", "before", "kinds"),
    [
        ({"no_cache": True}, {}, ["no-cache", "no-cache"]),
        ({}, {"status": BuildStatus.FAILED}, ["gone", "gone"]),
    ],
)
def test_with_equal_keys_it_is_the_cache_that_lacks_them(options, before, kinds):
    builder = Builder()
    first = builder.build(Project(dockerfile=TEXT), **before)
    builder.cache.clear()
    found = explain(first, builder.build(Project(dockerfile=TEXT), **options), builder.files)
    assert [str(cause.kind) for step in found.own for cause in step.causes] == kinds


@pytest.mark.parametrize(
    ("word", "own", "follow"),
    [("a", {3: ["not-reached"]}, {4: 3}), ("b", {2: ["command"]}, {3: 2, 4: 3})],
)
@pytest.mark.parametrize("is_key_known", [True, False])
def test_a_build_that_failed_did_not_get_to_the_last_steps(word, own, follow, is_key_known):
    builder, text = Builder(), "FROM b\nRUN {}\nRUN c\nRUN d\n"
    first = builder.build(Project(dockerfile=text.format("a")), status=BuildStatus.FAILED)
    builder.cache -= {step.key_digest for step in first.steps[2:]}
    less = {} if is_key_known else {"key": "", "key_digest": ""}
    first = replace(first, steps=(*first.steps[:2], *(replace(step, cached=None, **less) for step in first.steps[2:])))
    found = explain(first, builder.build(Project(dockerfile=text.format(word))), builder.files)
    if is_key_known and word == "a":
        assert said(found) == {3: ["not-reached"], 4: ["not-reached"]}
    else:
        assert (said(found), consequences(found)) == (own, follow)


def test_without_an_earlier_build():
    builder = Builder()
    found = explain(None, builder.build(Project(dockerfile=TEXT)), builder.files)
    assert said(found) == {2: ["first-build"], 3: ["first-build"]}
    assert found.compared_with == ""


def test_a_step_that_hit_may_be_where_it_began():
    builder = Builder()
    builder.build(Project(dockerfile="FROM b\nRUN x\n"))
    first = builder.build(Project(dockerfile="FROM b\nRUN a\nRUN c\n"))
    found = explain(first, builder.build(Project(dockerfile="FROM b\nRUN x\nRUN c\n")), builder.files)
    assert found.first.outcome is Outcome.CACHED
    assert (said(found), consequences(found)) == ({2: ["command"]}, {3: 2})


def test_without_the_files_the_paths_are_known():
    builder = Builder()
    first = builder.build(Project(dockerfile="FROM b\nCOPY a.txt b.txt /\n", files=FILES))
    second = builder.build(Project(dockerfile="FROM b\nCOPY a.txt b.txt /\n", files=FILES | {"a.txt": File("x")}))
    (cause,) = explain(first, second, lambda _record, _step: None).causes
    assert [(file.path, file.kind) for file in cause.files] == [("a.txt", ChangeKind.CHANGED)]


@pytest.mark.parametrize("text", ["", "FROM\n", "NOTHING x\n", "FROM b\nFROM"])
def test_a_dockerfile_that_cannot_be_read_is_no_obstacle(text):
    builder = Builder()
    first = builder.build(Project(dockerfile="FROM b\nENV A=1\nRUN a\n"))
    second = replace(builder.build(Project(dockerfile="FROM b\nENV A=2\nRUN a\n")), dockerfile=text)
    assert [cause.name for cause in explain(first, second, builder.files).causes] == ["A"]


def test_a_fact_that_nobody_knows_yet_is_a_flag_of_that_name():
    builder = Builder()
    first, second = (builder.build(Project(dockerfile="FROM b\nRUN a\n")) for _ in range(2))
    run = second.steps[1]
    odd = replace(run, key=run.key.replace('"script": ""', '"gpu_count": 2'), key_digest="sha256:odd", cached=False)
    found = explain(first, replace(second, steps=(second.steps[0], odd)), builder.files)
    assert ("--gpu-count", "", "2") in [(cause.name, cause.old, cause.new) for cause in found.causes]


def test_the_digest_can_be_computed_again():
    found = two("FROM b\nRUN a\n", "FROM b\nRUN 'é\"'\n").steps[1]
    assert found.before.text != found.after.text
    for key in (found.before, found.after):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(key.python, {})
        assert printed.getvalue().strip() == key.digest
        assert key.python.count("\n") == 1


def test_what_a_forecast_cannot_know():
    text = "FROM b AS x\nRUN {}\nFROM b\nCOPY --from=x /1 /\nRUN c\nCMD x\n"
    builder = Builder()
    first = builder.build(Project(dockerfile=text.format("a")))
    second = builder.build(Project(dockerfile=text.format("b")), status=BuildStatus.PREDICTED)
    steps = tuple(
        replace(step, key="", key_digest="", cached=None) if step.number in (4, 5) else step for step in second.steps
    )
    found = explain(first, replace(second, steps=steps), builder.files)
    assert said(found) == {2: ["command"]}
    assert [(step.number, step.because_of) for step in found.open] == [(4, 2), (5, 4)]
    assert "? steps 4, 5 copy from a stage" in drawing.to_text(found, language="en")
    assert "rien n" in drawing.to_text(found, language="fr")
