"""Advice on builds, tried for real: the proposed edit is applied, and then both the prediction and the build hit."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from samples.base_images import busybox_tar

from pydock_lab.engine.advising import Advising
from pydock_lab.engine.face import Engine
from pydock_lab.engine.options import BuildOptions
from pydock_lab.oci import Descriptor
from pydock_lab.views import Outcome, ProposalKind, SecretPlace, WasteReason

PIP = '#!/bin/sh\n[ "$1" = install ] && sort requirements.txt > /installed\n'
COPY_ALL = "FROM base/one:1\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"
ARG_FIRST = "FROM base/one:1\nARG VERSION=1\nRUN seq 100000 > /numbers\nRUN echo $VERSION > /version\n"
GIT = "FROM base/one:1\nCOPY . /app\nRUN ls /app > /list\n"


def edit(context: Path):
    (context / "app.py").write_text("print('changed')")


def fetch(context: Path):
    (context / ".git" / "HEAD").write_text("another")


CASES = {
    "copy first": (COPY_ALL, edit, {}, ProposalKind.COPY_FIRST, "pip install"),
    "move ARG": (ARG_FIRST, lambda _context: None, {"VERSION": "2"}, ProposalKind.MOVE_VARIABLE, "seq 100000"),
    "ignore": (GIT, fetch, {}, ProposalKind.IGNORE, "ls /app"),
}


@pytest.fixture
def context(tmp_path):
    folder = tmp_path / "context"
    (folder / ".git").mkdir(parents=True)
    for name, text in (("requirements.txt", "flask"), ("app.py", "print()"), (".git/HEAD", "main")):
        (folder / name).write_text(text)
    return folder


def fresh(folder: Path) -> Engine:
    engine = Engine(folder)
    engine.full.import_(io.BytesIO(busybox_tar({"pip": PIP})), "base/one:1")
    return engine


def outcome(view, words):
    return next(step.outcome for step in view.steps if words in step.text)


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_a_proposal_keeps_what_it_says(case, context, tmp_path):
    dockerfile, change, build_args, kind, words = case
    before = BuildOptions(dockerfile=dockerfile, context=context, tags=("app:1",))
    engine = fresh(tmp_path / "first")
    engine.full.build(before)
    change(context)
    engine.full.build(replace(before, build_args=build_args))
    assert outcome(engine.full.explain("app:1"), words) is Outcome.MISSED
    found = [one for one in engine.full.what_if("app:1").proposals if one.kind is kind]
    assert words in found[0].text

    # The same once more, from the beginning, with the edit.
    original = {"app.py": "print()", ".git/HEAD": "main"}
    for name, text in original.items():
        (context / name).write_text(text)
    if found[0].ignore != found[0].old_ignore:
        (context / ".dockerignore").write_text(found[0].ignore)
    edited = replace(before, dockerfile=found[0].dockerfile)
    engine = fresh(tmp_path / "second")
    engine.full.build(edited)
    change(context)
    edited = replace(edited, build_args=build_args)
    assert outcome(engine.full.predict(edited), words) is Outcome.CACHED
    engine.full.build(edited)
    assert outcome(engine.full.explain("app:1"), words) is Outcome.CACHED


@pytest.mark.usefixtures("containers")
def test_weight_tells_what_is_wasted_and_which_secret_is_there(context, tmp_path):
    engine = fresh(tmp_path / "home")
    (context / "big.bin").write_bytes(bytes(200_000))
    (context / "id_rsa").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n")
    text = "FROM base/one:1\nCOPY big.bin id_rsa /data/\nRUN chmod 600 /data/big.bin\nRUN rm /data/id_rsa\n"
    engine.full.build(BuildOptions(dockerfile=text, context=context, tags=("heavy:1",)))
    weight = engine.full.weigh("heavy:1")
    wasted = {file.path: file for file in weight.wasted}
    assert wasted["/data/big.bin"].reason is WasteReason.METADATA
    assert wasted["/data/big.bin"].size == 200_000
    assert wasted["/data/id_rsa"].reason is WasteReason.DELETED
    assert [secret.place for secret in weight.secrets] == [SecretPlace.DELETED_FILE]


def test_weight_of_a_context(context, engine):
    (context / "data").mkdir()
    (context / "data" / "heavy.csv").write_bytes(bytes(50_000))
    found = engine.full.weigh_context(context)
    assert found.top.inside[0].path == "data"
    assert ".git" in found.advised


def test_each_layer_is_read_once_for_all_its_files(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        (tmp_path / f"{number}.json").write_text("AKIAIOSFODNN7EXAMPLE" if number == 17 else "{}")
    engine.build("FROM scratch\nCOPY . /\n", "many:1", context=tmp_path)
    opened = []
    read = Advising._tar

    def counted(self: Advising, layer: Descriptor) -> Iterator[bytes]:
        opened.append(layer)
        return read(self, layer)

    monkeypatch.setattr(Advising, "_tar", counted)
    weight = engine.full.weigh("many:1")
    assert [one.name for one in weight.secrets] == ["/17.json"]
    assert len(opened) <= 2
