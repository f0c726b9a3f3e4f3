"""Pictures that give advice: an image and a build context by weight, and edits that would have kept the cache."""

import re
import shlex
import subprocess
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from samples import weights
from samples.weights import CONTEXT, WEIGHT, WHAT_IF

from pydock_lab.drawing import context_weight, details, edits, image_weight, to_dot, to_svg
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.weighed_rows import weight_rows
from pydock_lab.drawing.weight_lanes import lanes_of
from pydock_lab.views import ProposalKind

SVG = "{http://www.w3.org/2000/svg}"
ENGLISH = Speech.of("en")


def picks(view, width=1000):
    root = ET.fromstring(to_svg(view, width=width, language="en"))
    return {one.get("data-pick"): one for one in root.iter(f"{SVG}g") if one.get("data-pick")}


def words(element):
    return "|".join(element.itertext())


def lengths(element, css):
    return [float(one.get("width")) for one in element.iter(f"{SVG}rect") if css in one.get("class", "").split()]


def detail(view, key):
    return next(one for one in details(view, language="en") if one.key == key)


# ---- an image


def test_layers_stand_on_the_base_and_a_step_without_a_layer_where_it_was():
    assert list(picks(WEIGHT)) == ["weight-5", "weight-4", "weight-3", "weight-2", "weight-1", "secret-2", "weight-0"]


@pytest.mark.parametrize("width", [480, 1200])
def test_bars_have_one_scale_and_the_wasted_part_is_striped(width):
    found = picks(WEIGHT, width)
    long, short = (lengths(found[key], "built-bar")[0] for key in ("weight-1", "weight-2"))
    assert long / short == pytest.approx(88 / 40, rel=0.01)
    striped = lengths(found["weight-1"], "deleted-fill")[0]
    assert striped / long == pytest.approx(30 / 88, rel=0.01)
    assert lengths(found["weight-3"], "deleted-fill") == []


@pytest.mark.parametrize("width", [480, 1200])
def test_waste_says_who_wrote_and_who_hid_it(width):
    found = picks(WEIGHT, width)
    said = words(found["weight-1"]).replace("|", " ")
    assert (
        "30.0 MB /var/lib/apt/lists/main and 1 more step 3 wrote it, step 6 deleted it: it stays in its layer" in said
    )
    assert "hides 30.0 MB of step 3" in words(found["weight-4"])
    assert "hides 6.0 MB of the base image" in words(found["weight-4"])
    assert "mode or owner (0644 → 0600)" in words(found["weight-2"]).replace("|", " ")


def test_a_way_leads_from_who_hides_to_each_reason():
    root = ET.fromstring(to_svg(WEIGHT, width=1000))
    tips = [one for one in root.iter(f"{SVG}polygon") if one.get("points", "").count(",") == 3]
    warnings = 2
    assert len(tips) - warnings == 3


def test_ways_that_would_cross_have_lanes_of_their_own():
    assert lanes_of(weight_rows(WEIGHT)) == {(3, 2): 0, (4, 1): 1, (4, 0): 2}
    assert max(lanes_of(weight_rows(weights.HOSTILE_WEIGHT)).values()) < 4


def test_secrets_stand_at_their_step_and_are_never_whole():
    found = picks(WEIGHT)
    assert "a token (ghp_…) in ENV GH_TOKEN" in words(found["secret-2"])
    assert "a private key in the file /srv/id_rsa" in words(found["weight-5"])
    assert "a private key" in found["weight-5"].get("aria-label")


def test_behind_a_layer_are_its_files_and_what_to_do():
    found = detail(WEIGHT, "weight-1")
    assert [file.path for file in found.files][:2] == ["/usr/bin/cc1", "/var/lib/apt/lists/main"]
    (_, files), (_, advice) = found.texts
    assert files.count("\n") == 1
    assert advice.startswith("Delete in the same RUN")
    assert ("share of the image", "40 %") in found.facts
    assert detail(WEIGHT, "secret-2").texts[0][1].startswith("Give secrets with RUN --mount=type=secret")


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (WEIGHT, "Whoever has this image has 2 secrets"),
        (replace(WEIGHT, secrets=()), "76.0 MB (35 %) are stored and sent, and nobody sees them"),
        (replace(WEIGHT, secrets=(), wasted=()), "Step 3 weighs most: 40 % of the image."),
        (weights.SLIM, "The base image weighs most: 100 % of all."),
        (weights.EMPTY, "An image without a single layer"),
    ],
)
def test_the_lesson_of_an_image(view, said):
    assert said in image_weight.lesson_of(view, ENGLISH)


def test_hundreds_of_files_are_few_lines():
    svg = to_svg(weights.HOSTILE_WEIGHT, width=1000)
    assert float(ET.fromstring(svg).get("height")) < 4000
    assert len(detail(weights.HOSTILE_WEIGHT, "weight-0").texts[0][1].splitlines()) == 61


def test_who_hides_what_is_a_graph():
    assert '"weight-4" -> "weight-1" [style=dashed' in to_dot(WEIGHT, language="en")


def test_layers_of_an_image_from_elsewhere_are_told_apart():
    steps = tuple(replace(step, number=0, text="") for step in WEIGHT.steps[:3])
    labels = [one.get("aria-label") for one in picks(replace(WEIGHT, steps=steps, wasted=(), secrets=())).values()]
    assert labels[0] == "base image, layer 3, 40.0 MB, 40.0 MB of it wasted"


