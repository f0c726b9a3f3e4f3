"""Which devices may be used: rules as texts and as a program, and what the kernel lets through."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples.ebpf import judge_device

from pydock_lab.linux import cgroups
from pydock_lab.linux.cgroups import DEFAULT_DEVICES, ControlGroup, DeviceKind, DeviceRule, device_rules
from pydock_lab.linux.cgroups.devices import ALL_DEVICES, attach, device_program
from pydock_lab.oci.runtime_spec import Device

BLOCK, CHARACTER = 1, 2
MKNOD, READ, WRITE = 1, 2, 4
NUMBERS = (0, 1, 3, 5, 8, 136, 2**20 - 1)
KINDS = {DeviceKind.BLOCK: BLOCK, DeviceKind.CHARACTER: CHARACTER}
ACCESSES = {"m": MKNOD, "r": READ, "w": WRITE}


def allows(rule: DeviceRule, kind: int, access: int, major: int, minor: int) -> bool:
    return (
        KINDS.get(rule.kind, kind) == kind
        and rule.major in (None, major)
        and rule.minor in (None, minor)
        and access & ~sum(ACCESSES[letter] for letter in rule.access) == 0
    )


any_number = st.sampled_from([None, *NUMBERS])
any_access = st.sets(st.sampled_from("rwm"), min_size=1).map(lambda letters: "".join(sorted(letters)))
any_rule = st.builds(
    DeviceRule, kind=st.sampled_from(DeviceKind), major=any_number, minor=any_number, access=any_access
)


@given(
    rules=st.lists(any_rule, max_size=20),
    kind=st.sampled_from((BLOCK, CHARACTER)),
    access=st.integers(1, 7),
    major=st.sampled_from(NUMBERS),
    minor=st.sampled_from(NUMBERS),
)
def test_a_program_says_what_its_rules_say(
    rules: list[DeviceRule], kind: int, access: int, major: int, minor: int
) -> None:
    expected = any(allows(rule, kind, access, major, minor) for rule in rules)
    assert judge_device(device_program(rules), kind, access, major, minor) == int(expected)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (DeviceRule(kind=DeviceKind.CHARACTER, major=1, minor=3), "c 1:3 rwm"),
        (DeviceRule(kind=DeviceKind.CHARACTER, major=136), "c 136:* rwm"),
        (DeviceRule(kind=DeviceKind.BLOCK, access="m"), "b *:* m"),
        (ALL_DEVICES[0], "a *:* rwm"),
    ],
)
def test_rules_as_texts(rule: DeviceRule, text: str) -> None:
    assert rule.text() == text


def test_rules_of_a_container(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    zero = Device(source="/dev/zero", path="/dev/other", access="r")
    expected = (*DEFAULT_DEVICES, DeviceRule(kind=DeviceKind.CHARACTER, major=1, minor=5, access="r"))
    assert device_rules([zero]) == expected
    assert device_rules([Device(source=str(tmp_path), path="/d")]) == DEFAULT_DEVICES
    assert device_rules([zero], privileged=True) == ALL_DEVICES
    with pytest.raises(FileNotFoundError):
        device_rules([Device(source="/dev/no-such-device", path="/d")])


def test_a_folder_stands_for_its_devices() -> None:
    rules = device_rules([Device(source="/dev", path="/dev", access="r")])
    numbers = os.stat("/dev/null").st_rdev
    wanted = DeviceRule(kind=DeviceKind.CHARACTER, major=os.major(numbers), minor=os.minor(numbers), access="r")
    assert wanted in rules


# ---- in the kernel

# What is opened is only looked at: null, zero and the kernel's messages.
_NULL, _ZERO, _MESSAGES = "/dev/null", "/dev/zero", "/dev/kmsg"


def tried(enter: Callable[[], None], tmp_path: Path) -> dict[str, str]:
    """What a child that enters a group may do: the name of the errno, "" where it succeeds."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            enter()
            found = {
                "read null": _attempt(lambda: os.open(_NULL, os.O_RDONLY)),
                "write null": _attempt(lambda: os.open(_NULL, os.O_WRONLY)),
                "read zero": _attempt(lambda: os.open(_ZERO, os.O_RDONLY)),
                "write zero": _attempt(lambda: os.open(_ZERO, os.O_WRONLY)),
                "read messages": _attempt(lambda: os.open(_MESSAGES, os.O_RDONLY | os.O_NONBLOCK)),
                "make a disk": _attempt(lambda: os.mknod(tmp_path / "disk", stat.S_IFBLK | 0o600, os.makedev(8, 0))),
            }
            os.write(writer, repr(found).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader) as pipe:
        report = pipe.read()
    os.waitpid(pid, 0)
    (tmp_path / "disk").unlink(missing_ok=True)
    return dict(eval(report))


def _attempt(action: Callable[[], object]) -> str:
    try:
        action()
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return ""


ONLY_DEFAULTS = {
    "read null": "",
    "write null": "",
    "read zero": "",
    "write zero": "",
    "read messages": "EPERM",
    "make a disk": "",
}
ONLY_ZERO = dict.fromkeys(ONLY_DEFAULTS, "EPERM") | {"read zero": ""}
EVERYTHING = dict.fromkeys(ONLY_DEFAULTS, "")
POLICIES = [
    (DEFAULT_DEVICES, ONLY_DEFAULTS),
    ((DeviceRule(kind=DeviceKind.CHARACTER, major=1, minor=5, access="r"),), ONLY_ZERO),
    (ALL_DEVICES, EVERYTHING),
]


@pytest.fixture
def group(request: pytest.FixtureRequest) -> Iterator[ControlGroup]:
    request.getfixturevalue("as_root")
    request.getfixturevalue("control_groups")
    hierarchy = cgroups.find_hierarchy()
    assert hierarchy is not None
    made = ControlGroup.create(hierarchy, f"test-devices-{os.getpid()}")
    yield made
    made.remove()


@pytest.mark.parametrize(("rules", "expected"), POLICIES)
def test_the_kernel_keeps_to_them(
    rules: tuple[DeviceRule, ...], expected: dict[str, str], group: ControlGroup, tmp_path: Path
) -> None:
    group.restrict_devices(rules)
    doors = group.open_doors()

    def enter() -> None:
        for door in doors:
            os.write(door, b"0")

    assert tried(enter, tmp_path) == expected
    for door in doors:
        os.close(door)


@pytest.fixture
def unified(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A group of the empty tree of version 2 that hosts with version 1 have, too."""
    request.getfixturevalue("as_root")
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    places = [Path(words[1]) for words in mounts if words[2] == "cgroup2"]
    assert places, "every Linux since 4.5 has it, and systemd mounts it"
    place = places[0] / f"pydock-test-{os.getpid()}"
    place.mkdir()
    yield place
    place.rmdir()


def join(group: Path) -> None:
    (group / "cgroup.procs").write_text("0")


@pytest.mark.parametrize(("rules", "expected"), POLICIES)
def test_the_kernel_runs_the_program(
    rules: tuple[DeviceRule, ...], expected: dict[str, str], unified: Path, tmp_path: Path
) -> None:
    attach(unified, rules)
    assert tried(lambda: join(unified), tmp_path) == expected


def test_programs_of_groups_above_go_on_to_hold(unified: Path, tmp_path: Path) -> None:
    attach(unified, DEFAULT_DEVICES)
    inner = unified / "inner"
    inner.mkdir()
    try:
        attach(inner, ALL_DEVICES)
        assert tried(lambda: join(inner), tmp_path) == ONLY_DEFAULTS
    finally:
        inner.rmdir()
