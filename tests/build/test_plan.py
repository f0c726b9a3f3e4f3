import pytest

from pydock_lab.build.entitlements import check_entitlements
from pydock_lab.build.plan import PlanOptions, find_epoch, plan
from pydock_lab.build.steps import CopyStep, GitSource, HttpSource, NamedContext, RunStep
from pydock_lab.dockerfile.instructions import Network
from pydock_lab.dockerfile.platforms import LINUX_AMD64
from pydock_lab.dockerfile.stages import parse
from pydock_lab.errors import PydockError
from pydock_lab.oci import ContainerConfig, Digest, ImageConfig, Reference


class Images:
    """Images of one layer; `asked` is which ones the plan wanted to know of."""

    def __init__(self, **on_build):
        self.asked, self._on_build = [], on_build

    def config(self, name, platform):
        self.asked.append((name, platform))
        short = Reference.parse(name).familiar_name if "://" not in name else name
        config = ContainerConfig(env=("PATH=/bin",), on_build=self._on_build.get(short, ()))
        return ImageConfig(platform=LINUX_AMD64, config=config, diff_ids=(Digest.of(b"layer"),))


def planned(dockerfile, images=None, **options):
    return plan(parse(dockerfile), PlanOptions(**options), images or Images())


def run_of(found):
    return next(step for stage in found.stages for step in stage.steps if isinstance(step, RunStep))


def copies_of(found):
    return [step for step in found.stage(found.target).steps if isinstance(step, CopyStep)]


# ---- names


@pytest.mark.parametrize(
    ("lines", "contexts", "origin"),
    [
        ("COPY a b", {}, None),
        ("COPY --from=one a b", {}, 0),
        ("COPY --from=ONE a b", {}, 0),
        ("COPY --from=0 a b", {}, 0),
        ("COPY --from=alpine a b", {}, "alpine"),
        ("COPY --from=alpine a b", {"alpine": "docker-image://busybox:1"}, "busybox:1"),
        ("COPY --from=docker.io/library/alpine:latest a b", {"alpine": "/files"}, NamedContext("alpine")),
        ("COPY --from=docs a b", {"docs": "https://github.com/a/b.git"}, NamedContext("docs")),
        ("COPY --from=other a b", {"other": "oci-layout://layout@sha256:00"}, "oci-layout://layout@sha256:00"),
        ("COPY --from=alpine a b", {"alpine": "target:one"}, 0),
        ("COPY --from=scratch a b", {"scratch": "/files"}, "scratch"),
    ],
)
def test_what_a_name_means(lines, contexts, origin):
    found = planned(f"FROM busybox AS one\nFROM scratch\n{lines}", build_contexts=contexts)
    assert copies_of(found)[0].origin == origin


def test_a_number_is_the_name_of_an_image_for_a_mount():
    found = planned("FROM busybox\nFROM busybox\nRUN --mount=from=0,target=/x y")
    assert run_of(found).mounts[0].origin == "0"


def test_a_context_replaces_a_whole_stage():
    images = Images()
    found = planned("FROM busybox AS a\nRUN x\nFROM a\nRUN y", images, build_contexts={"a": "docker-image://alpine"})
    assert images.asked == [("alpine", "linux/amd64")]
    assert [(stage.base, len(stage.steps)) for stage in found.stages] == [("alpine", 0), (0, 1)]


def test_a_replaced_stage_may_stand_further_down():
    text = "FROM scratch\nCOPY --from=files a b\nFROM busybox AS files\nRUN x"
    found = planned(f"{text}\nFROM scratch\nCOPY --from=0 b c", build_contexts={"files": "/here"})
    assert [stage.index for stage in found.stages] == [1, 0, 2]
    assert found.stages[0].base == NamedContext("files")


def test_only_what_the_target_needs_is_asked_for():
    images = Images()
    found = planned("FROM one AS a\nFROM two AS b\nFROM three AS c\nCOPY --from=a x y\nFROM four", images, target="c")
    assert sorted(name for name, _ in images.asked) == ["one", "three"]
    assert found.skipped == ("b", "stage-3")


