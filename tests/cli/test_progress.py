"""Progress of builds as a log and as a block in a terminal; PYDOCK_UPDATE_GOLDEN=1 writes the golden files anew."""

import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from samples import happenings
from samples.happenings import Moments, begins, ends, happen, hit, says, starts
from samples.terminal import Screen

from pydock_lab import locale
from pydock_lab.cli.progress import Progress, ticking
from pydock_lab.cli.progress.failure import excerpt
from pydock_lab.cli.progress.texts import flat, settled
from pydock_lab.cli.tabs import columns, cut
from pydock_lab.events import BlobDone, BlobProgress, BlobSkipped, Direction, Noted, StepFailed, TransferStarted

GOLDEN = Path(__file__).parent / "golden"
BUILDS = {"parallel": happenings.PARALLEL, "failing": happenings.FAILING, "downloads": happenings.DOWNLOADS}


def compare(name, shown):
    path = GOLDEN / name
    if os.environ.get("PYDOCK_UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(shown.encode())
    assert shown == path.read_bytes().decode()


@pytest.fixture(autouse=True)
def english():
    locale.set_lang("en")


def plain(events):
    clock, out = Moments(), io.StringIO()
    progress = Progress(out.write, clock=clock)
    happen(events, progress, clock)
    progress.close()
    return out.getvalue()


def tty(events, *, until=float("inf"), close=True, size=(72, 24), colours=False):
    clock, screen = Moments(), Screen(*size)
    progress = Progress(screen.write, terminal=lambda: screen.size, colours=colours, clock=clock)
    happen(events, progress, clock, until=until)
    if close:
        progress.close()
    return screen


# ---- a log


@pytest.mark.parametrize("name", BUILDS)
def test_the_log_of_a_build(name):
    compare(f"plain-{name}.txt", plain(BUILDS[name]))


def test_the_log_in_french_has_the_same_words_of_docker():
    locale.set_lang("fr")
    text = plain(happenings.PARALLEL)
    assert "lecture du contexte : 3 fichiers, 2,0 ko, 1 relus" in text
    assert re.findall(r"#\d+ (CACHED|DONE)", text).count("CACHED") == 1


def test_every_line_of_output_has_its_step_and_is_told_once():
    events = [(0.0, begins()), (0.0, starts(4)), (0.0, starts(6))]
    events += [(at / 20, says(4 if at % 3 else 6, f"line {at}\n")) for at in range(1, 600)]
    text = plain([*events, (31.0, ends(6, 31.0, cached=False)), (32.0, ends(4, 32.0, cached=False))])
    told = re.findall(r"^#(\d+) [\d.]+ line (\d+)$", text, re.MULTILINE)
    assert sorted(int(line) for _, line in told) == list(range(1, 600))
    assert {step for step, line in told if int(line) % 3} == {"1"}
    assert {step for step, line in told if not int(line) % 3} == {"2"}


def test_a_step_that_waits_is_heard_after_ten_seconds():
    events = [(0.0, begins()), (0.0, starts(4)), (0.1, starts(6)), (0.2, says(6, "me\n"))]
    events += [(at / 2, says(4, "much\n")) for at in range(1, 40)]
    lines = plain(events).splitlines()
    before = lines.index("#2 0.100 me")
    assert 18 < lines[:before].count("") + sum("much" in line for line in lines[:before]) < 24
    assert lines[before - 3 : before] == ["#1 ...", "", "#2 [docs 2/2] RUN sphinx /src"]


def test_a_line_that_has_not_ended_goes_on_where_it_stopped():
    events = [(0.0, begins()), (0.0, starts(4)), (0.2, says(4, "half")), (0.5, says(4, " whole\n"))]
    assert "#1 0.200 half whole\n" in plain(events)


def test_a_log_of_what_is_cached_has_no_turns():
    events = [(0.0, begins()), *((0.0, one) for step in (1, 2) for one in (starts(step), hit(step), ends(step)))]
    assert " ..." not in plain(events)


def test_a_silent_step_that_fails_is_shown():
    events = [(0.0, begins()), (0.0, starts(3)), (0.1, StepFailed(step=3, seconds=0.1, message="no"))]
    assert "#1 ENV CC=tcc\n#1 ERROR: no\n" in plain(events)


def test_transfers_in_a_log_are_a_line_a_layer():
    push = Direction.PUSH
    events = [
        TransferStarted(direction=push, reference="h/a:1"),
        BlobProgress(direction=push, digest=happenings.BASE, done=1, total=2),
        BlobSkipped(direction=push, digest=happenings.IMAGE, size=7, why="mounted"),
        BlobDone(direction=push, digest=happenings.BASE, size=2),
        Noted(text="a note"),
    ]
    text = plain([(0.0, event) for event in events])
    assert text.splitlines() == [
        "Pushing h/a:1",
        "5a3f5a3f5a3f: mounted from another repository",
        "1c5f1c5f1c5f: pushed (2 B)",
        "a note",
    ]


def test_a_quiet_progress_says_nothing():
    out = io.StringIO()
    progress = Progress(out.write, quiet=True)
    progress(begins())
    progress(starts(4))
    progress.close()
    assert out.getvalue() == ""


# ---- a block


@pytest.mark.parametrize("name", BUILDS)
def test_the_block_when_all_is_over(name):
    compare(f"tty-{name}.txt", tty(BUILDS[name]).text + "\n")


@pytest.mark.parametrize("second", [0.35, 1.35, 2.6])
def test_the_block_on_the_way(second):
    compare(f"tty-parallel-{second}.txt", tty(happenings.PARALLEL, until=second, close=False).text + "\n")


def test_colours_say_what_became_of_it_unless_nobody_wants_them():
    last = tty(happenings.FAILING, colours=True).writes[-2]
    colour = {line.split("m", 1)[1].strip()[3:13]: line[:5] for line in last.split("\n") if line.startswith("\x1b[3")}
    assert colour["ERROR [bui"] == "\x1b[31m"
    assert colour["CANCELED ["] == "\x1b[33m"
    assert colour["CACHED [bu"] == "\x1b[34m"
    assert not any("\x1b[3" in one for one in tty(happenings.FAILING).writes)


@pytest.mark.parametrize("size", [(40, 8), (72, 24), (120, 10), (20, 5), (8, 3)])
def test_every_size_is_respected(size):
    clock, screen = Moments(), Screen(*size)
    progress = Progress(screen.write, terminal=lambda: screen.size, colours=False, clock=clock)
    heights = []

    def watch(event):
        progress(event)
        heights.append(len(screen.rows))

    watch.tick = progress.tick
    happen(happenings.PARALLEL, watch, clock)
    assert screen.scrolled == []
    assert max(heights) <= size[1]
    progress.close()
    assert screen.text.count("[+]") == 1
    assert screen.has_cursor


def test_a_step_that_runs_is_always_in_sight():
    screen = tty(happenings.PARALLEL, until=1.3, close=False, size=(72, 5))
    assert [line.split("  ")[0] for line in screen.text.splitlines()[1:]] == [
        " => [docs 2/2] RUN sphinx /src",
        " => => # reading sources",
        " => [build 3/3] RUN make -C /src",
    ]


def test_it_draws_at_most_ten_times_a_second_and_each_time_in_one_write():
    clock, screen = Moments(), Screen()
    progress = Progress(screen.write, terminal=lambda: screen.size, clock=clock)
    progress(begins())
    progress(starts(4))
    for _ in range(1000):
        clock.now += 0.002
        progress(says(4, "x\n"))
    assert len(screen.writes) <= 21
    assert all(one.startswith("\x1b[?25l") and one.endswith("\x1b[?25h") for one in screen.writes)


def test_only_the_last_six_lines_of_output_are_shown():
    events = [(0.0, begins()), (0.0, starts(4)), (0.2, says(4, "".join(f"{at}\n" for at in range(50))))]
    shown = [line for line in tty(events, close=False).text.splitlines() if "#" in line]
    assert shown == [f" => => # {at}" for at in range(44, 50)]


def test_hostile_output_moves_no_cursor():
    text = "\x1b[2J\x1b[H\x1b]0;title\x07\x9b31mred\u202egnp \x07bell\n"
    events = [(0.0, begins()), (0.0, starts(4)), (0.3, says(4, text)), (0.5, says(4, ""))]
    assert "red" in tty(events, close=False).text  # Screen knows no other movements


def test_a_pull_is_a_block_as_well():
    screen = tty(happenings.DOWNLOADS[8:11], close=False)
    assert "[+] Pulling lab/tools" in screen.text
    assert "1c5f1c5f1c5f 5.0 MB / 10.0 MB" in screen.text


def test_nothing_happens_and_nothing_is_drawn():
    assert tty([]).writes == []


def test_seconds_go_on_without_an_event():
    screen = Screen()
    progress = Progress(screen.write, terminal=lambda: screen.size)
    with ticking(progress):
        progress(begins())
        progress(starts(4))
        time.sleep(0.45)
        drawn = len(screen.writes)
    assert drawn >= 3
    assert threading.active_count() == len([one for one in threading.enumerate() if one.name != "pydock progress"])


def test_ctrl_c_leaves_the_last_state_and_a_cursor():
    program = (
        "import sys, time\nfrom samples import happenings as h\nfrom pydock_lab.cli.progress import Progress, ticking\n"
        "with ticking(Progress(sys.stderr.write, terminal=lambda: (60, 20))) as progress:\n"
        "    progress(h.begins()); progress(h.starts(4)); print('now', flush=True); time.sleep(60)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    child = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    child.stdout.readline()
    time.sleep(0.3)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=20)
    screen = Screen(60, 20)
    screen.write(errors.partition("Traceback")[0])
    assert "CANCELED [build 3/3] RUN make" in screen.text
    assert screen.has_cursor


# ---- texts, and where a failure stands


@pytest.mark.parametrize(
    ("text", "room", "kept"),
    [("abc", 3, "abc"), ("abcd", 3, "abc"), ("日本", 3, "日"), ("e\u0301a", 1, "e\u0301"), ("abc", 0, "")],
)
def test_texts_are_cut_by_columns(text, room, kept):
    assert cut(text, room) == kept
    assert columns(kept) <= room


@pytest.mark.parametrize(
    ("written", "shown"),
    [("10%\r20%\r100%\n", "100%"), ("  \x1b[31mred\x1b[0m\n", "  red"), ("a\tb", "a       b"), ("a\x07", "a\ufffd")],
)
def test_a_line_of_output_is_settled(written, shown):
    assert settled(written) == shown


def test_a_name_is_one_flat_line():
    assert flat("RUN a\n\t b\x1b[2J\u202e") == "RUN a b\ufffd"


@pytest.mark.parametrize(
    ("lines", "shown"),
    [((1, 1), "1>2 3"), ((5, 5), "3 4 5>6 7"), ((9, 9), "7 8 9>"), ((3, 5), "2 3>4>5>6"), ((1, 9), ">" * 9)],
)
def test_the_lines_around_a_failure(lines, shown):
    text = excerpt("\n".join("abcdefghi"), "Dockerfile", lines)
    numbers = re.findall(r"^ +(\d+) \| (>>>|   )", text, re.MULTILINE)
    found = "".join(f"{number}{mark.strip()[:1] or ' '}" for number, mark in numbers).strip()
    assert found == (shown if lines != (1, 9) else "".join(f"{number}>" for number in range(1, 10)))
    assert text.startswith(f"Dockerfile:{lines[0]}\n")


@pytest.mark.parametrize("lines", [(0, 0), (10, 10), (3, 2)])
def test_lines_that_are_not_there_are_not_shown(lines):
    assert excerpt("a\nb\nc", "Dockerfile", lines) == ""
