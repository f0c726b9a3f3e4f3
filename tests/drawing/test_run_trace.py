"""A container's start that is stepped through: what is seen between its steps, and the states of the picture."""

from xml.etree import ElementTree as ET

import pytest
from samples.starts import START

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
        ("exec", "processes", ("1 python",), ("1 nginx -g daemon off;",)),
    ],
)
def test_what_a_step_changes_is_seen(name, changed, before, after):
    one = step(name)
    assert changed in one.changed
    assert getattr(START.before(one), changed) == before
    assert getattr(one.after, changed) == after


def test_the_host_is_gone_after_umount():
    assert START.before(step("umount")).mounts[-1] == "devtmpfs on /dev"
    assert START.inside.mounts == ("overlay on /", "proc on /proc", "bind on /etc/hosts")
    assert len(START.inside.capabilities) == 14
    assert START.outside.capabilities == ("ALL",)


def test_what_was_held_for_later_is_no_step_and_what_was_done_ahead_has_no_time():
    assert "hold" not in [one.name for one in START.steps]
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
    assert all(f"{one.number:>3}  {one.name}" in whole for one in START.steps)


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