def test_triggers_of_the_base_come_first_and_bring_what_they_need():
    images = Images(trigger=("RUN first", "COPY --from=tools a b"))
    found = planned("FROM busybox AS tools\nFROM trigger\nRUN second", images)
    final = found.stage(found.target)
    assert [step.label for step in final.steps] == [
        "[stage-1 2/4] ONBUILD RUN first",
        "[stage-1 3/4] ONBUILD COPY --from=tools a b",
        "[stage-1 4/4] RUN second",
    ]
    assert final.needs == {0}
    assert {step.lines.first for step in final.steps[:2]} == {2}


# ---- sources


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("ADD http://h/a.tgz /", [HttpSource(url="http://h/a.tgz", filename="a.tgz")]),
        ("ADD http://h/d/ /", [HttpSource(url="http://h/d/", filename="d")]),
        ("ADD https://h /", [HttpSource(url="https://h", filename="__unnamed__")]),
        ("ADD https://h/r.git#v1 /", [GitSource(reference="https://h/r.git#v1")]),
        ("ADD --keep-git-dir git@h:r.git /", [GitSource(reference="git@h:r.git", keep_git_dir=True)]),
        (
            "ADD --checksum=0123456789012345678901234567890123456789 https://h/r.git /",
            [GitSource(reference="https://h/r.git", checksum="0123456789012345678901234567890123456789")],
        ),
    ],
)
def test_add_fetches(line, parts):
    assert list(copies_of(planned(f"FROM scratch\n{line}"))[0].parts) == parts


@pytest.mark.parametrize(
    ("source", "path", "include", "required"),
    [
        ("a/b", "/", "a/b", "/a/b"),
        ("a/./b/c", "/a", "b/c", "/a/b/c"),
        ("a/*/./b", "/a/*", "b", ""),
        ("**/b", "/", "**/b", ""),
        (r"a\\*", "/", r"a\*", r"/a\*"),
    ],
)
def test_parents_split_a_path_at_its_pivot(source, path, include, required):
    (part,) = copies_of(planned(f"FROM scratch\nCOPY --parents {source} /x/"))[0].parts
    assert (part.path, part.include, part.required) == (path, include, required)


@pytest.mark.parametrize(
    ("folder", "written", "to", "destination"),
    [
        ("/", "x", "/x", "/x"),
        ("/w", "x", "/w/x", "/w/x"),
        ("/w", ".", "/w/", "/w/"),
        ("/w", "./x/.", "/w/x/.", "/w/x/"),
        ("/w", "../x/", "/x/", "/x/"),
        ("/w", "//x", "/x", "/x"),
        ("/w", "..", "/", "/"),
        ("/w", "/.", "/.", "/"),
    ],
)
def test_where_a_copy_goes(folder, written, to, destination):
    (step,) = copies_of(planned(f"FROM scratch\nWORKDIR {folder}\nCOPY a {written}"))
    assert (step.to, step.destination) == (to, destination)


@pytest.mark.parametrize(
    ("lines", "paths"),
    [
        ("RUN x", ()),
        ("COPY b/../c ./a? /x/\nADD http://h/f d e/ /x/", ("a?", "c", "d", "e")),
        ("COPY --parents a/./b /x/", ("a/b",)),
        ("COPY a /x/\nCOPY . /x/", None),
        ("COPY <<E /x\nhi\nE", ()),
        ("RUN --mount=target=/t,source=s --mount=type=tmpfs,target=/u x", ("s",)),
        ("RUN --mount=target=/t x", None),
        ("RUN --mount=type=cache,target=/t --mount=type=secret,id=s x", ()),
    ],
)
def test_what_is_taken_from_the_context(lines, paths):
    assert planned(f"FROM busybox AS unused\nCOPY unused /\nFROM busybox\n{lines}").context_paths == paths


# ---- what a RUN is given


def test_a_run_has_what_the_user_said():
    found = planned(
        "FROM busybox\nRUN x\nRUN --network=none y",
        network=Network.HOST,
        add_hosts=("db:10.0.0.2",),
        shm_size=1 << 26,
        ulimits=("nofile=1024:2048",),
        cgroup_parent="/lab",
        build_args={"http_proxy": "p", "HTTP_PROXY": "q", "other": "o"},
    )
    first, second = found.stages[0].steps
    assert (first.network, second.network) == (Network.HOST, Network.NONE)
    assert (first.hosts, first.shm_size, first.cgroup_parent) == (("db:10.0.0.2",), 1 << 26, "/lab")
    assert first.ulimits == ("nofile=1024:2048",)
    assert first.env == ("PATH=/bin",)
    assert first.environment == ("PATH=/bin", "HTTP_PROXY=p", "http_proxy=p")


