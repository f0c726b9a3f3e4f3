"""A container's start that is stepped through: what is seen between its steps, and the states of the picture."""

import re
from xml.etree import ElementTree as ET

import pytest
from samples.starts import ROOTLESS_START, START, failing, record

from pydock_lab import locale
from pydock_lab.drawing import Theme, details, to_dot, to_svg, to_text
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.start_words import seen, took
from pydock_lab.engine import starts

SVG = "{http://www.w3.org/2000/svg}"


def step(name):
    return next(one for one in START.steps if one.name == name)


@pytest.mark.parametrize(
    ("name", "changed", "before", "after"),
    [
        ("clone", "processes", ("1 systemd", "2 kthreadd", "871 sshd", "... 210"), ("1 python",)),
        ("loopback", "addresses", ("lo",), ("lo 127.0.0.1",)),
        ("pivot_root", "root", START.outside.root, ("bin", "dev", "etc", "home", "proc", "sys", "usr")),
        ("hostname", "hostname", "laptop", "web"),
        ("clone", "namespaces", {"mnt": "4026531832"}, {"mnt": "4026532300"}),
        ("exec", "processes", ("1 python",), ("1 nginx -g daemon off;",)),
    ],
)
def test_what_a_step_changes_is_seen(name, changed, before, after):
    one = step(name)
    assert changed in one.changed
    was, now = getattr(START.before(one), changed), getattr(one.after, changed)
    if isinstance(was, dict):
        was, now = ({kind: inode for kind, inode in sight.items() if kind in before} for sight in (was, now))
    assert (was, now) == (before, after)


def test_the_host_is_gone_after_umount():
    assert START.before(step("umount")).mounts[-1] == "devtmpfs on /dev"
    mounts = ("overlay on /", "proc on /proc", "bind on /etc/hosts", "bind on /data (ro,nodev)")
    assert START.inside.mounts == mounts
    assert len(START.inside.capabilities) == 14
    assert START.outside.capabilities == ("ALL",)


def test_what_was_done_ahead_has_no_time():
    assert [one.name for one in START.steps if one.is_ahead] == ["clone", "loopback"]
    assert START.seconds == pytest.approx(0.0114)
    assert START.ahead_seconds == pytest.approx(0.0008)


def test_a_page_has_all_states_a_saved_picture_shows_where_another_tree_becomes_the_root():
    root = ET.fromstring(to_svg(START, width=1000, theme=Theme.HOST, language="en"))
    states = [one for one in root.iter(f"{SVG}g") if one.get("class") == "trace-state"]
    assert [one.get("data-state") for one in states] == [str(one.number) for one in START.steps]
    shown = [one.get("data-state") for one in states if one.get("display") is None]
    assert shown == [str(step("pivot_root").number)]
    assert to_svg(START).count("trace-state") == 1
    assert [one.key for one in details(START)] == [f"step-{one.number}" for one in START.steps]


@pytest.mark.parametrize("language", locale.LANGUAGES)
def test_a_step_as_text_shows_its_calls_and_both_sides(language):
    text = to_text(START.standing_at(step("hostname").number), language=language)
    assert 'sethostname("web")   sethostname(2)' in text
    assert "- hostname   laptop\n+ hostname   web" in text
    whole = to_text(START, language=language)
    assert whole.count("\n") > len(START.steps)
    lines = [re.sub("[○⌂∥✗]", "", line).split() for line in whole.splitlines()]
    assert all([str(one.number), one.name] in [line[:2] for line in lines] for one in START.steps)


def test_changes_come_first():
    found = list(seen(START, step("pivot_root")))
    assert [one.name for one in found if one.has_changed] == ["ls /", "mount"]
    assert [one.has_changed for one in found] == sorted((one.has_changed for one in found), reverse=True)


def test_small_durations():
    speech = Speech.of("en")
    assert [took(value, speech) for value in (0.0000134, 0.0123, 2.5)] == ["13 µs", "12.3 ms", "2.5 s"]


def test_every_kind_of_step_has_a_phase_and_a_sentence():
    for name in starts._PHASE_OF:
        for language in locale.LANGUAGES:
            assert Speech.of(language).say(f"start-{name}")


def test_the_graph_has_every_step():
    assert to_dot(START).count("->") >= len(START.steps) - 1


def lines_of(view, name, language="en"):
    """What changed, as text: `{"- mount": "..."}`."""
    number = next(one.number for one in view.steps if one.name == name)
    lines = to_text(view.standing_at(number), language=language).splitlines()
    return {" ".join(line.split()[:2]): line[13:] for line in lines if line[:2] in ("- ", "+ ")}


