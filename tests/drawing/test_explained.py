"""An explained build as a picture: who missed by itself, who because of whom, and both keys of each step."""

import hashlib
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from samples.explained import EXPLAINED, shop

from pydock_lab.drawing import details, to_dot, to_svg
from pydock_lab.drawing.explained import lesson_of, verdict
from pydock_lab.drawing.speech import Speech

SVG = "{http://www.w3.org/2000/svg}"
ENGLISH = Speech.of("en")


def rows(view, width=1000):
    root = ET.fromstring(to_svg(view, width=width, language="en"))
    return {one.get("data-pick"): one for one in root.iter(f"{SVG}g") if one.get("data-pick")}


def test_each_step_says_what_became_of_it_and_by_whose_fault():
    assert [verdict(step, ENGLISH) for step in EXPLAINED.steps] == [
        "from the cache",
        "configuration",
        "from the cache",
        "missed by itself",
        "missed because of step 4",
        "missed by itself",
        "missed by itself",
        "configuration",
    ]


@pytest.mark.parametrize("width", [480, 1000])
def test_the_cause_stands_below_its_step(width):
    words = {key: "|".join(one.itertext()) for key, one in rows(EXPLAINED, width).items()}
    assert "1 file differs:" in words["explained-4"]
    assert "[-one-]" in words["explained-7"]
    assert "differ" not in words["explained-5"]


def test_keys_that_are_the_same_have_one_print_and_an_equals_sign():
    found = rows(EXPLAINED)
    for number, same in [(1, True), (4, False)]:
        bars = [
            one.get("class")
            for one in found[f"explained-{number}"].iter(f"{SVG}rect")
            if "print-" in one.get("class", "")
        ]
        assert (bars[:6] == bars[6:]) is same
        assert ("=" if same else "≠") in "".join(found[f"explained-{number}"].itertext())


def test_behind_a_step_are_both_keys_and_how_to_compute_the_digest():
    detail = next(one for one in details(EXPLAINED, language="en") if one.key == "explained-7")
    (before, old), (after, new), (_, python) = detail.texts
    assert ("echo one" in old, "echo two" in new) == (True, True)
    assert before.startswith("the key in the earlier build: sha256:")
    assert after.startswith("the key now: sha256:")
    found = re.search(r"sha256\((.*)\.encode", python, re.DOTALL)
    assert found
    text = next(step.after.text for step in EXPLAINED.steps if step.number == 7)
    assert hashlib.sha256(text.encode()).hexdigest()[-4:] in after
    assert detail.command.endswith("--step 7")


def test_who_follows_from_whom_is_a_graph():
    assert re.findall(r'"step-\d" -> "step-\d"', to_dot(EXPLAINED, language="en"))[0] == '"step-4" -> "step-5"'


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (EXPLAINED, "Step 4 is where it began: 1 more step was done again"),
        (replace(EXPLAINED, steps=EXPLAINED.steps[:4]), "Only step 4 was done again"),
        (replace(EXPLAINED, steps=EXPLAINED.steps[:3]), "Every step was in the cache."),
        (replace(EXPLAINED, compared_with=""), "The first build has nothing in the cache"),
        (shop(no_cache=True), "done again"),
    ],
)
def test_the_lesson(view, words):
    assert words in lesson_of(view, ENGLISH)