@pytest.mark.parametrize(
    ("text", "target", "name"),
    [
        ("type=secret,id=key", "/run/secrets/key", "key"),
        ("type=secret,src=a/key", "/run/secrets/key", "a/key"),
        ("type=secret,target=/etc/key", "/etc/key", "key"),
        ("type=secret,id=key,env=KEY", "", "key"),
        ("type=ssh", "/run/buildkit/ssh_agent.0", ""),
        ("type=ssh,id=work,target=/s", "/s", "work"),
        ("type=cache,target=c", "/w/c", "c"),
        ("type=cache,target=/c/../d,id=mine", "/c/../d", "mine"),
    ],
)
def test_mounts_are_resolved(text, target, name):
    (mount,) = run_of(planned(f"FROM busybox\nWORKDIR /w\nRUN --mount={text} x")).mounts
    assert (mount.target, mount.cache_id) == (target, name)


def test_the_agents_address_is_a_variable():
    lines = "RUN --mount=type=ssh --mount=type=ssh,id=b x"
    found = run_of(planned(f"FROM busybox\n{lines}"))
    assert found.env == ("PATH=/bin", "SSH_AUTH_SOCK=/run/buildkit/ssh_agent.0")
    assert [mount.target for mount in found.mounts] == ["/run/buildkit/ssh_agent.0", "/run/buildkit/ssh_agent.1"]


def test_no_cache_filter_names_stages():
    found = planned("FROM busybox AS a\nFROM a\nRUN x", no_cache_filter=("A",))
    assert [stage.ignore_cache for stage in found.stages] == [True, False]


@pytest.mark.parametrize(
    ("flag", "entitlement"), [("--network=host", "network.host"), ("--security=insecure", "security.insecure")]
)
def test_some_things_have_to_be_allowed(flag, entitlement):
    found = planned(f"FROM busybox\nRUN {flag} x")
    check_entitlements(found, {entitlement})
    with pytest.raises(PydockError) as caught:
        check_entitlements(found, frozenset())
    assert caught.value.fields == {"entitlement": entitlement, "line": 2, "end_line": 2}


# ---- the time of a reproducible build


def test_the_time_is_a_build_argument_and_no_variable():
    found = planned("FROM busybox\nRUN x", source_date_epoch=5)
    assert found.source_date_epoch == 5
    assert run_of(found).env == ("PATH=/bin",)


def test_who_declares_the_time_sees_it():
    found = planned("FROM busybox\nARG SOURCE_DATE_EPOCH\nRUN x", source_date_epoch=5)
    assert run_of(found).env == ("PATH=/bin", "SOURCE_DATE_EPOCH=5")


def test_the_dockerfile_may_say_the_time():
    assert planned("ARG SOURCE_DATE_EPOCH=7\nFROM busybox").source_date_epoch == 7


@pytest.mark.parametrize(
    ("value", "source"),
    [
        ("context", None),
        ("docs", NamedContext("docs")),
        ("SRC", HttpSource(url="http://h/a.tar", filename="a.tar")),
    ],
)
def test_the_time_may_be_that_of_a_source(value, source):
    dockerfile = parse(
        "FROM scratch AS src\nARG F=a.tar\nADD http://h/$F /\nFROM busybox\nARG SOURCE_DATE_EPOCH\nRUN x"
    )
    options = PlanOptions(build_args={"SOURCE_DATE_EPOCH": value}, build_contexts={"docs": "https://h/r.git"})
    assert find_epoch(dockerfile, options).source == source
    # Nobody has asked the source, so there is no time yet.
    assert run_of(plan(dockerfile, options, Images())).env == ("PATH=/bin",)


# ---- errors


