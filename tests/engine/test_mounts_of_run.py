"""RUN --mount of all types, as root and without: what a step sees, what it may do there, and what stays of it."""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from samples.base_images import image_tree
from samples.users import ordinary_user, run_as

from pydock_lab.build.source import walk
from pydock_lab.engine.face import Engine
from pydock_lab.engine.options import SecretSource
from pydock_lab.errors import BuildError, PydockError
from pydock_lab.linux.tiers import Tier

pytestmark = pytest.mark.usefixtures("containers")
OTHERS = """FROM lab/base AS other
RUN mkdir -p /made/in && echo made > /made/file && echo deep > /made/in/deep && ln -s file /made/link && \\
    ln -s /made /also && chmod 640 /made/file
FROM lab/base
"""

numbers = count()


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """One store for all tests here: what they stand on is made once."""
    return Engine(tmp_path_factory.mktemp("mounts") / "home")


@pytest.fixture
def engine(workplace):
    """The store, without the caches of earlier tests."""
    for cache in workplace.full.home.cache_mounts.prune():
        assert not cache.path.exists()
    return workplace


@pytest.fixture
def context(tmp_path):
    root = tmp_path / "context"
    files = {
        "a": "a\n",
        "src/one": "one\n",
        "src/two.log": "two",
        "src/in/deep": "deep\n",
        "secret": "s",
        ".dockerignore": "**/*.log\nsecret",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "src/run").write_text("#!/bin/sh\necho ran\n")
    (root / "src/run").chmod(0o755)
    (root / "src/link").symlink_to("one")
    return root


def built(engine, *instructions, context=None, **more) -> list[str]:
    """What is in the image and not in its base."""
    # The number makes it another build than those of other tests.
    text = "\n".join([f"ENV NUMBER={next(numbers)}", *instructions])
    engine.build(OTHERS + text, "it:1", context=context, **more)
    base = {entry.path for entry in walk(image_tree(engine, "lab/base"), b"")}
    return sorted(entry.path.decode() for entry in walk(image_tree(engine, "it:1"), b"") if entry.path not in base)


def read(engine, path: str) -> str:
    return image_tree(engine, "it:1").read(path.encode()).decode()


BINDS = [
    # of the context: without what is ignored, as COPY would have it
    ("target=/m", "ls -A /m", ".dockerignore a src"),
    ("target=/m", "ls -A /m/src", "in link one run"),
    ("source=src,target=/m", "cat /m/one /m/link /m/in/deep", "one one deep"),
    ("source=src/one,target=/m/file", "cat /m/file; ls /m", "one file"),
    ("source=src/link,target=/m", "cat /m", "one"),
    ("source=src,target=/m", "/m/run", "ran"),
    ("source=src,target=/m", "stat -c %u:%g /m/one", "0:0"),
    ("source=src,target=/m", "touch /m/new || echo refused", "refused"),
    ("source=src,target=/m,rw", "echo new > /m/one && rm /m/link && cat /m/one && ls /m", "new in one run"),
    ("source=src,target=etc/m", "cat /etc/m/one", "one"),
    ("source=src/one,target=/etc/passwd", "cat /etc/passwd", "one"),
    ("source=src,target=/deeper/than/that", "cat /deeper/than/that/one", "one"),
    # of a stage or an image
    ("from=other,source=/made,target=/m", "cat /m/file /m/link /m/in/deep; stat -c %a /m/file", "made made deep 640"),
    ("from=other,source=/also/in,target=/m", "cat /m/deep", "deep"),
    ("from=other,source=/made/file,target=/m", "cat /m", "made"),
    ("from=other,target=/m", "cat /m/made/file; ls -d /m/etc", "made /m/etc"),
    ("from=other,source=/made,target=/m", "touch /m/new || echo refused", "refused"),
    ("from=other,source=/made,target=/m,rw", "echo new > /m/file && rm /m/link && cat /m/file && ls /m", "new file in"),
    ("from=lab/base,source=/etc,target=/m", "ls -d /m/passwd", "/m/passwd"),
    ("from=lab/base,source=/bin,target=/m", "/m/echo hi", "hi"),
]


@pytest.mark.parametrize(("mount", "command", "says"), BINDS)
def test_bind(engine, context, mount, command, says):
    before = {path: path.read_bytes() for path in context.rglob("*") if path.is_file()}
    found = built(engine, f"RUN --mount=type=bind,{mount} ({command}) > /out 2> /dev/null", context=context)
    assert read(engine, "out").split() == says.split()
    # Nothing of the mount, and none of the places for it, is in the image; and what was bound is as it was.
    assert found == ["out"]
    assert {path: path.read_bytes() for path in context.rglob("*") if path.is_file()} == before
    again = built(engine, "RUN --mount=from=other,source=/made,target=/m cat /m/* > /out 2>/dev/null; true")
    assert (again, read(engine, "out")) == (["out"], "made\nmade\n")


