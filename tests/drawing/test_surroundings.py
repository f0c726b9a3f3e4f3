"""Networks, volumes and events in the picture of containers: what is said of them, and when nothing is."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from samples.connected import CONNECTED, event
from samples.views import BASE_INSTANCES, INSTANCES, WEB1

from pydock_lab.drawing import cards, details, networks, panels, timeline, to_dot, to_svg, volumes
from pydock_lab.drawing.panels import Row
from pydock_lab.drawing.speech import Speech
from pydock_lab.views import EventKind, Instances, NetworkMember, NetworkView, VolumeView

EN, FR = Speech.of("en"), Speech.of("fr")


def network(name: str, *members: str, **more: Any) -> NetworkView:
    return NetworkView(id=name, name=name, members=tuple(NetworkMember(container=one) for one in members), **more)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([network("a", "web", "db")], "reaches the others by name"),
        ([network("a", "web"), network("b")], "reaches the others by name"),
        ([network("a", "web"), network("b", "db")], "there is no way"),
        ([network("a", "web", "api"), network("b", "db", "api")], "Only api is in several"),
        ([network("a", "web", "api"), network("b", "web", "api")], "Only web, api are in several"),
    ],
)
def test_it_is_said_what_keeps_networks_apart(found: Sequence[NetworkView], words: str) -> None:
    assert words in networks.lesson(found, EN)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (network("a"), "nobody is in it"),
        (network("a", "web", internal=True), "no way out of it, and none in from the host"),
        (network("a", "web", has_names=False), "the default one: no names, addresses only"),
        (network("a", "web"), ""),
    ],
)
def test_it_is_said_what_is_special_about_a_network(one: NetworkView, words: str) -> None:
    assert networks.note(one, EN) == words


def test_who_has_none_of_it_sees_none_of_it() -> None:
    quiet = to_svg(INSTANCES, language="en")
    assert all(word not in quiet for word in ("network-", "volume-", "event-", "What happened"))
    loud = to_svg(CONNECTED, language="en")
    assert all(word in loud for word in ("host 8080 → 80", "172.19.0.3", "nobody uses it", "What happened"))


def test_volumes_are_there_when_all_containers_have_gone() -> None:
    alone = Instances(images=(), volumes=(VolumeView(name="data"),))
    assert "nobody uses it" in to_svg(alone, language="en")
    (one,) = details(alone, language="en")
    assert (one.title, one.command) == ("data", "docker volume ls --filter name=data")


@pytest.mark.parametrize(
    ("key", "command"),
    [
        ("network-back", "docker network inspect back"),
        ("volume-records", "docker volume ls --filter name=records"),
        ("event-3", "docker events --since 2026-11-28T08:03:00Z --until 0s --filter container=essai"),
        ("event-7", "docker diff api"),
        ("file-146d3146edc9-0", "docker diff api"),
    ],
)
def test_each_part_has_the_command_that_shows_the_same(key: str, command: str) -> None:
    found = {one.key: one for one in details(CONNECTED, language="en")}
    assert found[key].command == command
    assert found[key].facts


@pytest.mark.parametrize(
    ("kind", "more", "english", "french"),
    [
        (EventKind.CREATED, {}, "created", "créé"),
        (EventKind.DIED, {"exit_code": 137}, "ended with 137", "terminé avec 137"),
        (EventKind.DIED, {}, "ended with ?", "terminé avec ?"),
        (
            EventKind.COPIED_UP,
            {"path": "/a", "layer": 4},
            "copied up /a from layer 5",
            "a copié /a de la couche 5",
        ),
        (
            EventKind.COPIED_UP,
            {"path": "/a", "count": 9},
            "copied up 9 files, /a the last",
            "a copié 9 fichiers, /a en dernier",
        ),
    ],
)
def test_events_in_words(kind: EventKind, more: dict[str, Any], english: str, french: str) -> None:
    one = event(1, kind, "web", 0, **more)
    assert (timeline.words(one, EN), timeline.words(one, FR)) == (english, french)


@pytest.mark.parametrize("kind", EventKind)
def test_every_event_has_its_words(kind: EventKind) -> None:
    assert timeline.words(event(1, kind, "web", 0), FR)


@pytest.mark.parametrize(
    ("seconds", "english", "french"),
    [
        (0, "just now", "à l\N{RIGHT SINGLE QUOTATION MARK}instant"),
        (40, "40 s ago", "il y a 40 s"),
        (120, "2 min ago", "il y a 2 min"),
        (7200, "2 h ago", "il y a 2 h"),
        (172_800, "2 d ago", "il y a 2 j"),
    ],
)
def test_times_in_words(seconds: int, english: str, french: str) -> None:
    assert (timeline.since(seconds, EN), timeline.since(seconds, FR)) == (english, french)


@pytest.mark.parametrize(
    ("addresses", "shown"),
    [
        ((), ("172.17.0.2",)),
        ((("bridge", "172.17.0.2"),), ("172.17.0.2",)),
        ((("front", "172.18.0.2"),), ("172.18.0.2 (front)",)),
        ((("bridge", "172.17.0.2"), ("front", "172.18.0.2")), ("172.17.0.2 (bridge)", "172.18.0.2 (front)")),
    ],
)
def test_an_address_is_shown_with_its_network_where_there_is_a_choice(
    addresses: tuple[tuple[str, str], ...], shown: tuple[str, ...]
) -> None:
    one = replace(WEB1, address="172.17.0.2", addresses=addresses)
    assert cards.addresses(one) == shown


@pytest.mark.parametrize(("count", "shown", "more"), [(6, 6, ""), (7, 5, "and 2 more"), (50, 5, "and 45 more")])
def test_a_long_list_is_cut_and_counted(count: int, shown: int, more: str) -> None:
    rows, words = panels.cut([Row(left="x")] * count, EN)
    assert (len(rows), words) == (shown, more)


def test_what_is_not_drawn_is_said() -> None:
    many = Instances(images=(BASE_INSTANCES,), networks=tuple(network(f"n{at}") for at in range(14)))
    assert "14 networks, 12 of them drawn" in to_svg(many, language="en")


@pytest.mark.parametrize(("name", "short"), [("data", "data"), ("0f" * 32, "0f0f0f0f0f0f…")])
def test_a_name_that_nobody_gave_is_short(name: str, short: str) -> None:
    assert volumes.short(name) == short


def test_the_graph_has_networks_and_volumes() -> None:
    graph = to_dot(CONNECTED, language="en")
    assert '"network back" [label="172.19.0.3" dir=none]' in graph
    assert '"volume records" [label="/var/lib/data" dir=none]' in graph


@pytest.mark.parametrize(("width", "words"), [(1000, "2 files copied up from here"), (480, "↑ 2")])
def test_a_layer_says_how_many_of_its_files_were_copied_up(width: int, words: str) -> None:
    assert f">{words}<" in to_svg(CONNECTED, width=width, language="en")
    assert to_svg(CONNECTED, width=width, language="en").count(", 2 files copied up from here") == 1
