import pytest

from pydock_lab.dockerfile.mounts import Device, Mount, MountType, Sharing, check_mount, parse_device, parse_mount
from pydock_lab.errors import DockerfileError


@pytest.mark.parametrize(
    ("text", "mount"),
    [
        ("target=/a", Mount(target="/a")),
        ("from=b,src=c,dst=/a,rw", Mount(origin="b", source="c", target="/a", read_only=False)),
        ("type=tmpfs,dst=/a,size=1k", Mount(type=MountType.TMPFS, target="/a", size_limit=1024, read_only=False)),
        ("type=secret,id=a,required", Mount(type=MountType.SECRET, cache_id="a", required=True)),
        (
            "type=cache,id=$x,target=/a,sharing=LOCKED,mode=0700,uid=1",
            Mount(
                type=MountType.CACHE,
                cache_id="<$x>",
                target="/a",
                sharing=Sharing.LOCKED,
                mode=0o700,
                uid=1,
                read_only=False,
            ),
        ),
    ],
)
def test_mounts(text: str, mount: Mount) -> None:
    check_mount(text)
    assert parse_mount(text, lambda value: f"<{value}>" if "$" in value else value) == mount


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("type=disk", "mount-type"),
        ("type=cache,sharing=all", "mount-sharing"),
        ("type=ssh,sharing=shared", "mount-not-shared"),
        ("size=1k", "mount-key-type"),
        ("type=tmpfs,size=big", "field-value"),
        ("mode=0700", "mount-owner"),
        ("type=cache,mode=9", "field-number"),
        ("ro=maybe", "field-value"),
        ("bare", "field-equals"),
        ("targt=/a", "field-unknown-like"),
        ("nothing-like-it=/a", "field-unknown"),
        ("type=secret", "secret-empty"),
        ("type=secret,id=a,src=b", "secret-twice"),
        ("type=secret,id=a,from=b", "secret-from"),
    ],
)
def test_wrong_mounts(text: str, key: str) -> None:
    with pytest.raises(DockerfileError) as caught:
        parse_mount(text, str)
    assert caught.value.key == f"dockerfile.{key}"


@pytest.mark.parametrize(
    ("text", "device"),
    [
        ("a.com/b=c,required", Device(name="a.com/b=c", required=True)),
        ("name=a.com/b=c,required=false", Device(name="a.com/b=c")),
        ("required", Device(required=True)),
    ],
)
def test_devices(text: str, device: Device) -> None:
    assert parse_device(text) == device


@pytest.mark.parametrize("text", ["a,b", "a,name=b", "a,b=c", "a,required=x", ""])
def test_wrong_devices(text: str) -> None:
    with pytest.raises(DockerfileError):
        parse_device(text)
