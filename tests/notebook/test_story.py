"""Builds as they stand in a cell: interleaved steps, output, transfers, and what stays when all is over."""

import re
import time
from xml.etree import ElementTree as ET

import pytest
from samples import happenings
from samples.happenings import Moments, begins, happen, says, starts

from pydock_lab import locale
from pydock_lab.events import StepFailed
from pydock_lab.notebook.region import Region
from pydock_lab.notebook.story import Story


@pytest.fixture(autouse=True)
def english():
    locale.set_lang("en")


def story(events, *, until=float("inf")):
    clock = Moments()
    found = Story(clock=clock)
    watch = found.tell

    def watcher(event):
        watch(event)

    watcher.tick = lambda: None
    happen(events, watcher, clock, until=until)
    return found


def text(events, **more):
    return story(events, **more).bundle()["text/plain"].splitlines()


def html(events, **more):
    found = story(events, **more).bundle()["text/html"]
    ET.fromstring(f"<div>{found}</div>")  # well-formed, so that nothing of a stranger's text is markup
    return found


def test_steps_stand_in_the_order_of_the_file_whichever_began_first():
    assert text(happenings.PARALLEL, until=1.35) == [
        "Building: 4 of 9, 1.3 s",
        "✓ stage lint: not needed for the target, skipped",
        "✓ [build 1/3] FROM docker.io/lab/base  0.0 s",
        "✓ [build 2/3] COPY src /src  from the cache",
        "▸ [build 3/3] RUN make -C /src  1.2 s",
        "    cc -c main.c",
        "    cc -c util.c",
        "✓ [docs 1/2] FROM docker.io/lab/base  0.0 s",
        "▸ [docs 2/2] RUN sphinx /src  1.2 s",
        "    reading sources",
        "    writing 100%",
    ]


def test_when_all_is_well_it_folds_into_one_line_and_keeps_the_output_below():
    shown = html(happenings.PARALLEL)
    assert shown.startswith('<details class="pydock-story"><summary>')
    assert "app:1: 9 steps, 1 from the cache, 3.4 s" in shown
    assert shown.count(">3 lines<") == 1
    folded = re.findall(r"<details><summary.*?</summary><pre[^>]*>(.*?)</pre>", shown, re.DOTALL)
    assert [lines.splitlines() for lines in folded] == [
        ["cc -c main.c", "cc -c util.c", "ld -o app"],
        ["reading sources", "writing 100%"],
    ]
    assert text(happenings.PARALLEL)[-1].startswith("app:1")


def test_a_failure_stays_open_and_what_still_ran_is_given_up():
    found = story(happenings.FAILING)
    found.end()
    lines = found.bundle()["text/plain"].splitlines()
    assert lines[0] == "Build failed: 6 of 10, 1.7 s"
    assert "✗ [build 3/3] RUN make -C /src  1.5 s" in lines
    assert "    main.c:3: error: ';' expected" in lines
    assert "✗ [docs 2/2] RUN sphinx /src  given up" in lines
    assert "<details" not in found.bundle()["text/html"].partition("RUN make")[0]


def test_what_travels_has_a_bar_until_it_is_here():
    on_the_way = html(happenings.DOWNLOADS, until=2.4)
    assert on_the_way.count("<progress") == 1
    assert '<progress value="0.500">' in on_the_way
    assert "5.0 MB / 10.0 MB" in on_the_way
    assert "<progress" not in html(happenings.DOWNLOADS)


@pytest.mark.parametrize("language", locale.LANGUAGES)
def test_every_mark_has_a_name(language):
    locale.set_lang(language)
    shown = html(happenings.FAILING)
    assert shown.count('role="img" aria-label="') == len(re.findall("[▸✓✗]", shown))
    assert 'aria-label=""' not in shown


def test_hostile_words_are_words():
    events = [(0.0, begins()), (0.0, starts(4)), (0.1, says(4, "<script>alert(1)</script>\x1b[2J\x00\n"))]
    events.append((0.2, StepFailed(step=4, seconds=0.1, message="<b>")))
    assert "<script>" not in html(events)


def test_the_seconds_go_on_where_nothing_happens():
    shown = []
    with Region(lambda: shown.append(1) or {}, pulse=0.05) as region:
        region._live = True
        time.sleep(0.5)
    assert len(shown) >= 3
