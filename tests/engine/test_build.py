"""Builds with real layers: what is cached, what is in the image, what the record keeps."""

import hashlib
import json
import tarfile

import pytest
from samples.base_images import image_tree

from pydock_lab.engine.run_options import CommitOptions
from pydock_lab.errors import BuildError, DockerfileError, NotFound, RegistryError
from pydock_lab.events import CacheHit, CacheMissed, StepOutput
from pydock_lab.oci import Digest, ImageConfig, Manifest
from pydock_lab.store.blobs import BlobWriter
from pydock_lab.views import ChangeKind, Origin

TWO_STAGES = """
FROM lab/base AS tools
ARG WORD=hello
RUN mkdir /out && echo $WORD > /out/word
FROM scratch
COPY --from=tools /out/word /word
COPY data /data/
ENV A=1
CMD ["/word"]
"""


def keys(events) -> list[bool]:
    """Whether each step with a key was a hit."""
    return [isinstance(event, CacheHit) for event in events if isinstance(event, CacheHit | CacheMissed)]


@pytest.fixture
def context(tmp_path):
    folder = tmp_path / "context"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "a.txt").write_text("a")
    return folder


@pytest.mark.usefixtures("containers")
def test_a_linked_copy_belongs_to_whom_the_name_means_below_it(engine, context):
    (context / "one").write_text("one")
    for uid in (7, 9):
        passwd = f"RUN echo new:x:{uid}:8::/:/bin/sh >> /etc/passwd"
        engine.build(f"FROM lab/base\n{passwd}\nCOPY --link --chown=new one /one\n", "it:1", context=context)
        assert image_tree(engine, "it:1").entry(b"one").uid == uid


@pytest.mark.usefixtures("containers")
def test_no_prune_comes_between_a_layer_and_what_keeps_it(engine, context, monkeypatch):
    """A layer that nobody leases when it comes into the store could be taken out again at once."""
    committed = BlobWriter.commit
    unprotected = []

    def look_first(self, digest, *more):
        if digest not in engine.full.home.leases.protected():
            unprotected.append(digest)
        committed(self, digest, *more)

    monkeypatch.setattr(BlobWriter, "commit", look_first)
    (context / "one").write_text("one")
    engine.build("FROM lab/base\nWORKDIR /new\nCOPY one .\nRUN echo two > two\n", "it:1", context=context)
    engine.run("it:1", "sh", "-c", "echo three > three", name="writer")
    engine.full.commit(CommitOptions(container="writer", reference="it:2"))
    assert unprotected == []


@pytest.mark.usefixtures("containers")
def test_a_second_build_is_all_cache_and_the_same_image(engine, context):
    events = []
    first = engine.build(TWO_STAGES, "two:1", context=context)
    second = engine.build(TWO_STAGES, "two:2", context=context, on_event=events.append)
    assert keys(events) == [True, True, True]
    assert (second.image.id, second.image.digest) == (first.image.id, first.image.digest)


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize(
    ("change", "hits"),
    [
        ("touch", [True, True, True]),
        ("content", [True, True, False]),
        ("mode", [True, True, False]),
        ("argument", [False, False, True]),
    ],
)
def test_what_makes_a_step_miss(engine, context, change, hits):
    engine.build(TWO_STAGES, context=context)
    events = []
    file = context / "data" / "a.txt"
    build_args = {}
    if change == "touch":
        file.touch()
    elif change == "content":
        file.write_text("b")
    elif change == "mode":
        file.chmod(0o600)
    else:
        build_args = {"WORD": "other"}
    engine.build(TWO_STAGES, context=context, build_args=build_args, on_event=events.append)
    # With another argument the stage runs again; its file is new, and what stands on it misses too.
    assert keys(events) == (hits if change != "argument" else [False, False, False])


@pytest.mark.usefixtures("containers")
def test_a_stage_that_gives_the_same_file_again_hits(engine):
    def build(comment):
        events = []
        text = f"FROM lab/base AS a\nRUN echo same > /x # {comment}\nFROM scratch\nCOPY --from=a /x /x\n"
        engine.build(text, on_event=events.append)
        return keys(events)

    assert build("one") == [False, False]
    assert build("two") == [False, True]


@pytest.mark.usefixtures("containers")
def test_the_documents_in_the_store_say_what_was_built(engine, context):
    image = engine.build(TWO_STAGES, "two:1", context=context).image
    blobs = engine.full.home.blobs
    manifest = Manifest.from_bytes(blobs.read(Digest(image.digest)))
    config = ImageConfig.from_bytes(blobs.read(manifest.config))
    assert config.config.cmd == ("/word",)
    assert config.config.env == ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "A=1")
    assert [entry.empty_layer for entry in config.history] == [False, False, True, True]
    assert len(config.diff_ids) == len(manifest.layers) == 2


@pytest.mark.usefixtures("containers")
def test_the_record_keeps_every_key_such_that_its_digest_can_be_computed_again(engine, context):
    result = engine.build(TWO_STAGES, context=context)
    record = json.loads((engine.full.home.root / "builds" / result.build / "record.json").read_text())
    texts = [(step["key"], step["key_digest"]) for step in record["steps"] if step["key"]]
    assert len(texts) == 5
    for text, digest in texts:
        assert "sha256:" + hashlib.sha256(text.encode()).hexdigest() == digest


