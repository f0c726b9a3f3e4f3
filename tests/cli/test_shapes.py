"""Docker's documents as its own client knows them: every field there is, and what is printed of it."""

import re

import pytest
from samples.docker_client import DockerClient

from pydock_lab.cli.shapes import _forms, duration, moment, shaped
from pydock_lab.cli.templates import Template

TIME = "2024-01-02T03:04:05.678Z"
PORTS = {"80/tcp": [{"HostIp": "::", "HostPort": "8080"}], "81/tcp": None}
CONTAINER = {
    "Id": "c",
    "State": {"Health": {"Log": [{"Start": TIME, "ExitCode": 1}]}},
    "HostConfig": {
        "PortBindings": PORTS,
        "Devices": [{"PathOnHost": "/dev/null"}],
        "DeviceRequests": [{"Driver": "x"}],
        "Mounts": [{"Type": "bind"}],
        "Init": True,
        "PidsLimit": 5,
        "Sysctls": {"a": "1"},
        "RestartPolicy": {"Name": "always"},
    },
    "Config": {
        "Healthcheck": {"Test": ["CMD", "x"], "Interval": 90_500_000_000},
        "ExposedPorts": {"80/tcp": {}},
        "Volumes": {"/v": {}},
        "Cmd": ["a", "b"],
        "Labels": {"b": "2", "a": "1"},
    },
    "NetworkSettings": {
        "Ports": PORTS,
        "SecondaryIPAddresses": [{"Addr": "x"}],
        "Networks": {"n": {"IPAMConfig": {}, "Aliases": ["w"]}},
    },
    "Mounts": [{"Type": "bind", "Source": "/s", "Destination": "/d", "RW": True}],
    "SizeRw": 3,
    "ImageManifestDescriptor": {"platform": {"os": "linux"}},
}
IMAGE = {
    "Id": "i",
    "RepoTags": ["a:1"],
    "Config": {"Healthcheck": {}, "ExposedPorts": {"80/tcp": {}}},
    "RootFS": {"Type": "layers", "Layers": ["x"]},
    "Metadata": {"LastTagTime": TIME},
    "Descriptor": {"platform": {}, "annotations": {"a": "1"}},
}
NETWORK = {
    "Name": "n",
    "Created": TIME,
    "IPAM": {"Config": [{"Subnet": "10.0.0.0/8", "AuxiliaryAddresses": {"a": "10.0.0.1"}}]},
    "Containers": {"c": {"Name": "web"}},
}
VOLUME = {"Name": "v", "UsageData": {"Size": 3}, "Status": {"x": 1.0}}
DOCUMENTS = {"Container": CONTAINER, "Image": IMAGE, "Network": NETWORK, "Volume": VOLUME}

# Where each struct is found: the document, and how dot gets there.
PLACES = {
    "Container": ("Container", "{{with .}}"),
    "State": ("Container", "{{with .State}}"),
    "Health": ("Container", "{{with .State.Health}}"),
    "Probe": ("Container", "{{range .State.Health.Log}}"),
    "HostConfig": ("Container", "{{with .HostConfig}}"),
    "LogConfig": ("Container", "{{with .HostConfig.LogConfig}}"),
    "RestartPolicy": ("Container", "{{with .HostConfig.RestartPolicy}}"),
    "PortBinding": ("Container", "{{range .NetworkSettings.Ports}}{{range .}}"),
    "Device": ("Container", "{{range .HostConfig.Devices}}"),
    "DeviceRequest": ("Container", "{{range .HostConfig.DeviceRequests}}"),
    "WantedMount": ("Container", "{{range .HostConfig.Mounts}}"),
    "GraphDriver": ("Container", "{{with .GraphDriver}}"),
    "Mount": ("Container", "{{range .Mounts}}"),
    "Config": ("Container", "{{with .Config}}"),
    "Healthcheck": ("Container", "{{with .Config.Healthcheck}}"),
    "NetworkSettings": ("Container", "{{with .NetworkSettings}}"),
    "Address": ("Container", "{{range .NetworkSettings.SecondaryIPAddresses}}"),
    "Endpoint": ("Container", "{{range .NetworkSettings.Networks}}"),
    "EndpointIPAM": ("Container", "{{range .NetworkSettings.Networks}}{{with .IPAMConfig}}"),
    "Descriptor": ("Image", "{{with .Descriptor}}"),
    "Platform": ("Image", "{{with .Descriptor.Platform}}"),
    "Image": ("Image", "{{with .}}"),
    "ImageConfig": ("Image", "{{with .Config}}"),
    "RootFS": ("Image", "{{with .RootFS}}"),
    "Metadata": ("Image", "{{with .Metadata}}"),
    "Volume": ("Volume", "{{with .}}"),
    "UsageData": ("Volume", "{{with .UsageData}}"),
    "Network": ("Network", "{{with .}}"),
    "IPAM": ("Network", "{{with .IPAM}}"),
    "Pool": ("Network", "{{range .IPAM.Config}}"),
    "ConfigFrom": ("Network", "{{with .ConfigFrom}}"),
    "Member": ("Network", "{{range .Containers}}"),
}
NOT_ASKED = {"Nothing", "Ulimit"}  # no fields; prints itself as a word
# Structs in structs without a name of their own: their fields are those of the outer one.
EMBEDDED = {
    *("ContainerJSONBase", "Resources", "NetworkSettingsBase", "DefaultNetworkSettings"),
    *("ImageConfig", "DockerOCIImageConfigExt"),
}