def test_mounts_in_mounts(engine, context):
    mounts = "--mount=target=/m --mount=from=other,source=/made,target=/m/src/in --mount=type=tmpfs,target=/m/src/in/in"
    found = built(
        engine, f"RUN {mounts} ls /m/src/in > /out; ls /m/src/in/in >> /out; cat /m/a >> /out", context=context
    )
    assert (found, read(engine, "out").split()) == (["out"], ["file", "in", "link", "a"])


@pytest.mark.parametrize(
    ("mount", "key"),
    [
        ("source=secret,target=/m", "build.copy-missing"),
        ("source=src/two.log,target=/m", "build.copy-missing"),
        ("source=missing,target=/m", "build.copy-missing"),
        ("from=other,source=/missing,target=/m", "build.copy-missing"),
    ],
)
def test_what_cannot_be_bound(engine, context, mount, key):
    with pytest.raises(BuildError) as caught:
        built(engine, f"RUN --mount={mount} true", context=context)
    assert (caught.value.key, caught.value.fields["line"]) == (key, 6)


def test_what_is_bound_is_in_the_key_and_what_is_ignored_is_not(engine, context):
    def image(*, edit=""):
        if edit:
            (context / edit).write_text("edited")
        text = f"{OTHERS}RUN --mount=source=src,target=/m ls /m > /out\n"
        return engine.build(text, context=context).image.details.config.history[-1].created

    first = image()
    assert image(edit="src/two.log") == image(edit="a") == first
    assert image(edit="src/one") != first


# ---- tmpfs


@pytest.mark.parametrize(
    ("mount", "command", "says"),
    [
        ("target=/t", "echo x > /t/x && ls /t", "x"),
        pytest.param(
            "target=/t,size=1m", "head -c 2000000 /dev/zero > /t/x || echo full", "full", id="size-of-its-own"
        ),
        ("target=/t,size=3m", "head -c 2000000 /dev/zero > /t/x && echo fits", "fits"),
        ("target=/t", "cp /bin/sh /t/shell && /t/shell -c 'echo runs'", "runs"),
        ("target=/etc", "ls /etc/passwd || echo covered", "covered"),
        pytest.param("target=/t", "stat -f -c %T /t", "tmpfs", id="type-of-its-own"),
    ],
)
def test_tmpfs(engine, mount, command, says):
    assert built(engine, f"RUN --mount=type=tmpfs,{mount} ({command}) > /out 2> /dev/null") == ["out"]
    assert read(engine, "out").split() == says.split()


# ---- cache


@pytest.mark.parametrize(
    ("first", "then", "says"),
    [
        ("target=/c", "target=/c", "kept"),
        ("target=/c,id=x", "target=/elsewhere,id=x", "kept"),
        ("target=/c", "target=/c,sharing=locked", "kept"),
        ("target=/c", "target=/c,sharing=private", "kept"),
        ("target=/c", "target=/other", ""),
        ("target=/c,id=x", "target=/c", ""),
    ],
)
def test_a_cache_stays_and_is_in_no_image(engine, first, then, says):
    assert built(engine, f"RUN --mount=type=cache,{first} echo kept > /c/x && touch /out") == ["out"]
    target = then.partition("target=")[2].partition(",")[0]
    assert built(engine, f"RUN --mount=type=cache,{then} cat {target}/x > /out 2> /dev/null; true") == ["out"]
    assert read(engine, "out").strip() == says


@pytest.mark.parametrize(
    ("mount", "command", "says"),
    [
        ("target=/c", "stat -c %a /c", "755"),
        ("target=/c,mode=1777", "stat -c %a /c", "1777"),
        ("target=/c,uid=5,gid=6", "stat -c %u:%g /c", "5:6"),
        ("target=/c,ro", "touch /c/x || echo refused", "refused"),
        (
            "target=/c,from=other,source=/made",
            "cat /c/file /c/in/deep && touch /c/new && ls /c",
            "made deep file in link new",
        ),
        ("target=/c,from=other,source=/made", "stat -c %a /c/file", "640"),
        ("target=/c,from=lab/base,source=/etc", "ls -d /c/passwd", "/c/passwd"),
    ],
)
def test_a_new_cache(engine, mount, command, says):
    if "uid=5" in mount and engine.full.home.runtime.tier == "rootless-single":
        pytest.skip("owners are only pretended here")
    assert built(engine, f"RUN --mount=type=cache,{mount} ({command}) > /out 2> /dev/null") == ["out"]
    assert read(engine, "out").split() == says.split()


def test_a_cache_is_seeded_once(engine):
    mount = "--mount=type=cache,target=/c,from=other,source=/made"
    built(engine, f"RUN {mount} echo changed > /c/file && rm -r /c/in")
    built(engine, f"RUN {mount} cat /c/file > /out; ls /c >> /out")
    assert read(engine, "out").split() == ["changed", "file", "link"]
    built(engine, "RUN --mount=from=other,source=/made,target=/m cat /m/file > /out")
    assert read(engine, "out") == "made\n"


