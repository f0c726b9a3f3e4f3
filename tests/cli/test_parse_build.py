"""The little languages in the options of `docker build`: what each text means."""

import io
from pathlib import Path

import pytest

from pydock_lab.cli import parse_build, parse_outputs
from pydock_lab.engine.options import AgentSource, CacheKind, CacheStore, Output, OutputKind, SecretSource

STREAM = io.BytesIO()


@pytest.fixture(autouse=True)
def _files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("token", "a,b", "key", "other"):
        (tmp_path / name).write_text("x")
    (tmp_path / "folder").mkdir()
    monkeypatch.setenv("TOKEN", "x")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("id=t,src=token", SecretSource(id="t", path=Path("token"))),
        ("id=t,source=token", SecretSource(id="t", path=Path("token"))),
        ("type=file,id=t,src=token", SecretSource(id="t", path=Path("token"))),
        ('id=t,"src=a,b"', SecretSource(id="t", path=Path("a,b"))),
        ("id=t,env=TOKEN", SecretSource(id="t", env="TOKEN")),
        ("type=env,id=t,src=TOKEN", SecretSource(id="t", env="TOKEN")),
        ("id=TOKEN", SecretSource(id="TOKEN", env="TOKEN")),
        ("id=token", SecretSource(id="token", path=Path("token"))),
    ],
)
def test_secrets(text, value):
    assert parse_build.secret(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("default", AgentSource()),
        ("default=key", AgentSource(paths=(Path("key"),))),
        ("github=key,other", AgentSource(id="github", paths=(Path("key"), Path("other")))),
    ],
)
def test_agents(text, value):
    assert parse_build.agent(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("db:10.0.0.5", "db:10.0.0.5"),
        ("db=10.0.0.5", "db:10.0.0.5"),
        ("db:::1", "db:::1"),
        ("db=[fe80::1]", "db:fe80::1"),
        ("me:host-gateway", "me:127.0.0.1"),
    ],
)
def test_hosts(text, value):
    assert parse_build.add_host(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("nofile=1024", "nofile=1024:1024"),
        ("nofile=10:20", "nofile=10:20"),
        ("core=-1", "core=-1:-1"),
        ("core=0:-1", "core=0:-1"),
    ],
)
def test_ulimits(text, value):
    assert parse_build.ulimit(text) == value


def test_what_is_said_of_the_image(tmp_path):
    assert parse_build.annotations(["a=b=c", "manifest:d=e", "manifest[linux/amd64]:f=", "org.x:y=z"]) == {
        "a": "b=c",
        "d": "e",
        "f": "",
        "org.x:y": "z",
    }
    assert parse_build.build_contexts(["docs=folder", "base=docker-image://alpine:3", "lib=target:build"]) == {
        "docs": str(tmp_path / "folder"),
        "base": "docker-image://alpine:3",
        "lib": "target:build",
    }
    assert parse_build.allowed(["network.host,security.insecure"]) == {"network.host", "security.insecure"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("out", Output(kind=OutputKind.LOCAL, path=Path("out"))),
        ("type=local,dest=out", Output(kind=OutputKind.LOCAL, path=Path("out"))),
        ("-", Output(kind=OutputKind.TAR, stream=STREAM)),
        ("type=tar", Output(kind=OutputKind.TAR, stream=STREAM)),
        ("type=tar,dest=a.tar", Output(kind=OutputKind.TAR, path=Path("a.tar"))),
        ("type=oci,dest=-", Output(kind=OutputKind.OCI, stream=STREAM)),
        ("type=oci,dest=a.tar,name=x:1", Output(kind=OutputKind.OCI, path=Path("a.tar"), names=("x:1",))),
        ("type=oci,dest=folder,tar=false", Output(kind=OutputKind.OCI, path=Path("folder"), is_folder=True)),
        ("type=docker", Output(kind=OutputKind.DOCKER)),
        ("type=docker,dest=-", Output(kind=OutputKind.DOCKER, stream=STREAM)),
        ('type=image,"name=a,b",push=true', Output(kind=OutputKind.IMAGE, names=("a", "b"), push=True)),
        ("type=registry,name=a", Output(kind=OutputKind.IMAGE, names=("a",), push=True)),
        ("type=image,oci-mediatypes=true", Output(kind=OutputKind.IMAGE)),
        ("type=cacheonly", Output(kind=OutputKind.CACHE_ONLY)),
    ],
)
def test_outputs(text, value):
    found = parse_outputs.output(text, lambda: STREAM)
    assert (found, found.stream) == (value, value.stream)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("app:cache", CacheStore(kind=CacheKind.REGISTRY, reference="app:cache")),
        ("type=registry,ref=app:cache", CacheStore(kind=CacheKind.REGISTRY, reference="app:cache")),
        ("ref=app:cache", CacheStore(kind=CacheKind.REGISTRY, reference="app:cache")),
        ("type=local,src=c", CacheStore(kind=CacheKind.LOCAL, path=Path("c"))),
        ("type=local,src=c,tag=main", CacheStore(kind=CacheKind.LOCAL, path=Path("c"), tag="main")),
    ],
)
def test_caches_that_are_read(text, value):
    assert parse_outputs.cache_from(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("type=inline", CacheStore(kind=CacheKind.INLINE)),
        ("app:cache", CacheStore(kind=CacheKind.REGISTRY, reference="app:cache")),
        (
            "type=registry,ref=app,mode=max,image-manifest=true",
            CacheStore(kind=CacheKind.REGISTRY, reference="app", is_whole=True),
        ),
        (
            "type=local,dest=c,mode=min,ignore-error=true",
            CacheStore(kind=CacheKind.LOCAL, path=Path("c"), ignore_error=True),
        ),
    ],
)
def test_caches_that_are_written(text, value):
    assert parse_outputs.cache_to(text) == value