# ---- a context


def test_a_context_is_a_tree_with_its_depths():
    found = picks(CONTEXT)
    levels = {key: one.get("aria-level") for key, one in found.items()}
    assert (levels["part-0"], levels["part-0-0"], levels["part-2-0-1"]) == ("1", "2", "3")
    assert "part-1-0" not in found  # nobody needs what is inside of what nobody needs


def test_what_is_sent_needless_and_left_out_differ_by_more_than_colour():
    found = picks(CONTEXT)
    assert lengths(found["part-0"], "built-bar")
    assert not lengths(found["part-1"], "built-bar")
    assert "seldom needed" in words(found["part-1"])
    assert lengths(found["part-4"], "dashed")
    assert "left out by .dockerignore: 18.0 MB, 4100 files" in words(found["part-4"])
    assert "left out by .dockerignore: 9.0 MB, 1 file" in found["part-2"].get("aria-label")


def test_files_that_are_not_shown_are_counted():
    root = words(ET.fromstring(to_svg(CONTEXT, language="en")))
    assert "… and 38 more files, 1.0 MB" in root
    assert "more file," not in root


@pytest.mark.parametrize("lines", [(".git", "**/__pycache__"), ("it's", "$(date)", "a b", "`id`")])
def test_the_advised_lines_can_be_copied_as_they_are(lines, tmp_path):
    found = detail(replace(CONTEXT, advised=lines), context_weight.IGNORE_KEY)
    assert found.texts == ((".dockerignore", "\n".join(lines)),)
    subprocess.run(["sh", "-c", found.command], cwd=tmp_path, check=True)
    assert (tmp_path / ".dockerignore").read_text() == "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize(("name", "command"), [(".", "."), ("app", "app/"), ("/srv", "/srv"), ("~/a", "~/a")])
def test_the_command_means_a_folder_and_no_image(name, command):
    assert shlex.split(context_weight.command(replace(CONTEXT, name=name))) == ["pydock", "weigh", command]


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (CONTEXT, "22.4 MB are sent with every build"),
        (replace(CONTEXT, top=replace(CONTEXT.top, inside=CONTEXT.top.inside[:1])), "leaves out 27.0 MB"),
        (weights.PLAIN_CONTEXT, "COPY . puts all of it into the image"),
        (weights.EMPTY_CONTEXT, "An empty context"),
    ],
)
def test_the_lesson_of_a_context(view, said):
    assert said in context_weight.lesson_of(view, ENGLISH)


# ---- edits


@pytest.mark.parametrize("width", [480, 1200])
def test_an_edit_is_lines_with_signs(width):
    said = words(picks(WHAT_IF, width)["proposal-2"])
    assert "+|COPY requirements.txt ./|+|RUN pip install -r requirements.txt|COPY . .|-|RUN pip install" in said


@pytest.mark.parametrize("width", [480, 1200])
def test_both_builds_have_one_scale(width):
    """What is saved is as long as the step was, but for the box that every step has."""
    card = picks(WHAT_IF, width)["proposal-2"]
    boxes = [one for one in card.iter(f"{SVG}rect") if one.get("height") == "24"]
    was = [one for one in boxes if one.get("y") == boxes[0].get("y")]
    assert len(was) == 6  # CONFIG takes no time
    *now, saved = [one for one in boxes if one.get("y") != boxes[0].get("y")]
    assert [one.get("class").split()[1] for one in now] == [
        "base-fill", "cached-fill", "built-fill", "cached-fill", "built-fill", "built-fill",
    ]  # fmt: skip
    least = float(now[3].get("width"))
    assert float(was[3].get("width")) - least == pytest.approx(float(saved.get("width")), abs=2.5)
    assert float(was[4].get("width")) == pytest.approx(float(now[4].get("width")), abs=0.2)
    assert "54.3 s" in words(card)
    assert "13.0 s" in words(card)
    assert "saved 41.3 s" in words(card)


def test_behind_an_edit_is_the_whole_text_with_it():
    (_, now), (_, was) = detail(WHAT_IF, "proposal-2").texts
    assert now.splitlines()[2:5] == ["COPY requirements.txt ./", "RUN pip install -r requirements.txt", "COPY . ."]
    assert was.splitlines()[2] == "COPY . ."
    assert detail(WHAT_IF, "proposal-1").texts[0][1].splitlines()[-1] == "**/__pycache__"


def test_an_old_record_without_steps_has_edits_all_the_same():
    found = picks(replace(WHAT_IF, steps=()))
    assert "as it was" not in words(found["proposal-1"])
    assert float(ET.fromstring(to_svg(replace(WHAT_IF, steps=()))).get("height")) > 200


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (WHAT_IF, "54.3 s: what no step needs"),
        (replace(WHAT_IF, proposals=WHAT_IF.proposals[1:]), "41.3 s: what changes often belongs below"),
        (weights.NO_EDIT, "No edit is known"),
    ],
)
def test_the_lesson_of_edits(view, said):
    assert said in edits.lesson_of(view, ENGLISH)


def test_every_kind_of_edit_has_its_words():
    kinds = tuple(replace(WHAT_IF.proposals[1], kind=kind) for kind in ProposalKind)
    labels = [one.get("aria-label") for one in picks(replace(WHAT_IF, proposals=kinds)).values()]
    assert len(set(labels)) == len(kinds)
    assert all(re.match(r"\d\. .+, saves 41\.3 s and 31\.0 MB", label) for label in labels)
