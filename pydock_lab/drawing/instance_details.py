"""What is behind the parts of the picture of images and their containers."""

from collections.abc import Iterator
from functools import lru_cache

from pydock_lab.drawing import cards, networks, timeline, volumes, writable
from pydock_lab.drawing import instance_keys as keys
from pydock_lab.drawing.detail import Detail, given
from pydock_lab.drawing.layer_details import file_lines, layer_detail
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import clean
from pydock_lab.views import (
    ChangeKind,
    ContainerView,
    EventKind,
    EventView,
    FileChange,
    ImageInstances,
    Instances,
    NetworkView,
    VolumeView,
)

_REMEMBERED = 256  # containers


def instances(view: Instances, speech: Speech) -> Iterator[Detail]:
    """All parts of the picture, in its order."""
    for image in view.images:
        for container in image.containers:
            yield _container(container, speech)
            for place, change in enumerate(writable.of_the_image(container)):
                yield _copied(change, container, image, keys.file(container, place), speech)
        for number, row in reversed(list(enumerate(image.layers))):
            if not row.is_empty:
                command = f"docker history --no-trunc {image.name}"
                yield layer_detail(row, keys.layer(image, number), number + 1, command, speech)
        yield Detail(key=keys.more(image), title=clean(image.name), command=f"docker history {clean(image.name)}")
        yield _image(image, speech)
    yield from (_network(network, speech) for network in view.networks)
    yield from (_volume(volume, speech) for volume in view.volumes)
    yield from (_event(event, speech) for event in view.events)


def _image(image: ImageInstances, speech: Speech) -> Detail:
    facts = [
        (speech.say("fact-unpacked"), speech.size(image.shared_size)),
        (speech.say("fact-containers"), str(len(image.containers))),
        (speech.say("fact-image-id"), image.image_id),
    ]
    command = f"docker image inspect {clean(image.name)}"
    return Detail(key=keys.image(image), title=clean(image.name), facts=given(facts), command=command)


@lru_cache(maxsize=_REMEMBERED)  # of fifty containers that are looked at all the time, a few change
def _container(container: ContainerView, speech: Speech) -> Detail:
    facts = [
        (speech.say("fact-state"), cards.state_word(container, speech)),
        (speech.say("fact-inside-pid"), str(container.inside_pid or "")),
        (speech.say("fact-pid"), str(container.pid or "")),
        (speech.say("hostname"), container.hostname),
        (speech.say("address"), ", ".join(cards.addresses(container))),
        (speech.say("fact-ports"), ", ".join(map(str, container.ports))),
        (speech.say("command"), container.command),
        (speech.say("writable-layer"), speech.size(container.writable_size)),
        *cards.gauges_of(container, speech),
        (speech.say("fact-network"), container.network),
        *((speech.say("volume"), f"{name} → {target}") for name, target in container.volumes),
        (speech.say("fact-tier"), container.tier),
        ("id", container.id),
    ]
    files, more = file_lines(container.changes, container.changes_total, speech)
    command = container.docker_command or f"docker diff {clean(container.name)}"
    return Detail(
        key=keys.container(container),
        title=clean(container.name),
        facts=given(facts),
        files=files,
        more=more,
        command=clean(command),
    )


def _copied(change: FileChange, container: ContainerView, image: ImageInstances, key: str, speech: Speech) -> Detail:
    """A file of the image that a container has changed or hidden."""
    is_deleted = change.kind is ChangeKind.DELETED
    row = image.layers[change.layer] if change.layer < len(image.layers) else None
    instruction = clean(row.instruction) if row else ""
    facts = [
        (speech.say("fact-happened"), writable.story(change, speech)),
        (speech.say("fact-layer"), f"{change.layer + 1}. {instruction or '?'}"),
        (speech.say("fact-there"), speech.size(change.size if is_deleted else change.copied)),
        (speech.say("fact-here"), speech.say("whiteout-file") if is_deleted else speech.size(change.size)),
        (speech.say("fact-mode"), f"{change.mode:04o}" if change.mode and not is_deleted else ""),
        (speech.say("fact-container"), container.name),
    ]
    return Detail(key=key, title=clean(change.path), facts=given(facts), command=f"docker diff {clean(container.name)}")


def _network(network: NetworkView, speech: Speech) -> Detail:
    facts = [
        (speech.say("fact-subnet"), network.subnet),
        (speech.say("fact-gateway"), network.gateway),
        (speech.say("fact-way-out"), speech.say("way-out-none" if network.internal else "way-out-host")),
        (speech.say("fact-names"), speech.say("names-found" if network.has_names else "names-not-found")),
        *((one.container, networks.place(one, speech)) for one in network.members),
        ("id", network.id),
    ]
    name = clean(network.name)
    return Detail(key=keys.network(network), title=name, facts=given(facts), command=f"docker network inspect {name}")


def _volume(volume: VolumeView, speech: Speech) -> Detail:
    facts = [
        (speech.say("fact-created"), volume.created),
        *((one.container, volumes.place(one, speech)) for one in volume.users),
        (speech.say("fact-users"), "" if volume.users else speech.say("volume-unused")),
    ]
    name = clean(volume.name)
    return Detail(
        key=keys.volume(volume), title=name, facts=given(facts), command=f"docker volume ls --filter name={name}"
    )


def _event(event: EventView, speech: Speech) -> Detail:
    facts = [
        (speech.say("fact-container"), event.container),
        (speech.say("fact-happened"), timeline.words(event, speech)),
        (speech.say("fact-when"), f"{event.at} ({timeline.since(event.ago, speech)})"),
        (speech.say("fact-file"), event.path),
    ]
    name = clean(event.container)
    command = f"docker events --since {event.at} --until 0s --filter container={name}"
    if event.kind is EventKind.COPIED_UP:
        command = f"docker diff {name}"
    title = f"{name} {timeline.words(event, speech)}"
    return Detail(key=f"event-{event.id}", title=title, facts=given(facts), command=command)
