"""Templates rendered by Docker's own client and by us, of the same data: the same text, or both refuse."""

import os
import random
import tomllib
from pathlib import Path

import pytest
from samples.docker_client import DockerClient
from samples.random_templates import random_template

from pydock_lab.cli.shapes import shaped
from pydock_lab.cli.templates import Template
from pydock_lab.errors import CommandError

TABLE = tomllib.loads((Path(__file__).parent / "templates.toml").read_text(encoding="utf-8"))
# `Status` is the one field of Docker's documents that holds any JSON; numbers in it are floats.
VOLUME = {
    "Name": "v",
    "Driver": "local",
    "Mountpoint": "/m",
    "Scope": "local",
    "Labels": {"a": "1"},
    "Options": None,
    "UsageData": {"RefCount": 2, "Size": 7},
    "Status": {
        "n": 1.0,
        "l": [1.0, 2.5, "a", None, True],
        "m": {"b": {"c": 1.0}, "a": []},
        "z": None,
        "s": "héllo",
        "big": 1234567.0,
        "huge": 1e21,
        "small": 0.00001,
        "e": {},
        "el": [],
    },
}
MARK = "\x01"


@pytest.fixture(scope="module")
def client(need, tmp_path_factory):
    found = DockerClient(need("docker"), tmp_path_factory.mktemp("client"), {"volumes/v": VOLUME})
    yield found
    found.close()


def theirs(client, templates):
    """What the client writes of each, None where it refuses."""
    commands = [("volume", "inspect", "--format", one, "v") for one in templates]
    return [None if status else text.removesuffix("\n") for status, text in client.each(commands)]


def ours(template):
    try:
        return Template.parse(template).render(shaped(VOLUME, "Volume"))
    except CommandError:
        return None


def test_the_same_is_written(client):
    # One run of the client for all of them: each in a block of its own, which ends its variables.
    alone = [one for one in TABLE["written"] if "define" in one or "block" in one]
    together = [one for one in TABLE["written"] if one not in alone]
    (text,) = theirs(client, [MARK.join(f"{{{{if true}}}}{one}{{{{end}}}}" for one in together)])
    written = dict(zip([*together, *alone], [*text.split(MARK), *theirs(client, alone)], strict=True))
    assert {one: ours(one) for one in written} == written


def test_the_same_is_refused(client):
    assert set(theirs(client, TABLE["refused"])) == {None}
    assert {one for one in TABLE["refused"] if ours(one) is not None} == set()


@pytest.mark.fuzz
def test_made_up_templates(client):
    is_long = "PYDOCK_FUZZ" in os.environ
    seed = random.randrange(10**6) if is_long else 7
    chooser = random.Random(seed)
    made = [random_template(chooser) for _ in range(3000 if is_long else 60)]
    made = [one for one in made if one.strip() not in ("", "json")]
    for template, text in zip(made, theirs(client, made), strict=True):
        # An address, or the name of one of Go's many kinds of numbers.
        if text is None or not any(word in text for word in ("0xc0", "int64")):
            assert ours(template) == text, (seed, template)
