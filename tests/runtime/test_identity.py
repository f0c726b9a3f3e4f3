"""USER as a Dockerfile has it, looked up in the image's own passwd and group."""

from pathlib import Path

import pytest

from pydock_lab.errors import ContainerError
from pydock_lab.runtime import becoming
from pydock_lab.runtime.identity import Identity, resolve

PASSWD = """root:x:0:0:root:/root:/bin/sh
app:x:1000:100:App:/home/app:/bin/sh
4242:x:7:8:a user called 4242:/odd:/bin/sh
broken:x
+nis::::::
"""
GROUP = "root:x:0:root\nusers:x:100:\nextra:x:200:eve,app\nmore:x:300:app\nbad:x:notanumber:app\n"


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("", Identity(home="/root", groups=(0,))),
        ("root", Identity(home="/root", groups=(0,))),
        ("app", Identity(uid=1000, gid=100, groups=(100, 200, 300), home="/home/app")),
        ("1000", Identity(uid=1000, gid=100, groups=(100, 200, 300), home="/home/app")),
        ("app:extra", Identity(uid=1000, gid=200, groups=(200,), home="/home/app")),
        ("app:55", Identity(uid=1000, gid=55, groups=(55,), home="/home/app")),
        ("5555", Identity(uid=5555, groups=(0,))),
        ("5555:66", Identity(uid=5555, gid=66, groups=(66,))),
        ("4242", Identity(uid=7, gid=8, groups=(8,), home="/odd")),
    ],
)
def test_users(user: str, expected: Identity) -> None:
    assert resolve(user, PASSWD, GROUP) == expected


@pytest.mark.parametrize(
    ("user", "key"),
    [("eve", "runtime.unknown-user"), ("broken", "runtime.unknown-user"), ("app:nope", "runtime.unknown-group")],
)
def test_unknown_names(user: str, key: str) -> None:
    with pytest.raises(ContainerError) as caught:
        resolve(user, PASSWD, GROUP)
    assert (caught.value.key, caught.value.exit_status) == (key, 125)


@pytest.mark.parametrize(
    "user", ["2147483648", "4294967295", "4294967296", "0:4294967295", "evil", "app:evil", "9" * 30]
)
def test_numbers_that_the_kernel_would_read_otherwise(user: str) -> None:
    """4294967295 is -1 to the kernel: leave the user as it is, and that is root (CVE-2024-40635)."""
    with pytest.raises(ContainerError) as caught:
        resolve(user, PASSWD + "evil:x:4294967295:0::/:/bin/sh\n", GROUP + "evil:x:4294967295:\n")
    assert (caught.value.key, caught.value.exit_status) == ("runtime.id-range", 125)


def test_digits_of_other_scripts_are_no_numbers() -> None:
    with pytest.raises(ContainerError) as caught:
        resolve("²", PASSWD, GROUP)
    assert caught.value.key == "runtime.unknown-user"


def test_an_image_without_passwd() -> None:
    assert resolve("", "", "") == Identity(groups=(0,))
    assert resolve("1000:1000", "", "") == Identity(uid=1000, gid=1000, groups=(1000,))


def test_further_groups() -> None:
    assert resolve("app:users", PASSWD, GROUP, ("extra", "77", "extra")).groups == (100, 200, 77)


def test_files_of_the_image_that_never_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "passwd").symlink_to("/dev/zero")
    (tmp_path / "group").write_text("root:x:0:\n" * 100_000)
    monkeypatch.setattr(becoming, "_LONGEST", 100_000)
    assert becoming._read(str(tmp_path / "passwd")) == ""
    assert 100_000 <= len(becoming._read(str(tmp_path / "group"))) < 200_000
    assert becoming._read(str(tmp_path / "nothing")) == ""
