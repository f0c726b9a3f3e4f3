"""resolv.conf as values, and back."""

import pytest

from pydock_lab.network.resolv_conf import ResolvConf


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", ResolvConf()),
        ("nameserver 9.9.9.9\nnameserver fe80::1%eth0\n", ResolvConf(servers=("9.9.9.9", "fe80::1%eth0"))),
        ("# nameserver 1.1.1.1\n; x\nnameserver\nnameserver here\n", ResolvConf()),
        ("domain a\nsearch b c\noptions ndots:2\noptions edns0 rotate\n",
         ResolvConf(search=("b", "c"), options=("ndots:2", "edns0", "rotate"))),
        ("  nameserver \t 1.2.3.4  # ours\n", ResolvConf(servers=("1.2.3.4",))),
        ("sortlist 1.2.3.4\n\n\n", ResolvConf()),
    ],
)  # fmt: skip
def test_reading(content: str, expected: ResolvConf) -> None:
    assert ResolvConf.read(content) == expected


def test_writing_in_dockers_order() -> None:
    found = ResolvConf(servers=("1.1.1.1", "2.2.2.2"), search=("lab", "example.com"), options=("ndots:0",))
    text = "nameserver 1.1.1.1\nnameserver 2.2.2.2\nsearch lab example.com\noptions ndots:0\n"
    assert found.write() == text
    assert ResolvConf.read(text) == found


def test_a_dot_means_no_search_at_all() -> None:
    assert ResolvConf(search=(".",)).write() == ""