@pytest.mark.usefixtures("containers")
def test_the_view_shows_what_each_layer_did(engine):
    text = "FROM lab/base\nRUN echo secret > /password\nRUN rm /password\nENV A=1\n"
    rows = engine.build(text).stack.rows
    assert [row.origin for row in rows] == [Origin.BASE, Origin.BUILT, Origin.BUILT, Origin.CONFIG]
    assert [(change.path, change.kind) for change in rows[1].changes] == [("/password", ChangeKind.ADDED)]
    deleted = rows[2].changes[0]
    assert (deleted.path, deleted.kind, deleted.size) == ("/password", ChangeKind.DELETED, 7)
    again = engine.build(text).stack.rows
    assert [row.origin for row in again] == [Origin.BASE, Origin.CACHED, Origin.CACHED, Origin.CONFIG]


@pytest.mark.usefixtures("containers")
def test_a_failed_step_says_which_and_what_it_wrote(engine):
    with pytest.raises(BuildError) as caught:
        engine.build("FROM lab/base\nRUN echo before; echo broken >&2; exit 7\n")
    assert "exit code: 7" in caught.value.message("en")
    assert (caught.value.fields["line"], caught.value.fields["step"]) == (2, 2)
    assert "broken" in caught.value.hint("en")
    assert not list((engine.full.home.root / "active").iterdir())


@pytest.mark.usefixtures("containers")
def test_output_comes_while_the_step_runs(engine):
    events = []
    engine.build("FROM lab/base\nRUN echo out; echo err >&2\n", on_event=events.append)
    texts = {event.stream.value: event.text for event in events if isinstance(event, StepOutput)}
    assert texts == {"stdout": "out\n", "stderr": "err\n"}


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize(
    ("instructions", "command", "prints"),
    [
        ("USER 1000:1000", "id -u", "1000"),
        ("RUN echo app:x:70:71::/home:/bin/sh >> /etc/passwd\nUSER app\nRUN id -u > /tmp/id", "cat /tmp/id", "70"),
        ("ENV WORD=there", "echo $WORD", "there"),
        ("WORKDIR /a\nWORKDIR b", "pwd", "/a/b"),
        ("COPY --chown=5:6 <<EOF /f\nx\nEOF", "stat -c %u:%g /f", "5:6"),
        ("COPY --chmod=711 <<EOF /f\nx\nEOF", "stat -c %a /f", "711"),
        ("RUN <<EOF\ncd /tmp\necho in > here\nEOF", "cat /tmp/here", "in"),
        ("RUN <<EOF\n#!/bin/bash\necho ${BASH_VERSION:+bash} > /shell\nEOF", "cat /shell", "bash"),
        (
            "RUN --mount=type=tmpfs,target=/t touch /t/x && ls /t > /list",
            "cat /list; ls -d /t 2>/dev/null || echo gone",
            "x\ngone",
        ),
        ("RUN --mount=type=cache,target=/c echo kept > /c/x", "ls -d /c 2>/dev/null || echo gone", "gone"),
        ('SHELL ["/bin/bash", "-c"]\nRUN echo $0 > /shell', "cat /shell", "/bin/bash"),
    ],
)
def test_instructions_have_their_effect(engine, instructions, command, prints):
    engine.build(f"FROM lab/base\n{instructions}\n", "it:1")
    container = engine.run("it:1", "sh", "-c", command, auto_remove=False)
    assert container.logs().strip() == prints


@pytest.mark.usefixtures("containers")
def test_add_unpacks_an_archive_and_copy_does_not(engine, tmp_path):
    (tmp_path / "inside").write_text("unpacked")
    with tarfile.open(tmp_path / "a.tar.xz", "w:xz") as archive:
        archive.add(tmp_path / "inside", "inside")
    engine.build("FROM lab/base\nADD a.tar.xz /added/\nCOPY a.tar.xz /copied/\n", "it:1", context=tmp_path)
    container = engine.run("it:1", "sh", "-c", "cat /added/inside; ls /copied")
    assert container.logs() == "unpackeda.tar.xz\n"


def test_without_run_no_container_is_needed(engine, context):
    result = engine.build("FROM scratch\nCOPY data /data\nLABEL a=b\n", "plain:1", context=context)
    assert [row.instruction for row in result.stack.rows] == ["COPY data /data", "LABEL a=b"]
    assert "runtime" not in engine.full.home.__dict__


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("FROM lab/base\nCOPY missing /x\n", BuildError, "missing"),
        ("FROM lab/base\nCOPY --from=nothing/such /x /x\n", RegistryError, "registry"),
        ("FROM lab/base\nCOPY --chown=nobody_such <<E /x\nE\n", BuildError, "nobody_such"),
        ("FROM lab/base\nBAD\n", DockerfileError, "BAD"),
        ("", DockerfileError, "no instructions"),
        ("ARG A=1\n", BuildError, "no stages"),
    ],
)
def test_what_cannot_be_built(engine, text, error, says):
    with pytest.raises(error, match=says):
        engine.build(text)


def test_a_context_that_is_not_there(engine, tmp_path):
    with pytest.raises(NotFound, match="nowhere"):
        engine.build("FROM scratch\nCOPY a /a\n", context=tmp_path / "nowhere")


def test_of_two_names_the_picture_has_the_one_that_was_asked_for(engine):
    result = engine.build("FROM lab/base\n", "it:1")
    names = [engine.image(name).layers.name for name in ("it:1", "lab/base", "lab/base:latest")]
    assert (result.image.name, result.stack.name) == ("it:1", "it:1")
    assert names == ["it:1", "lab/base:latest", "lab/base:latest"]