@pytest.fixture(scope="module")
def client(need, tmp_path_factory):
    documents = {"containers/x/json": CONTAINER, "images/x/json": IMAGE, "networks/x": NETWORK, "volumes/x": VOLUME}
    found = DockerClient(need("docker"), tmp_path_factory.mktemp("client"), documents)
    yield found
    found.close()


def ask(client, document, template):
    status, text = client(document.lower(), "inspect", "--format", template, "x")
    assert status == 0, template
    return text.removesuffix("\n")


def test_every_struct_has_its_place():
    assert set(_forms()) - NOT_ASKED == set(PLACES)


@pytest.mark.parametrize("form", PLACES)
def test_fields_and_what_is_printed_of_them(client, form):
    document, way = PLACES[form]
    ends = "{{end}}" * way.count("{{")
    # What stands behind a pointer has an address, and is a struct of its own in this table.
    fields = [go for go, kind in _forms()[form].values() if "*" not in kind or kind[1:] in ("0", "?", "any")]
    template = f"{way}{''.join(f'{go}={{{{.{go}}}}} ' for go in fields)}{ends}"
    assert Template.parse(template).render(shaped(DOCUMENTS[document], document)) == ask(client, document, template)
    told = ask(client, document, f"{way}{{{{printf `%+v` .}}}}{ends}")
    names = {go for go, _ in _forms()[form].values()}
    nested = {go for one in _forms().values() for go, _ in one.values()}
    assert set(re.findall(r"[{ ]([A-Z]\w*):", told)) - names - nested - EMBEDDED == set()


def test_what_is_not_there_is_nil(client):
    template = "{{.State}}|{{.HostConfig}}|{{.Mounts}}|{{if .State}}yes{{end}}"
    client.server.documents["containers/empty/json"] = {"Id": "empty"}
    status, text = client("inspect", "--format", template, "empty")
    assert (status, text) == (0, f"{Template.parse(template).render(shaped({'Id': 'empty'}, 'Container'))}\n")


@pytest.mark.parametrize(
    ("nanoseconds", "words"),
    [
        (0, "0s"),
        (1, "1ns"),
        (1500, "1.5µs"),
        (100_000_000, "100ms"),
        (1_500_000_000, "1.5s"),
        (30_000_000_000, "30s"),
        (90_500_000_000, "1m30.5s"),
        (3_600_000_000_000, "1h0m0s"),
        (-2_000_000_000, "-2s"),
    ],
)
def test_durations(nanoseconds, words):
    assert duration(nanoseconds).words == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2024-01-02T03:04:05Z", "2024-01-02 03:04:05 +0000 UTC"),
        (TIME, "2024-01-02 03:04:05.678 +0000 UTC"),
        ("0001-01-01T00:00:00Z", "0001-01-01 00:00:00 +0000 UTC"),
        ("yesterday", "yesterday"),
    ],
)
def test_times(text, words):
    assert moment(text).words == words
