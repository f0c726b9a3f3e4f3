"""A build that is stepped through: its order, its states, its time, its lines and its tree of files."""

import os
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from samples.traces import FAILED, TRACE
from samples.views import change

from pydock_lab.drawing import Theme, details, to_svg, to_text
from pydock_lab.drawing.file_trees import tree_rows
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.trace_lines import rows
from pydock_lab.drawing.trace_times import Timeline
from pydock_lab.drawing.trace_words import default_step, lesson_of
from pydock_lab.views import StepOutcome

SVG = "{http://www.w3.org/2000/svg}"
IN_TIME = [1, 7, 10, 11, 2, 8, 3, 4, 9, 5, 6, 12, 13, 14, 15, 16, 17]


def groups(view, theme=Theme.HOST, width=1000):
    root = ET.fromstring(to_svg(view, width=width, theme=theme, language="en"))
    return {one.get("data-pick"): one for one in root.iter(f"{SVG}g") if one.get("data-pick")}, [
        one for one in root.iter(f"{SVG}g") if one.get("class") == "trace-state"
    ]


def test_steps_are_chosen_in_the_order_in_which_they_began():
    picks, _ = groups(TRACE)
    assert [int(key.removeprefix("step-")) for key in picks] == IN_TIME
    assert [detail.key for detail in details(TRACE, language="en")] == list(picks)


def test_forwards_and_backwards():
    seen, view = [], TRACE.standing_at(1)
    while view.at:
        seen.append(view.at)
        view = view.forward()
    assert seen == IN_TIME
    assert view.forward() == view
    while view.at != 1:
        view = view.back()
        assert seen.pop() == view.at
    assert view.back() == view


def test_where_one_stands_what_comes_later_has_not_begun():
    picks, _ = groups(TRACE.standing_at(9))
    state = {key.removeprefix("step-"): one.get("class") for key, one in picks.items()}
    assert [int(number) for number, classes in state.items() if "later" in classes] == IN_TIME[9:]
    assert [number for number, classes in state.items() if "now" in classes] == ["9"]


def test_a_page_has_all_states_and_shows_one_a_saved_picture_has_one():
    _, live = groups(TRACE)
    assert [one.get("data-state") for one in live] == [str(number) for number in IN_TIME]
    assert [one.get("data-state") for one in live if one.get("display") is None] == ["4"]
    _, saved = groups(TRACE, Theme.AUTO)
    assert [one.get("data-state") for one in saved] == ["4"]


@pytest.mark.parametrize("width", [480, 1000])
def test_all_states_take_the_same_room(width):
    heights = {ET.fromstring(to_svg(TRACE, width=width, theme=Theme.HOST)).get("height")}
    heights |= {
        ET.fromstring(to_svg(TRACE.standing_at(at), width=width, theme=Theme.HOST)).get("height") for at in IN_TIME
    }
    assert len(heights) == 1


def test_what_ran_at_the_same_time_stands_side_by_side():
    picks, _ = groups(TRACE)

    def bar(number):
        found = next(one for one in picks[f"step-{number}"].iter(f"{SVG}rect") if "-bar" in one.get("class", ""))
        return float(found.get("x")), float(found.get("x")) + float(found.get("width"))

    assert bar(4)[0] < bar(9)[1]
    assert bar(9)[0] < bar(4)[1]
    assert bar(12)[0] >= bar(6)[1]


@pytest.mark.parametrize(
    ("view", "number"),
    [
        (TRACE, 4),  # the longest
        (FAILED, 3),
        (replace(TRACE, steps=tuple(one for one in TRACE.steps if one.outcome is not StepOutcome.MISSED)), 3),
        (replace(TRACE, steps=()), None),
    ],
)
def test_the_whole_build_shows_the_step_that_says_most(view, number):
    found = default_step(view)
    assert (found.number if found else None) == number
    assert to_svg(view, width=480)


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        (TRACE.steps, "9.0 s of work in 6.4 s"),
        (TRACE.steps[:3], "what once took 0.2 s"),
        (TRACE.steps[:4], "2 of 3 steps came from the cache"),
        (TRACE.steps[3:4], "Each step stands on the one above it"),
        (FAILED.steps, "Step 3 failed"),
        ((), "without a single step"),
    ],
)
def test_the_lesson_is_what_surprises_most(steps, words):
    assert words in lesson_of(replace(TRACE, steps=steps), Speech.of("en"))