def test_only_what_goes_and_what_comes_is_shown():
    assert lines_of(START, "umount") == {
        "- mount": "/dev/nvme0n1p2 on /, proc on /proc, sysfs on /sys, devtmpfs on /dev",
    }
    assert lines_of(START, "mount") == {"+ mount": "proc on /proc"}
    assert "mnt 4026531832" in lines_of(START, "clone")["- lsns"]
    assert lines_of(START, "clone")["+ lsns"] == "mnt 4026532300"


@pytest.mark.parametrize("width", [480, 1000])
def test_two_long_texts_that_begin_alike_are_told_apart(width):
    long = "a" * 300
    document = record("web", "nginx:1", ["true"], long + "-new")
    document["outside"] = {**document["outside"], "hostname": long + "-old"}
    trace = starts.run_trace(document)
    found = lines_of(trace, "hostname")
    assert found["- hostname"].endswith("a-old")
    assert found["+ hostname"].endswith("a-new")
    number = next(one.number for one in trace.steps if one.name == "hostname")
    drawn = "".join(ET.fromstring(to_svg(trace.standing_at(number), width=width)).itertext())
    assert "a-old" in drawn
    assert "a-new" in drawn


@pytest.mark.parametrize("language", locale.LANGUAGES)
def test_a_mount_shows_how_its_tree_was_taken_hold_of(language):
    (one,) = (one for one in START.steps if one.detail.startswith("/srv/data"))
    (held,) = (one for one in START.steps if one.name == "hold")
    assert [(call.text.partition("(")[0], call.step) for call in one.calls] == [
        *(("open_tree", held.number), ("mount_setattr", held.number)),
        *(("mount_setattr", 0), ("move_mount", 0)),
    ]
    text = to_text(START.standing_at(one.number), language=language)
    assert 'open_tree(AT_FDCWD, "/srv/data", OPEN_TREE_CLONE|AT_RECURSIVE) = 5' in text
    assert "MOUNT_ATTR_RDONLY" in text
    assert "(ro)" in text
    assert "+ mount      bind on /data (ro,nodev)" in text


@pytest.mark.parametrize("language", locale.LANGUAGES)
def test_a_user_namespace_is_a_step_that_was_made_once(language):
    first = ROOTLESS_START.steps[0]
    assert (first.name, first.is_once) == ("user-namespace", True)
    text = to_text(ROOTLESS_START.standing_at(1), language=language)
    assert Speech.of(language).say("start-is-once") in text
    assert '"newuidmap", "812", "0", "1000", "1", "1", "100000", "65536"' in text
    assert "- id         uid=1000 gid=1000\n+ id         uid=0 gid=0\n+ capsh      ALL" in text
    assert lines_of(ROOTLESS_START, "user-namespace")["- lsns"] == "mnt 4026531832 user 4026531835"
    # It is no time of this start.
    assert ROOTLESS_START.ahead_seconds == START.ahead_seconds


@pytest.mark.parametrize("language", locale.LANGUAGES)
def test_a_start_that_failed_ends_with_the_step_that_failed(language):
    locale.set_lang(language)
    trace = starts.run_trace(failing())
    last = trace.steps[-1]
    whole = to_text(trace, language=language)
    (row,) = (line for line in whole.splitlines() if line.startswith(f"{last.number:>3} ✗"))
    assert row.endswith("= -1 ENOENT  (+2)")
    for text in (whole, to_text(trace.standing_at(last.number), language=language)):
        assert trace.error in text
        assert trace.hint in text
    drawn = ET.fromstring(to_svg(trace, width=1000, theme=Theme.HOST, language=language))
    said = "".join(drawn.itertext())
    assert 'execve("/bin/ngnix", ["ngnix"], ...) = -1 ENOENT' in said
    marked = [one for one in drawn.iter(f"{SVG}rect") if "deleted-line" in (one.get("class") or "")]
    assert marked


def test_a_command_of_many_lines_is_cut():
    words = ["sh", "-c", "echo x\n" * 500]
    trace = starts.run_trace(record("web", "nginx:1", words, "web"))
    text = to_text(trace.standing_at(trace.steps[-1].number))
    assert max(map(len, text.splitlines())) < 450


@pytest.mark.parametrize(("flags", "key"), [(0x20000000, "clone"), (0x04000000, "clone-shared"), (0, "clone-plain")])
def test_only_who_has_numbers_of_its_own_is_number_1(flags, key):
    document = record("web", "nginx:1", ["true"], "web")
    document["steps"][0]["calls"] = [["clone3", [flags, True], 0.0]]
    text = to_text(starts.run_trace(document).standing_at(1), language="en")
    assert Speech.of("en").say(f"start-{key}") in text
    assert ("number 1" in text) == (key == "clone")
