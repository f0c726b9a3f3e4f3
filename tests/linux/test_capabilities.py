"""Names of capabilities, and what --cap-add and --cap-drop make of Docker's fourteen."""

import pytest

from pydock_lab.errors import ContainerError
from pydock_lab.linux import capabilities
from pydock_lab.linux.capabilities import DEFAULT, Capability, adjust, parse


def test_the_default_is_dockers_mask() -> None:
    assert int(DEFAULT) == 0xA80425FB


@pytest.mark.parametrize("word", ["NET_ADMIN", "net_admin", "CAP_NET_ADMIN", "cap_net_admin"])
def test_a_capability_has_many_spellings(word: str) -> None:
    assert parse(word) is Capability.NET_ADMIN


def test_an_unknown_name_is_an_error_that_names_it() -> None:
    with pytest.raises(ContainerError) as caught:
        parse("NET_ADMINS")
    assert caught.value.key == "linux.unknown-capability"
    assert "NET_ADMINS" in caught.value.message("fr")


@pytest.mark.parametrize(
    ("add", "drop", "expected"),
    [
        ((), (), DEFAULT),
        (("NET_ADMIN",), (), DEFAULT | Capability.NET_ADMIN),
        ((), ("CHOWN",), DEFAULT & ~Capability.CHOWN),
        ((), ("ALL",), Capability(0)),
        (("CHOWN",), ("ALL",), Capability.CHOWN),
        (("ALL",), (), capabilities.ALL),
        (("ALL",), ("SYS_ADMIN",), capabilities.ALL & ~Capability.SYS_ADMIN),
    ],
)
def test_add_and_drop(add: tuple[str, ...], drop: tuple[str, ...], expected: Capability) -> None:
    assert adjust(DEFAULT, add=add, drop=drop) == expected


def test_names_and_numbers_agree() -> None:
    assert capabilities.parse_all(capabilities.names(capabilities.ALL)) == capabilities.ALL
    assert capabilities.names(Capability.CHOWN | Capability.BPF) == ("CAP_CHOWN", "CAP_BPF")
