"""Who is found under which name: files that shims write, and answers made of them."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pydock_lab.network import dns, places
from pydock_lab.network.dns import Kind, Message, Question, Status, labels
from pydock_lab.network.names import Names
from pydock_lab.network.places import Place, Places
from pydock_lab.oci.runtime_spec import Endpoint

LAB = Endpoint(network="1" * 64, name="lab", subnet="172.18.0.0/16")
OTHER = Endpoint(network="2" * 64, name="Other", subnet="172.19.0.0/16")
HUB = "7"


def place(number: int, *names: str, network: Endpoint = LAB, hub: str = HUB, aliases: tuple[str, ...] = ()) -> Place:
    address = network.subnet.replace("0.0/16", f"0.{number}")
    endpoint = replace(network, address=address, aliases=aliases)
    return Place.of(f"{number:02x}" * 32, names or (f"c{number}",), endpoint, interface="eth0", hub=hub)


def answered(message: Message | None) -> list[str] | None:
    """The addresses of an answer, or None where others have to be asked."""
    return None if message is None else [".".join(map(str, record.data)) for record in message.answers]


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., Message | None]:
    """Ask with both networks joined, what was written being what is given."""
    names = Names(tmp_path, HUB)
    names.join(LAB)
    names.join(OTHER)
    names.join(Endpoint())

    def ask(name: str, kind: int = Kind.A, *, space: int = 1) -> Message | None:
        return names.answer(Message(id=1, question=Question(labels(name), kind, space)))

    return ask


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for one in (
        place(2, "web", "webhost", aliases=("www", "Shared")),
        place(3, "db", aliases=("shared",)),
        place(4, "elsewhere", hub="8"),
        place(5, "web", network=OTHER),
        place(6, "only", network=OTHER),
        place(7, "hidden", network=Endpoint(subnet="172.17.0.0/16")),
    ):
        places.write(tmp_path, one)
    return tmp_path


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("web", ["172.18.0.2"]),  # the first network that knows the name
        ("WEB", ["172.18.0.2"]),
        ("web.lab", ["172.18.0.2"]),
        ("web.other", ["172.19.0.5"]),
        ("only", ["172.19.0.6"]),
        ("only.lab", None),
        ("www", ["172.18.0.2"]),
        ("webhost", ["172.18.0.2"]),
        ("02" * 6, ["172.18.0.2"]),
        ("02" * 7, None),
        ("elsewhere", None),  # in a hub that cannot be reached
        ("hidden", None),  # on the default bridge there are no names
        ("example.com", None),
        ("", None),
    ],
)
def test_addresses(ask: Callable[..., Message | None], name: str, expected: list[str] | None) -> None:
    assert answered(ask(name)) == expected


@pytest.mark.usefixtures("home")
def test_those_that_share_an_alias_take_turns(ask: Callable[..., Message | None]) -> None:
    found = [answered(ask("shared")) for _ in range(4)]
    both = ["172.18.0.2", "172.18.0.3"]
    assert all(sorted(one or []) == both for one in found)
    assert [one[0] for one in found if one] in ([*both, *both], [*both[::-1], *both[::-1]])


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("kind", [Kind.AAAA, 15, 16, 33])
def test_a_known_name_has_nothing_but_its_address(ask: Callable[..., Message | None], kind: int) -> None:
    found = ask("web", kind)
    assert found is not None
    assert (found.status, found.answers) == (Status.NOERROR, ())
    assert ask("example.com", kind) is None


@pytest.mark.usefixtures("home")
def test_another_class_of_names_is_not_ours(ask: Callable[..., Message | None]) -> None:
    assert ask("web", space=3) is None


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("172.18.0.2", "web.lab"),
        ("172.19.0.6", "only.Other"),
        ("172.18.0.4", Status.NXDOMAIN),  # another hub's
        ("172.18.9.9", Status.NXDOMAIN),
        ("172.17.0.7", None),
        ("8.8.8.8", None),
    ],
)
def test_names_of_addresses(ask: Callable[..., Message | None], address: str, expected: str | Status | None) -> None:
    found = ask(".".join(reversed(address.split("."))) + ".in-addr.arpa", Kind.PTR)
    if found is None or not found.answers:
        assert (found and found.status) == expected
        return
    assert [record.data for record in found.answers] == [dns.write_name(labels(str(expected)))]


@pytest.mark.parametrize(
    "name", ["in-addr.arpa", "a.b.c.d.in-addr.arpa", "1.2.3.in-addr.arpa", "1..2.3.4.in-addr.arpa"]
)
def test_what_is_no_address_is_left_to_others(ask: Callable[..., Message | None], name: str) -> None:
    names = tuple(part.encode() for part in name.split("."))
    message = Message(id=1, question=Question(names, Kind.PTR))
    assert ask is not None
    assert Names(Path("/nowhere"), HUB).answer(message) is None


def test_a_network_that_was_left_is_not_asked_any_more(home: Path) -> None:
    names = Names(home, HUB)
    question = Message(id=1, question=Question(labels("web"), Kind.A))
    assert names.answer(question) is None
    names.join(LAB)
    assert answered(names.answer(question)) == ["172.18.0.2"]
    names.leave(LAB.network)
    assert names.answer(question) is None


# ---- the files


def test_the_list_is_read_again_when_it_has_changed(tmp_path: Path) -> None:
    listed = Places(tmp_path, LAB.network)
    assert listed.all() == []
    first, second = place(2, "a"), place(3, "b")
    places.write(tmp_path, first)
    assert listed.all() == [first]
    for round_ in range(50):  # quicker than the clock by which files are stamped
        places.write(tmp_path, second)
        assert set(map(str, listed.all())) == {str(first), str(second)}, round_
        places.remove(tmp_path, second)
        assert listed.all() == [first], round_
    renamed = replace(first, names=("z",))
    places.write(tmp_path, renamed)
    assert (listed.named("z"), listed.named("a")) == ([renamed], [])


def test_what_a_killed_shim_left_is_not_listed_and_is_swept(tmp_path: Path) -> None:
    pid = os.fork()
    if pid == 0:
        places.write(tmp_path, place(2, "gone"))
        os._exit(0)
    os.waitpid(pid, 0)
    alive = place(3, "here")
    places.write(tmp_path, alive)
    listed = Places(tmp_path, LAB.network)
    assert (listed.all(), listed.named("gone")) == ([alive], [])
    folder = tmp_path / LAB.network / "endpoints"
    assert len(list(folder.iterdir())) == 2
    listed.sweep()
    assert [path.name for path in folder.iterdir()] == [f"{alive.container}.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format": 2}', '{"format": 1, "names": 5}'])
def test_a_file_that_is_none_of_ours_is_passed_over(tmp_path: Path, content: str) -> None:
    one = place(2, "a")
    places.write(tmp_path, one)
    folder = tmp_path / LAB.network / "endpoints"
    (folder / "other.json").write_text(content)
    (folder / ".hidden.json").write_text(json.dumps(one.to_json()))
    assert Places(tmp_path, LAB.network).all() == [one]


def test_removing_what_is_gone_is_no_error(tmp_path: Path) -> None:
    places.remove(tmp_path, place(2, "a"))
