"""Which manifest of an index a machine takes."""

import pytest

from pydock_lab.errors import RegistryError
from pydock_lab.oci import Descriptor, Digest, Index, MediaType, Platform
from pydock_lab.registry.platforms import choose


def platform(text: str) -> Platform:
    system, architecture, variant = (text + "//").split("/")[:3]
    return Platform(os=system, architecture=architecture, variant=variant)


def index(*offered: str) -> Index:
    return Index(
        manifests=tuple(
            Descriptor(
                media_type=MediaType.MANIFEST,
                digest=Digest.of(text.encode()),
                size=1,
                platform=platform(text) if text else None,
            )
            for text in offered
        )
    )


@pytest.mark.parametrize(
    ("wanted", "offered", "taken"),
    [
        ("linux/amd64", ["linux/arm64", "linux/amd64"], "linux/amd64"),
        ("linux/amd64", ["unknown/unknown", "linux/amd64"], "linux/amd64"),
        ("linux/amd64", ["", "linux/amd64"], "linux/amd64"),
        ("linux/amd64", ["linux/arm64", ""], ""),
        ("linux/amd64", ["linux/amd64/v3", "linux/amd64"], "linux/amd64"),
        ("linux/amd64/v3", ["linux/amd64", "linux/amd64/v3"], "linux/amd64/v3"),
        ("linux/amd64/v3", ["linux/amd64"], "linux/amd64"),
        ("linux/amd64/v3", ["linux/amd64", "linux/amd64/v2", "linux/amd64/v4"], "linux/amd64/v2"),
        ("linux/amd64/v9", ["linux/amd64/v2", "linux/amd64"], "linux/amd64"),
        ("linux/arm64/v9", ["linux/arm64"], "linux/arm64"),
        ("linux/arm64", ["linux/arm64/v8"], "linux/arm64/v8"),
        ("linux/arm64/v8", ["linux/arm64"], "linux/arm64"),
        ("linux/arm/v7", ["linux/arm/v5", "linux/arm/v6", "linux/arm64"], "linux/arm/v6"),
        ("linux/arm", ["linux/arm/v6", "linux/arm/v7"], "linux/arm/v7"),
    ],
)
def test_the_best_fitting_one(wanted: str, offered: list[str], taken: str) -> None:
    assert choose(index(*offered), platform(wanted), "app").digest == Digest.of(taken.encode())


@pytest.mark.parametrize(
    ("wanted", "offered"),
    [
        ("linux/amd64", ["linux/arm64"]),
        ("linux/amd64", ["windows/amd64"]),
        ("linux/amd64", ["linux/amd64/v3"]),
        ("linux/arm/v6", ["linux/arm/v7"]),
        ("linux/arm64", ["linux/arm64/v9"]),
        ("linux/amd64", []),
    ],
)
def test_none_fits(wanted: str, offered: list[str]) -> None:
    with pytest.raises(RegistryError) as caught:
        choose(index(*offered), platform(wanted), "app:1")
    assert caught.value.fields["offered"] == (", ".join(offered) or "-")
    assert "app:1" in caught.value.message("en")
