"""The writable layer in a container's card: which changes are drawn, and what is told of the image's files."""

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from samples.views import INSTANCES, SHOP_INSTANCES, WEB1, change, copied

from pydock_lab.drawing import details, to_svg, writable
from pydock_lab.drawing.speech import Speech
from pydock_lab.views import ContainerView, FileChange, Instances

FOLDER = replace(change("~", "/srv"), is_directory=True, layer=4)
ADDED = tuple(change("+", f"/new{number}", 1) for number in range(4))


def container(*changes: FileChange, fresh: tuple[str, ...] = ()) -> ContainerView:
    return replace(WEB1, changes=changes, changes_total=len(changes), fresh=fresh)


def picture(one: ContainerView) -> Instances:
    return Instances(images=(replace(SHOP_INSTANCES, containers=(one,)),))


@pytest.mark.parametrize(
    ("changes", "fresh", "paths"),
    [
        (ADDED, (), ["/new0", "/new1", "/new2"]),
        ((*ADDED, copied("/srv/app.py", 1)), (), ["/new0", "/new1", "/srv/app.py"]),
        ((*ADDED, copied("/srv/app.py", 1)), ("/new2", "/new3"), ["/new2", "/new3", "/srv/app.py"]),
        ((FOLDER, ADDED[0]), (), ["/new0"]),
    ],
)
def test_the_newest_come_first_and_then_those_of_the_image(
    changes: tuple[FileChange, ...], fresh: tuple[str, ...], paths: list[str]
) -> None:
    assert [one.path for one in writable.shown(container(*changes, fresh=fresh))] == paths


def test_folders_above_a_change_are_not_counted_as_left_out() -> None:
    high = writable.height(container(FOLDER, *ADDED[:3]))
    assert high == writable.height(container(*ADDED[:3]))
    assert high < writable.height(container(FOLDER, *ADDED))


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (copied("/srv/app.py", 380_400), "copied up from layer 5: 380.0 kB"),
        (replace(change("-", "/srv/app.py", 9_000), layer=3), "hidden: 9.0 kB stay in layer 4"),
    ],
)
def test_it_is_told_what_became_of_a_file_of_the_image(one: FileChange, words: str) -> None:
    view = picture(container(one))
    assert words in to_svg(view, language="en")
    found = {detail.key: detail for detail in details(view, language="en")}[f"file-{WEB1.id[:12]}-0"]
    assert found.title == "/srv/app.py"
    assert (dict(found.facts)["what happened"], found.command) == (words, "docker diff web1")
    assert dict(found.facts)["layer"].startswith(f"{one.layer + 1}. ")


@pytest.mark.parametrize("one", [copied("/srv/app.py", 1), ADDED[0]])
@pytest.mark.parametrize("is_new", [True, False])
def test_what_is_new_is_marked_and_said(one: FileChange, *, is_new: bool) -> None:
    root = ET.fromstring(to_svg(picture(container(one, fresh=(one.path,) if is_new else ())), language="fr"))
    marks = [node.get("data-fresh") for node in root.iter() if node.get("data-fresh")]
    assert marks == [f"{WEB1.id} {one.path}"] * is_new
    said = "".join(root.itertext()) + " ".join(node.get("aria-label") or "" for node in root.iter())
    assert ("nouveau" in said) is is_new


def test_a_file_of_an_image_that_is_gone_can_be_asked_about() -> None:
    gone = Instances(images=(replace(INSTANCES.images[0], layers=(), containers=(WEB1,)),))
    found = {detail.key: detail for detail in details(gone, language="en")}[f"file-{WEB1.id[:12]}-0"]
    assert dict(found.facts)["layer"] == "5. ?"
    assert writable.story(WEB1.changes[0], Speech.of("en")) == "copied up from layer 5: 380.0 kB"