@pytest.mark.parametrize(
    ("lines", "key", "line"),
    [
        ("COPY --from=later a b\nFROM busybox AS later", "build.copy-later", 2),
        ("RUN --mount=from=later,target=/t x\nFROM busybox AS later", "build.mount-later", 2),
        ("COPY --from=9 a b", "build.stage-index", 2),
        ("COPY --from=$X a b", "build.from-variable", 2),
        ("COPY --from=A a b", "oci.reference-case", 2),
        ("RUN --mount=type=bind,target=/ x", "build.mount-target", 2),
        ("RUN --mount=type=ssh,source=x y", "build.ssh-source", 2),
        ("RUN --device=a.b/c=d x", "build.device", 2),
        ("COPY https://h/x /", "build.copy-url", 2),
        ("COPY git@h:r.git /", "build.copy-git", 2),
        ("ADD --checksum=sha256:00 a b", "build.checksum-path", 2),
        ("ADD --checksum=sha256:00 a b c", "build.checksum-sources", 2),
        ("ADD --checksum=sha256:00 https://h/x b", "build.checksum-length", 2),
        ("ADD --checksum=md5:00 https://h/x b", "build.checksum-algorithm", 2),
        ("ADD --checksum=00 https://h/x b", "build.checksum-format", 2),
        ("ADD --keep-git-dir=false https://h/r.git?keep-git-dir=true b", "build.git-keep", 2),
        ("ADD --checksum=01 https://h/r.git?checksum=02 b", "build.git-checksum", 2),
        ("COPY --chmod=8 a b", "build.chmod", 2),
        ("COPY --chmod=z a b", "build.chmod-letters", 2),
        ("STOPSIGNAL NOTHING", "build.signal", 2),
        ("STOPSIGNAL 0", "build.signal", 2),
        ("FROM --platform=$NO busybox", "build.platform-empty", 2),
        ("FROM --platform=a/b/c/d busybox", "build.platform", 2),
        ("FROM BAD", "oci.reference-case", 2),
        ("FROM ${NO}", "build.base-blank", 2),
    ],
)
def test_what_cannot_be_planned_is_shown_at_its_line(lines, key, line):
    with pytest.raises(PydockError) as caught:
        planned(f"FROM busybox\n{lines}\nFROM stage-0\nCOPY --from=0 /a /b")
    assert (caught.value.key, caught.value.fields["line"]) == (key, line)


@pytest.mark.parametrize(
    ("dockerfile", "key"),
    [
        ("ARG a=b", "build.only-args"),
        ("FROM a AS x\nCOPY --from=y /a /\nFROM b AS y\nCOPY --from=x /a /", "build.circular"),
        ("FROM a\nCOPY --from=0 /a /", "build.circular"),
        ("ARG SOURCE_DATE_EPOCH=today\nFROM a", "build.epoch"),
        ("ARG SOURCE_DATE_EPOCH=s\nFROM a AS s", "build.epoch-scratch"),
        ("ARG SOURCE_DATE_EPOCH=s\nFROM scratch AS s\nRUN x", "build.epoch-instruction"),
        ("ARG SOURCE_DATE_EPOCH=s\nFROM scratch AS s", "build.epoch-one"),
        ("ARG SOURCE_DATE_EPOCH=s\nFROM scratch AS s\nADD a b c", "build.epoch-one-source"),
        ("ARG SOURCE_DATE_EPOCH=s\nFROM scratch AS s\nADD a b", "build.epoch-remote"),
    ],
)
def test_what_cannot_be_planned_at_all(dockerfile, key):
    with pytest.raises(PydockError) as caught:
        planned(dockerfile)
    assert caught.value.key == key


@pytest.mark.parametrize("trigger", ["FROM x", "COPY", "# nothing", "RUN a\nRUN b"])
def test_a_trigger_that_is_none_is_shown_at_the_base(trigger):
    with pytest.raises(PydockError) as caught:
        planned("\nFROM trigger", Images(trigger=(trigger,)))
    assert caught.value.fields["line"] == 2


@pytest.mark.parametrize(
    ("target", "key"), [("on", "build.target-like"), ("elsewhere", "build.target"), ("1", "build.target")]
)
def test_a_target_is_a_name(target, key):
    with pytest.raises(PydockError) as caught:
        planned("FROM a AS one\nFROM b AS two", target=target)
    assert caught.value.key == key


def test_contexts_that_lead_to_each_other_are_a_circle():
    with pytest.raises(PydockError) as caught:
        planned("FROM x AS a\nFROM a AS b\nFROM b", build_contexts={"a": "target:b"})
    assert caught.value.key == "build.circular"
