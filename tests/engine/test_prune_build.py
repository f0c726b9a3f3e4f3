"""What builds leave in the store: it is told by kind, lives on as long as it should, and goes when it is asked to."""

import json

import pytest
from samples.faces import RememberingFace

from pydock_lab.cli import invoke
from pydock_lab.engine.build_storage import BuildStorage, RecordType

CACHED = "FROM lab/base\nRUN --mount=type=cache,id=mine,target=/c echo x >> /c/n && cp /c/n /n\nCOPY a /a\n"


@pytest.fixture
def docker(engine):
    """`docker("builder", "prune", "-f")`: what it wrote."""

    def do(*words, answers=()):
        face = RememberingFace(answers=answers)
        assert invoke(words, open_engine=lambda: engine.full, face=face) == 0
        return face.written

    return do


@pytest.fixture
def build(engine, tmp_path):
    """Builds, and says what was in the cache mount."""
    context = tmp_path / "context"
    context.mkdir()
    (context / "a").write_text("a")

    def do(**more):
        engine.build(CACHED, "app:1", context=context, **more)
        container = engine.run("app:1", "cat", "/n")
        count = container.logs().count("x")
        container.remove()
        return count

    return do


def kinds(engine):
    found = {}
    for one in BuildStorage(engine.full.home).all():
        found[one.type] = found.get(one.type, 0) + 1
    return found


@pytest.mark.usefixtures("containers")
def test_a_cache_mount_survives_builds_and_goes_with_prune(build, docker):
    assert [build(no_cache=True) for _ in range(3)] == [1, 2, 3]
    assert "exec.cachemount mine" in docker("builder", "prune", "-f", "--filter", "type=exec.cachemount")
    assert build(no_cache=True) == 1


@pytest.mark.usefixtures("containers")
def test_each_kind_goes_alone(engine, build, docker):
    build()
    before = kinds(engine)
    assert {RecordType.REGULAR, RecordType.CACHE_MOUNT, RecordType.LOCAL, RecordType.HISTORY} <= before.keys()
    for kind in (RecordType.CACHE_MOUNT, RecordType.REGULAR, RecordType.HISTORY, RecordType.LOCAL, RecordType.INTERNAL):
        docker("buildx", "prune", "-a", "-f", "--filter", f"type={kind}")
        assert kinds(engine).keys() == before.keys() - {kind}, kind
        before = kinds(engine)
    assert before == {}


@pytest.mark.usefixtures("containers")
def test_without_all_what_images_need_stays(engine, build, docker):
    build()
    docker("builder", "prune", "-f")
    left = kinds(engine)
    assert RecordType.CACHE_MOUNT not in left
    assert left[RecordType.REGULAR] == 2
    assert left[RecordType.HISTORY] == 1
    docker("rmi", "app:1")
    docker("builder", "prune", "-f")
    assert RecordType.REGULAR not in kinds(engine)


@pytest.mark.usefixtures("containers")
def test_sizes_are_told_and_won_back(engine, build, docker, tmp_path):
    (tmp_path / "context" / "a").write_bytes(bytes(range(256)) * 4000)
    build()
    docker("rmi", "app:1")
    rows = [json.loads(line) for line in docker("system", "df", "--format", "json").splitlines()]
    [cache] = [row for row in rows if row["Type"] == "Build Cache"]
    assert int(cache["TotalCount"]) == sum(kinds(engine).values())
    before = sum(path.stat().st_size for path in engine.full.home.root.glob("blobs/sha256/*"))
    said = docker("builder", "prune", "-a", "-f").splitlines()[-1]
    after = sum(path.stat().st_size for path in engine.full.home.root.glob("blobs/sha256/*"))
    assert before > after
    assert said.startswith("Total reclaimed space: ")
    assert said != "Total reclaimed space: 0 B"
    assert engine.full.check() == ()


def test_old_records_go_and_the_last_ones_stay(engine, docker):
    for number in range(55):
        engine.build(f"FROM scratch\nLABEL n={number}\n", "app:1" if number == 0 else "")
    for image in engine.full.images(all_=True):
        if image.tag == "<none>":
            engine.full.remove_image(image.image_id)
    docker("builder", "prune", "-f")
    assert kinds(engine)[RecordType.HISTORY] == 51
    assert engine.explain("app:1").steps


def test_it_asks_first(engine, docker, tmp_path):
    (tmp_path / "a").write_text("a")
    engine.build("FROM scratch\nCOPY a /a\n", context=tmp_path)
    assert docker("builder", "prune", "-a", answers=["n"]) == ""
    assert kinds(engine)
    docker("builder", "prune", "-a", answers=["y"])
    assert kinds(engine) == {}
