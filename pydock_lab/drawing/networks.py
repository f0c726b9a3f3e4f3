"""The networks of containers: who is in which, under what address, and where the host comes in."""

from collections.abc import Iterator, Sequence

from pydock_lab.drawing import instance_keys, panels
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.panels import Panel, Row
from pydock_lab.drawing.shapes import Page
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element, clean
from pydock_lab.views import NetworkMember, NetworkView, PortView

_NOTHING = "\N{EN DASH}"


def draw(networks: Sequence[NetworkView], page: Page, y: float) -> tuple[list[Element], list[Element], float]:
    """The heading, the panels, and the lower edge; nothing where nobody has made a network."""
    if not networks:
        return [], [], y
    speech = page.speech
    head, y = panels.heading(
        page, y, panels.title(speech.count("networks", len(networks)), len(networks), speech), lesson(networks, speech)
    )
    wide = panels.width_of(len(networks), page)
    shown = [_panel(one, instance_keys.network(one), wide, speech) for one in networks[: panels.MOST]]
    picks, y = panels.draw(shown, page, y)
    return head, picks, y + 22


def _panel(network: NetworkView, key: str, wide: float, speech: Speech) -> Panel:
    rows, more = panels.cut([_row(one, speech) for one in network.members], speech)
    return Panel(
        key=key,
        name=network.name,
        aside=network.subnet,
        notes=panels.notes(note(network, speech), wide),
        label=", ".join(_words(network, speech)),
        rows=rows,
        meaning=Meaning.PLAIN,
        dashed=not network.members,
        more=more,
    )


def _row(member: NetworkMember, speech: Speech) -> Row:
    pills = tuple(port_words(port, speech) for port in member.ports)
    return Row(left=member.container, right=member.address or _NOTHING, pills=pills)


def port_words(port: PortView, speech: Speech) -> str:
    """From where on the host to where in the container."""
    return speech.say("port", host=port.host_port, container=port.container_port)


def note(network: NetworkView, speech: Speech) -> str:
    """What is special about it."""
    if not network.members:
        return speech.say("network-empty")
    if network.internal:
        return speech.say("network-internal")
    return "" if network.has_names else speech.say("network-default")


def place(member: NetworkMember, speech: Speech) -> str:
    """A member's address, and its ports."""
    ports = (port_words(port, speech) for port in member.ports)
    return ", ".join((member.address or speech.say("no-process"), *ports))


def _words(network: NetworkView, speech: Speech) -> Iterator[str]:
    """A network in a sentence, for a screen reader."""
    yield f"{speech.say('fact-network')} {clean(network.name)}"
    yield from filter(None, (note(network, speech),))
    yield from (f"{clean(one.container)} {place(one, speech)}" for one in network.members[:12])


def lesson(networks: Sequence[NetworkView], speech: Speech) -> str:
    """What keeps them apart, and who does not."""
    inhabited = [network for network in networks if network.members]
    if len(inhabited) < 2:  # noqa: PLR2004 - between two there may be a wall
        return speech.say("networks-one")
    homes: dict[str, int] = {}
    for network in inhabited:
        for member in network.members:
            homes[member.container] = homes.get(member.container, 0) + 1
    between = [clean(name) for name, count in homes.items() if count > 1]
    if not between:
        return speech.say("networks-apart")
    return speech.count("networks-between", len(between), names=", ".join(between[:4]))
