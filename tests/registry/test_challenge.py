"""WWW-Authenticate, as registries write it and as they should not."""

import pytest

from pydock_lab.errors import RegistryError
from pydock_lab.registry.challenge import parse

HUB = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"'


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("", []),
        ("Basic", [("basic", {})]),
        ('Basic realm="a, b=c"', [("basic", {"realm": "a, b=c"})]),
        ("basic REALM=x", [("basic", {"realm": "x"})]),
        (
            HUB,
            [
                (
                    "bearer",
                    {
                        "realm": "https://auth.docker.io/token",
                        "service": "registry.docker.io",
                        "scope": "repository:a/b:pull,push",
                    },
                )
            ],
        ),
        (
            'Bearer realm="r" , service="s", Basic realm="b"',
            [("bearer", {"realm": "r", "service": "s"}), ("basic", {"realm": "b"})],
        ),
        ('Negotiate, Basic realm="b"', [("negotiate", {}), ("basic", {"realm": "b"})]),
        (r'Bearer realm="a\"b"', [("bearer", {"realm": 'a"b'})]),
        ('Bearer realm="one",realm="two"', [("bearer", {"realm": "one"})]),
    ],
)
def test_challenges(header: str, found: list[tuple[str, dict[str, str]]]) -> None:
    assert [(one.scheme, dict(one.parameters)) for one in parse(header, "a.io")] == found


@pytest.mark.parametrize(
    "header", ['Bearer realm="open', 'Bearer realm="a"x', "=", 'Bearer realm="a" service="b"', "Bearer " + "a" * 9000]
)
def test_what_is_no_challenge(header: str) -> None:
    with pytest.raises(RegistryError) as caught:
        parse(header, "a.io")
    assert caught.value.key == "registry.challenge"
