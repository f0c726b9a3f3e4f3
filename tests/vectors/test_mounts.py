"""mounts.json: RUN --mount and RUN --device."""

from vectors.cases import Case, EveryCase

from pydock_lab.dockerfile.expansion import expand
from pydock_lab.dockerfile.mounts import Mount, check_mount, parse_device, parse_mount


def document(mount: Mount) -> dict[str, object]:
    return {
        "type": mount.type.value,
        "source": mount.source,
        "target": mount.target,
        "from": mount.origin,
        "read_only": mount.read_only,
        "required": mount.required,
        "size_limit": mount.size_limit,
        "cache_id": mount.cache_id,
        "cache_sharing": mount.sharing.value if mount.sharing else "",
        "mode": mount.mode,
        "uid": mount.uid,
        "gid": mount.gid,
        "env": mount.env,
    }


def check_run_mount(case: Case) -> None:
    env = case.env

    def read() -> Mount:
        check_mount(case.input["mount"])
        return parse_mount(case.input["mount"], lambda word: expand(word, env).text)

    if not case.is_error:
        assert document(read()) == case.expect["mount"]
        return
    case.raises(read)
    if case.expect["phase"] == "parse":
        case.raises(lambda: check_mount(case.input["mount"]))
    else:
        check_mount(case.input["mount"])


def check_run_device(case: Case) -> None:
    if case.is_error:
        case.raises(lambda: parse_device(case.input["device"]))
        return
    device = parse_device(case.input["device"])
    assert {"name": device.name, "required": device.required} == case.expect["device"]


def test_mounts(every_case: EveryCase) -> None:
    every_case("dockerfile/mounts", check_run_mount, "run-mount")


def test_devices(every_case: EveryCase) -> None:
    every_case("dockerfile/mounts", check_run_device, "run-device")