def test_one_step_as_text_has_its_files_and_its_output():
    text = to_text(TRACE.standing_at(4), language="en")
    assert text.splitlines()[1] == "4.1 s · lines 7 to 8 · 214 changes · 995.0 kB"
    assert re.search(r"^\+ packages/ +993.8 kB$", text, re.MULTILINE)
    assert text.endswith("  Successfully installed flask-3.0.3")


def test_the_picture_in_the_documentation_is_this_one():
    path = Path(__file__).parents[2] / "docs" / "images" / "build-trace.svg"
    shown = to_svg(TRACE, width=900, language="en")
    if os.environ.get("PYDOCK_UPDATE_GOLDEN"):
        path.write_text(shown, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == shown


# ---- the Dockerfile


def test_every_line_is_there_once_and_a_comment_above_a_stage_is_its_own():
    found = list(rows(TRACE))
    numbers = [number for row in found for number, _ in row.lines]
    assert numbers == [number for number, line in enumerate(TRACE.dockerfile, 1) if line]
    head = next(at for at, row in enumerate(found) if row.stage and row.stage.title == "stage-3")
    assert found[head + 1].lines == ((19, "# What is delivered"),)


def test_long_steps_and_long_comments_are_cut():
    lines = (*(f"# {at}" for at in range(9)), "RUN a \\", *("  b \\" for _ in range(20)), "  c")
    step = replace(FAILED.steps[0], line=10, end_line=31)
    comment, run = rows(replace(FAILED, dockerfile=lines, steps=(step,)))
    assert comment.lines == ((1, "# 0"), (0, "… 7"), (9, "# 8"))
    assert [number for number, _ in run.lines] == [10, 11, 12, 13, 0, 31]
    assert run.lines[-2][1] == "… 17"


# ---- time


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0004, ["0.000 s"]),
        (0.07, ["0.00 s", "0.02 s", "0.04 s", "0.06 s"]),
        (6.4, ["0 s", "2 s", "4 s", "6 s"]),
        (100, ["0.0 s", "1 min 0 s"]),
        (50, ["0 s", "20 s", "40 s"]),
        (700, ["0.0 s", "5 min 0 s", "10 min 0 s"]),
    ],
)
def test_the_axis_has_round_seconds(seconds, words):
    step = replace(TRACE.steps[3], start=0.0, seconds=seconds)
    times = Timeline.of(replace(TRACE, seconds=seconds, steps=(step,)), 0, 300, Speech.of("en"))
    assert [
        "".join(one.itertext()) for axis in times.axis(0, Speech.of("en")) for one in [ET.fromstring(axis.write())]
    ] == words


# ---- files


def test_the_heaviest_folders_are_opened_as_long_as_there_is_room():
    changes = [
        change("+", "/usr/lib/a/1", 50),
        change("+", "/usr/lib/a/2", 40),
        change("+", "/usr/lib/b/1", 5),
        change("~", "/usr/lib/b/2", 6),
        change("-", "/etc/old", 3),
    ]
    found = [(row.depth, row.name, row.size, row.files) for row in tree_rows(changes, 6)]
    assert found == [
        (0, "usr/lib/", 101, 0),
        (1, "a/", 90, 0),
        (2, "1", 50, 0),
        (2, "2", 40, 0),
        (1, "b/", 11, 2),
        (0, "etc/old", 3, 0),
    ]


def test_a_folder_has_the_sign_of_all_that_is_in_it_or_none():
    found = {row.name: row.kind for row in tree_rows([change("+", "/a/1", 1), change("~", "/a/2", 1)], 1)}
    assert found == {"a/": None}
    found = {row.name: str(row.kind) for row in tree_rows([change("-", "/a/1", 1), change("-", "/a/2", 1)], 1)}
    assert found == {"a/": "deleted"}


def test_no_change_no_row():
    assert tree_rows([], 5) == ()


def test_what_onbuild_of_the_base_adds_has_rows_of_its_own():
    first = TRACE.steps[0]
    triggers = [replace(first, number=number, text=f"COPY {number} /") for number in (101, 102)]
    view = replace(TRACE, steps=(first, *triggers, *TRACE.steps[1:]))
    found = list(rows(view))
    at = next(at for at, row in enumerate(found) if row.step == first)
    assert [row.lines for row in found[at + 1 : at + 3]] == [((0, f"ONBUILD COPY {n} /"),) for n in (101, 102)]
    assert [row for row in found if row.step not in triggers] == list(rows(TRACE))
    assert {"step-1", "step-101", "step-102"} <= set(groups(view)[0])
