"""Whatever a Dockerfile says that can be read, planning it gives a plan or an error that says what is wrong."""

import time

from hypothesis import given
from hypothesis import strategies as some

from pydock_lab.build.plan import PlanOptions, plan
from pydock_lab.dockerfile.platforms import LINUX_AMD64
from pydock_lab.dockerfile.stages import parse
from pydock_lab.errors import PydockError
from pydock_lab.locale import LANGUAGES
from pydock_lab.oci import ContainerConfig, ImageConfig, Reference

WORDS = some.sampled_from(
    [
        *("a", "A", "b", "x", "0", "1", "-1", "99999999999999999999", "scratch", "context", "a:b", "a@sha256:0", "/"),
        *(
            "$A",
            "${A:-b}",
            "${A#?}",
            "${X:?no}",
            "$SOURCE_DATE_EPOCH",
            "$TARGETPLATFORM",
            "'",
            '"q w"',
            "\\",
            ".",
            "..",
        ),
        *("/a/./b", "*", "[", "**/x", "./", "/.", "http://h/x", "https://h", "https://h/r.git#v:d?x", "git@h:r.git"),
        *("http://[", "https://h/r.git?bad=1", "<<E", "01:02", "u:g", "u=rw", "0777", "9999", "SIGTERM", "80-90/udp"),
        *(
            "linux/arm64",
            "arm",
            "a/b/c/d",
            "A=b",
            "A=$A",
            "SOURCE_DATE_EPOCH=a",
            "SOURCE_DATE_EPOCH=9",
            "\udc80",
            "\x00",
        ),
    ]
)
TRANSFER = ("--chown={}", "--chmod={}", "--link", "--exclude={}")
FLAGS = {
    "FROM": ("--platform={}",),
    "COPY": ("--from={}", "--parents", *TRANSFER),
    "ADD": ("--checksum={}", "--unpack", "--keep-git-dir", *TRANSFER),
    "RUN": (
        *("--network=host", "--security=insecure", "--mount=target={}", "--mount=type=cache,target={},uid=1"),
        *("--mount=type=secret,id={}", "--mount=type=ssh,target={}", "--mount=from={},target=/t"),
        *("--mount=type=tmpfs,target={}", "--mount=type=secret,id={},env=A", "--mount=src={},target=a"),
    ),
}
OTHERS = ("ENV", "ARG", "WORKDIR", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "LABEL", "CMD", "MAINTAINER", "ENV {}")


@some.composite
def lines(draw):
    """A line that is right as far as it can be known without planning."""
    keyword = draw(some.sampled_from([*FLAGS, *FLAGS, *OTHERS]))
    flag = draw(some.sampled_from(("", *FLAGS.get(keyword, ())))).format(draw(WORDS))
    words = " ".join(draw(some.lists(WORDS, min_size=2, max_size=3)) if keyword in ("COPY", "ADD") else [draw(WORDS)])
    trigger = "ONBUILD " if keyword != "FROM" and draw(some.integers(0, 9)) == 0 else ""
    return f"{trigger}{keyword.format('A')} {flag} {words}"


FILES = some.lists(lines(), max_size=6).map(lambda found: "\n".join(["FROM a AS x", *found]))


class Images:
    """Images, one of which asks for something when a build stands on it."""

    def config(self, name, _platform):
        asks = Reference.parse(name).path.endswith("/b")
        config = ContainerConfig(working_dir="w", on_build=("COPY --from=x a b", "ENV A=c") if asks else ())
        return ImageConfig(platform=LINUX_AMD64, config=config)


def planned_or_error(text, **options):
    try:
        found = plan(parse(text), PlanOptions(**options), Images())
    except PydockError as error:
        # KeyError where a text is missing, or a field in it.
        for language in LANGUAGES:
            error.message(language)
            error.hint(language)
        return
    assert found.stage(found.target)
    assert found.context_paths is None or "" not in found.context_paths
    before = set()
    for stage in found.stages:
        assert stage.needs <= before
        before.add(stage.index)


@given(FILES)
def test_any_dockerfile(text):
    planned_or_error(text)


@given(FILES, WORDS, WORDS)
def test_any_option(text, name, said):
    planned_or_error(text, build_contexts={name: said, "b": f"target:{name}", "c": f"docker-image://{said}"})
    planned_or_error(text, target=name, build_args={"A": said, "SOURCE_DATE_EPOCH": name})


def test_a_thousand_stages_take_no_time():
    names = range(1000)
    chain = "\n".join(f"FROM s{name - 1} AS s{name}\nCOPY --from=s{name - 1} a b" for name in names if name)
    began = time.monotonic()
    planned_or_error(f"FROM scratch AS s0\n{chain}")
    assert time.monotonic() - began < 10
