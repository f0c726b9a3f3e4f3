import pytest

from pydock_lab.dockerfile.platforms import parse_platform, platform_arguments
from pydock_lab.errors import DockerfileError
from pydock_lab.oci import Platform

HOST = Platform(os="linux", architecture="arm64")


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("linux/x86_64", "linux/amd64"),
        ("Linux/ARM64/v8", "linux/arm64"),
        ("linux/arm", "linux/arm/v7"),
        ("linux/armel", "linux/arm/v6"),
        ("macos/aarch64", "darwin/arm64"),
        ("windows(10.0)/amd64", "windows/amd64"),
        ("amd64", "linux/amd64"),
        ("windows", "windows/arm64"),
    ],
)
def test_platforms(text: str, platform: str) -> None:
    assert str(parse_platform(text, HOST)) == platform


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "platform-os"),
        ("linux/", "platform-part"),
        ("a/b/c/d", "platform-parts"),
        ("mine", "platform-unknown"),
    ],
)
def test_wrong_platforms(text: str, key: str) -> None:
    with pytest.raises(DockerfileError) as caught:
        parse_platform(text)
    assert caught.value.key == f"dockerfile.{key}"


def test_arguments_of_a_build() -> None:
    found = platform_arguments(build=HOST, target=parse_platform("linux/arm/v6"), overrides={"BUILDOS": "x", "A": "b"})
    assert found["TARGETPLATFORM"] == "linux/arm/v6"
    assert found["TARGETVARIANT"] == "v6"
    assert (found["BUILDOS"], found["TARGETSTAGE"], "A" in found) == ("x", "default", False)
