"""Names: what a tag means, how it moved, and that other programs read the same."""

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pydock_lab.errors import Corrupt, NotFound
from pydock_lab.oci import Reference
from pydock_lab.store import ImageLayout, Store

APP = Reference.parse("app:1")


def names(store: Store) -> list[str]:
    return [image.reference.familiar if image.reference else "<none>" for image in store.layout.images()]


def test_a_tag_moves_and_leaves_its_old_image_without_a_name(store: Any, image: Any) -> None:
    one, two = image("one"), image("two")
    assert store.layout.tag(APP, one) is None
    assert store.layout.tag(APP, two) == one.digest
    assert names(store) == ["<none>", "app:1"]
    assert store.layout.resolve(APP) == two
    assert [(m.before, m.after) for m in store.layout.moves(APP)] == [(None, one.digest), (one.digest, two.digest)]


def test_a_name_comes_back_to_an_image_without_one(store: Any, image: Any) -> None:
    one, two = image("one"), image("two")
    for descriptor in (one, two, one):
        store.layout.tag(APP, descriptor)
    assert [i.descriptor.digest for i in store.layout.images()] == [two.digest, one.digest]


def test_many_names_one_image(store: Any, image: Any) -> None:
    one = image("one")
    other = Reference.parse("ghcr.io/lab/app:2")
    for reference in (APP, other):
        store.layout.tag(reference, one)
    assert store.layout.references(one.digest) == (APP, other)
    store.layout.untag(APP)
    assert names(store) == ["ghcr.io/lab/app:2"]
    assert store.layout.drop(one.digest) == (other,)
    assert store.layout.moves(other)[-1].after is None


def test_tagging_the_same_again_is_no_move(store: Any, image: Any) -> None:
    for _ in range(2):
        store.layout.tag(APP, image("one"))
    assert len(store.layout.moves()) == 1


@pytest.mark.parametrize("keep", [True, False])
def test_the_last_name_goes(store: Any, image: Any, keep: Any) -> None:
    store.layout.tag(APP, image("one"))
    store.layout.untag(APP, keep=keep)
    assert names(store) == (["<none>"] if keep else [])


def test_no_such_image(store: Any) -> None:
    for ask in (store.layout.resolve, store.layout.untag):
        with pytest.raises(NotFound, match="app:1"):
            ask(APP)


def test_by_digest(store: Any, image: Any) -> None:
    one = image("one")
    store.layout.add(one)
    assert store.layout.resolve(APP.with_digest(one.digest)) == one


def test_a_broken_index_is_told(store: Any) -> None:
    (store.root / "index.json").write_text("{")
    with pytest.raises(Corrupt, match=r"index\.json"):
        store.layout.images()


def test_half_a_line_of_the_log_is_passed_over(store: Any, image: Any) -> None:
    store.layout.tag(APP, image("one"))
    with (store.root / "tags.jsonl").open("a") as log:
        log.write('{"when": "20')
    assert len(store.layout.moves()) == 1


def test_the_move_after_half_a_line_is_not_lost(store: Any, image: Any) -> None:
    one, two = image("one"), image("two")
    store.layout.tag(APP, one)
    with (store.root / "tags.jsonl").open("a") as log:
        log.write('{"format": 1, "when": "2026')
    store.layout.tag(APP, two)
    assert [move.after for move in store.layout.moves(APP)] == [one.digest, two.digest]


def test_other_layouts_see_the_change_at_once(store: Any, image: Any) -> None:
    other = ImageLayout(store.root)
    assert other.images() == ()
    store.layout.tag(APP, image("one"))
    assert other.resolve(APP) == store.layout.resolve(APP)


def test_threads_lose_no_tag(store: Any, image: Any) -> None:
    one = image("one")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.layout.tag(APP.with_tag(str(n)), one), range(40)))
    assert len(store.layout.images()) == len(store.layout.moves()) == 40


def test_processes_lose_no_tag(store: Any, image: Any) -> None:
    one = image("one")
    program = (
        "import sys; from pydock_lab.store import Store; from pydock_lab.oci import Reference\n"
        "store = Store.open(); app = Reference.parse('app:1'); one = store.layout.resolve(app)\n"
        "for n in range(20): store.layout.tag(app.with_tag(f'{sys.argv[1]}-{n}'), one)"
    )
    store.layout.tag(APP, one)
    running = [subprocess.Popen([sys.executable, "-c", program, str(n)]) for n in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert len(store.layout.images()) == 61


@pytest.mark.peers
@pytest.mark.parametrize("name", ["app:1", "lab/app:latest", "localhost:5000/lab/app:2"])
def test_skopeo_reads_a_name(need: Callable[[str], str], store: Any, image: Any, name: Any, tmp_path: Path) -> None:
    store.layout.tag(Reference.parse(name), image("one"))
    store.layout.tag(Reference.parse("other:1"), image("two"))
    source, target = f"oci:{store.root}:{name}", f"oci:{tmp_path / 'copy'}:x"
    subprocess.run([need("skopeo"), "--insecure-policy", "copy", source, target], check=True, capture_output=True)
    copied = json.loads((tmp_path / "copy" / "index.json").read_bytes())
    assert copied["manifests"][0]["digest"] == store.layout.resolve(Reference.parse(name)).digest


@pytest.mark.peers
def test_skopeo_writes_a_name_that_we_read(need: Callable[[str], str], store: Any, image: Any) -> None:
    store.layout.tag(APP, image("one"))
    subprocess.run(
        [need("skopeo"), "--insecure-policy", "copy", f"oci:{store.root}:app:1", f"oci:{store.root}:theirs"],
        check=True,
        capture_output=True,
    )
    assert store.layout.resolve(Reference.parse("theirs")).digest == store.layout.resolve(APP).digest


@pytest.mark.peers
def test_umoci_lists_what_is_here(need: Callable[[str], str], store: Any, image: Any) -> None:
    store.layout.tag(APP, image("one"))
    listed = subprocess.run([need("umoci"), "list", "--layout", str(store.root)], check=True, capture_output=True)
    assert listed.stdout.decode().split() == ["app:1"]