def test_a_user_that_is_not_root_writes_where_it_may(engine):
    mount = "--mount=type=cache,target=/c,uid=1000,gid=1000,mode=700"
    lines = ["USER 1000:1000", "WORKDIR /tmp/w", f"RUN {mount} echo mine > /c/x && cp /c/x out"]
    built(engine, *lines)
    assert read(engine, "tmp/w/out") == "mine\n"


def test_a_part_of_a_cache_and_never_what_is_outside_of_it(engine, tmp_path):
    (tmp_path / "outside").write_text("outside")
    built(engine, f"RUN --mount=type=cache,target=/c mkdir /c/in && echo in > /c/in/x && ln -s {tmp_path} /c/out")
    built(engine, "RUN --mount=type=cache,target=/i,id=/c,source=in cat /i/x > /out")
    assert read(engine, "out") == "in\n"
    with suppress(PydockError):
        built(engine, "RUN --mount=type=cache,target=/i,id=/c,source=out ls /i > /out; true")
    assert "outside" not in read(engine, "out")


WAIT = "for i in $(seq 100); do test -e /c/{other} && exit 0; sleep 0.1; done; exit 1"
AT_ONCE = {
    # Each waits for the other: they are in it at the same time.
    "shared": "touch /c/{own}; " + WAIT,
    # Each finds nothing of the other's, however long it stays.
    "private": "touch /c/{own}; sleep 0.7; test ! -e /c/{other}",
    # Who is in it is alone.
    "locked": "mkdir /c/busy && sleep 0.4 && rmdir /c/busy",
}


@pytest.mark.parametrize("sharing", AT_ONCE)
def test_two_builds_at_once(engine, sharing):
    engine.build("FROM lab/base\nRUN true\n")  # what both need is there

    def one(own: str, other: str) -> None:
        command = AT_ONCE[sharing].format(own=own, other=other)
        text = f"FROM lab/base\nRUN --mount=type=cache,target=/c,sharing={sharing} : {own}; {command}\n"
        Engine(engine.full.home.root).build(text)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(one, ("a", "b"), ("b", "a")))


@pytest.mark.parametrize("sharing", AT_ONCE)
def test_two_stages_at_once(engine, sharing):
    def stage(own: str, other: str) -> str:
        command = AT_ONCE[sharing].format(own=own, other=other)
        return f"FROM lab/base AS {own}\nRUN --mount=type=cache,target=/c,sharing={sharing} : {own}; {command}\n"

    engine.build(stage("a", "b") + stage("b", "a") + "FROM lab/base\nCOPY --from=a /etc /1\nCOPY --from=b /etc /2\n")


# ---- secrets


@pytest.mark.parametrize(
    ("mount", "command", "says"),
    [
        ("id=s", "stat -c '%a %u:%g' /run/secrets/s", "400 0:0"),
        ("id=s,mode=0444", "stat -c %a /run/secrets/s", "444"),
        ("id=s,target=/etc/s", "cat /etc/s", "secret"),
        ("id=s,target=s", "cat /run/secrets/s || cat s", "secret"),
        ("id=s,uid=5,gid=6,mode=0440", "stat -c '%a %u:%g' /run/secrets/s", "440 5:6"),
        ("id=s,env=NAME", "echo $NAME; ls /run/secrets", "secret"),
        ("id=s,env=NAME,target=/f", "echo $NAME; cat /f", "secret secret"),
        ("id=none", "ls /run/secrets/none || echo none", "none"),
        ("id=s", "echo x > /run/secrets/s || echo refused", "refused"),
    ],
)
def test_secret(engine, tmp_path, mount, command, says):
    if "uid=5" in mount and engine.full.home.runtime.tier == "rootless-single":
        pytest.skip("owners are only pretended here")
    (tmp_path / "s").write_text("secret\n")
    secrets = (SecretSource(id="s", path=tmp_path / "s"),)
    assert built(engine, f"RUN --mount=type=secret,{mount} ({command}) > /out 2> /dev/null; true", secrets=secrets) == [
        "out"
    ]
    assert read(engine, "out").split() == says.split()


# ---- and all of it without root


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("tier", [Tier.ROOTLESS, Tier.ROOTLESS_SINGLE, Tier.TRACED])
def test_all_of_it_without_root(need, tier):
    need("newuidmap")
    with ordinary_user() as user:
        # Where nothing can be mounted, a folder on disk stands for a tmpfs (and the engine says so).
        without = "not without_root and not of-its-own" if tier is Tier.TRACED else "not without_root"
        options = ["-q", "-p", "no:cacheprovider", "-x", "--no-header", "-k", without]
        done = run_as(user, "-m", "pytest", *options, str(Path(__file__)), tier=tier, TIER=tier)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_this_is_the_tier_that_was_meant(engine):
    assert engine.full.home.runtime.tier == os.environ.get("TIER", engine.full.home.runtime.tier)
