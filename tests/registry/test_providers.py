"""Every provider by its own name, over TLS: `pydock` as it is, and skopeo, against doubles (samples/providers)."""

import gzip
import hashlib
import io
import json
import re
import sys
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from samples.providers.amazon import AmazonPrivate, AmazonPublic
from samples.providers.azure import NOBODY, Azure
from samples.providers.double import Double, Repository
from samples.providers.github import GitHub
from samples.providers.google import ArtifactRegistry, ContainerRegistry
from samples.providers.harbor import Harbor
from samples.providers.hub import DockerHub
from samples.providers.internet import Internet, internet
from samples.providers.quay import Quay
from samples.providers.tokens import TokenDouble

pytestmark = [pytest.mark.peers, pytest.mark.usefixtures("as_root")]

_IMAGE = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True, kw_only=True)
class Provider:
    """How a provider is used: its kind, names of images (public, private, and one to push), and who may push."""

    kind: type[Double]
    public: str
    private: str
    own: str
    login: tuple[str, str]

    @property
    def host(self) -> str:
        return self.own.partition("/")[0]

    @property
    def path(self) -> str:
        return self.own.partition("/")[2]


PROVIDERS = {
    "hub": Provider(
        kind=DockerHub,
        public="busybox",
        private="docker.io/alice/secret",
        own="docker.io/alice/app",
        login=("alice", "dckr_pat_1"),
    ),
    "github": Provider(
        kind=GitHub,
        public="ghcr.io/lab/base",
        private="ghcr.io/alice/secret",
        own="ghcr.io/alice/app",
        login=("alice", "ghp_1"),
    ),
    "amazon": Provider(
        kind=AmazonPrivate,
        public="",
        private=f"{AmazonPrivate.hosts[0]}/team/secret",
        own=f"{AmazonPrivate.hosts[0]}/team/app",
        login=("AWS", AmazonPrivate.password),
    ),
    "amazon public": Provider(
        kind=AmazonPublic,
        public="public.ecr.aws/docker/library/busybox",
        private="",
        own="public.ecr.aws/a1b2c3d4/app",
        login=("AWS", "eyJwdWJsaWMi"),
    ),
    "google": Provider(
        kind=ArtifactRegistry,
        public="europe-west9-docker.pkg.dev/lab/images/base",
        private="europe-west9-docker.pkg.dev/lab/images/secret",
        own="europe-west9-docker.pkg.dev/lab/images/app",
        login=("oauth2accesstoken", "ya29.1"),
    ),
    "google, old names": Provider(
        kind=ContainerRegistry,
        public="gcr.io/distroless/base",
        private="gcr.io/lab/secret",
        own="gcr.io/lab/app",
        login=("oauth2accesstoken", "ya29.1"),
    ),
    "azure": Provider(
        kind=Azure,
        public="",
        private="lab.azurecr.io/secret",
        own="lab.azurecr.io/app",
        login=("lab", "admin+password"),
    ),
    "quay": Provider(
        kind=Quay,
        public="quay.io/podman/hello",
        private="quay.io/alice/secret",
        own="quay.io/alice/app",
        login=("alice+builder", "ROBOT1"),
    ),
    "harbor": Provider(
        kind=Harbor,
        public="harbor.example.org/lab/base",
        private="harbor.example.org/lab/secret",
        own="harbor.example.org/lab/app",
        login=("robot$lab+builder", "ROBOT1"),
    ),
}
WITH_PUBLIC = [name for name, one in PROVIDERS.items() if one.public]
WITH_PRIVATE = [name for name, one in PROVIDERS.items() if one.private]


def image_of(text: bytes) -> tuple[bytes, dict[str, bytes]]:
    """A manifest, and its blobs by digest."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        entry = tarfile.TarInfo("file")
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text))
    layer = gzip.compress(out.getvalue(), mtime=0)
    diff_id = digest_of(out.getvalue())
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "created": "2026-01-05T21:06:53Z",
            "config": {"Cmd": ["true"]},
            "rootfs": {"type": "layers", "diff_ids": [diff_id]},
        }
    ).encode()
    parts = [
        {"mediaType": f"application/vnd.oci.image.{kind}", "digest": digest_of(blob), "size": len(blob)}
        for kind, blob in (("config.v1+json", config), ("layer.v1.tar+gzip", layer))
    ]
    document = {"schemaVersion": 2, "mediaType": _IMAGE, "config": parts[0], "layers": parts[1:]}
    return json.dumps(document).encode(), {digest_of(blob): blob for blob in (config, layer)}


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def fill(double: Double, path: str, *tags: str, public: bool = False) -> str:
    """An image in a repository, under these tags; its digest."""
    manifest, blobs = image_of(path.encode())
    digest = digest_of(manifest)
    tagged = dict.fromkeys(tags or ("latest",), digest)
    double.repositories[path] = Repository(manifests={digest: (_IMAGE, manifest)}, blobs=blobs, tags=tagged)
    if public and isinstance(double, TokenDouble):
        double.public.add(path)
    return digest


def path_of(name: str) -> str:
    """The repository of a name, as its registry knows it."""
    return name.partition("/")[2] if "/" in name else f"library/{name}"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Internet, dict[str, Double]]]:
    doubles = {name: one.kind() for name, one in PROVIDERS.items()}
    with internet([*doubles.values()], tmp_path_factory.mktemp("internet")) as network:
        yield network, doubles


@pytest.fixture
def network(world: tuple[Internet, dict[str, Double]]) -> Internet:
    return world[0]


@pytest.fixture
def double(world: tuple[Internet, dict[str, Double]]) -> Callable[[str], Double]:
    """`double("hub")`: it, with nothing in it yet but the images of PROVIDERS."""

    def find(name: str) -> Double:
        found, provider = world[1][name], PROVIDERS[name]
        found.repositories.clear()
        found.asked.clear()
        if isinstance(found, DockerHub):
            found.used = 0
        if provider.public:
            fill(found, path_of(provider.public), public=True)
        if provider.private:
            fill(found, path_of(provider.private))
        if not found.creates_repositories:
            found.repositories[provider.path] = Repository()
        return found

    return find


Run = Callable[..., str]


@pytest.fixture
def pydock(network: Internet, tmp_path: Path) -> Run:
    """`pydock("pull", ...)`: what it wrote, and with a status that is not 0 what it complained about."""

    def run(*words: str, stdin: str = "", status: int = 0) -> str:
        done = network.run(
            [sys.executable, "-m", "pydock_lab", *words],
            stdin=stdin,
            PYDOCK_HOME=str(tmp_path / "home"),
            DOCKER_CONFIG=str(tmp_path / "config"),
            PYDOCK_LANG="en",
        )
        assert done.returncode == status, (words, done.stdout, done.stderr)
        return done.stderr if status else done.stdout + done.stderr

    return run


@pytest.fixture
def skopeo(network: Internet, need: Callable[[str], str], tmp_path: Path) -> Run:
    """`skopeo("inspect", ...)`, with the logins that pydock keeps."""
    program = need("skopeo")

    def run(verb: str, *words: str, stdin: str = "", status: int = 0) -> str:
        authfile = ["--authfile", str(tmp_path / "config" / "config.json")]
        where = authfile if verb == "login" or (tmp_path / "config" / "config.json").exists() else []
        done = network.run([program, verb, *where, *words], stdin=stdin)
        assert (done.returncode != 0) == bool(status), (words, done.stdout, done.stderr)
        return done.stdout + done.stderr

    return run


def log_in(pydock: Run, provider: Provider, status: int = 0, password: str = "") -> str:
    username, right = provider.login
    words = ["login", "-u", username, "--password-stdin", provider.host]
    return pydock(*words, stdin=password or right, status=status)


def ask(network: Internet, question: str) -> str:
    """What a plain program is told, which is none of ours."""
    program = f"import requests; trusted = {str(network.authority)!r}; print({question})"
    return network.run([sys.executable, "-c", program]).stdout


# ---- what holds for all


@pytest.mark.parametrize("name", WITH_PUBLIC)
def test_anybody_pulls_what_is_public(name: str, double: Callable[[str], Double], pydock: Run, skopeo: Run) -> None:
    there, provider = double(name), PROVIDERS[name]
    digest = there.repositories[path_of(provider.public)].tags["latest"]
    assert digest in pydock("pull", provider.public)
    # Nobody's papers went to where the blobs are: it would have said 400.
    at_storage = [request for request in there.asked if request.host == there.storage]
    assert bool(at_storage) == bool(there.storage)
    assert not any("authorization" in request.headers for request in at_storage)
    full = provider.public if "/" in provider.public else f"docker.io/library/{provider.public}"
    assert json.loads(skopeo("inspect", f"docker://{full}"))["Digest"] == digest


@pytest.mark.parametrize("name", WITH_PRIVATE)
def test_nobody_pulls_what_is_private(name: str, double: Callable[[str], Double], pydock: Run, skopeo: Run) -> None:
    double(name)
    provider = PROVIDERS[name]
    said = pydock("pull", provider.private, status=1)
    assert "login" in said or "log in" in said, said
    assert provider.host in said
    skopeo("inspect", f"docker://{provider.private}", status=1)


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_wrong_password(name: str, double: Callable[[str], Double], pydock: Run, skopeo: Run, tmp_path: Path) -> None:
    double(name)
    provider = PROVIDERS[name]
    said = log_in(pydock, provider, status=1, password="wrong")
    assert f"does not accept the login of {provider.login[0]}" in said
    assert not (tmp_path / "config" / "config.json").exists()
    skopeo("login", "-u", provider.login[0], "--password-stdin", provider.host, stdin="wrong", status=1)


@pytest.mark.parametrize("name", PROVIDERS)
def test_there_and_back(name: str, double: Callable[[str], Double], pydock: Run, skopeo: Run, tmp_path: Path) -> None:
    """Logged in by pydock: its push is what skopeo gets with the same login, and the other way round."""
    there, provider = double(name), PROVIDERS[name]
    (tmp_path / "context").mkdir()
    (tmp_path / "context" / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    pydock("build", "-q", "-t", f"{provider.own}:1", str(tmp_path / "context"))
    assert "Login Succeeded" in log_in(pydock, provider)
    (pushed,) = set(re.findall("sha256:[0-9a-f]{64}", pydock("push", f"{provider.own}:1")))
    path = path_of(provider.own)
    assert there.repositories[path].tags["1"] == pushed
    layout = f"oci:{tmp_path}/layout:it"
    skopeo("copy", f"docker://{provider.own}:1", layout)
    skopeo("copy", layout, f"docker://{provider.own}:2")
    assert pydock("registry", "tags", provider.own).split() == ["1", "2"]
    assert pushed in pydock("pull", f"{provider.own}:2")
    if provider.private:
        pydock("pull", provider.private)
    pydock("logout", provider.host)
    if provider.private:
        pydock("pull", provider.private, status=1)


@pytest.mark.parametrize("name", PROVIDERS)
def test_more_tags_than_a_page(name: str, double: Callable[[str], Double], pydock: Run, skopeo: Run) -> None:
    there, provider = double(name), PROVIDERS[name]
    tags = [f"v{number}" for number in range(250)]
    fill(there, path_of(provider.own), *tags)
    log_in(pydock, provider)
    listed = pydock("registry", "tags", provider.own).split()
    assert sorted(listed) == sorted(tags)
    assert sorted(json.loads(skopeo("list-tags", f"docker://{provider.own}"))["Tags"]) == sorted(tags)
    assert len([one for one in there.asked if one.path.endswith("tags/list")]) >= 3


# ---- Docker Hub


def test_hub_counts_pulls(double: Callable[[str], Double], pydock: Run) -> None:
    """What is left is said before nothing is, and asking costs nothing."""
    there = double("hub")
    assert isinstance(there, DockerHub)
    there.used = 50
    said = pydock("pull", "--dry-run", "busybox")
    assert "docker.io: 49 of 100 pulls left in 6 hours" in said
    assert there.used == 51  # the manifest itself; not the question
    assert "pulls left" not in pydock("pull", "busybox")
    there.used = 85
    assert "docker.io: 14 of 100 pulls left in 6 hours" in pydock("pull", "busybox")
    there.used = 100
    said = pydock("pull", "busybox", status=1)
    assert "You have reached your unauthenticated pull rate limit" in said
    assert "docker login" in said


def test_hub_lists_tags_with_sizes_and_dates(double: Callable[[str], Double], pydock: Run) -> None:
    there = double("hub")
    fill(there, "library/python", *(f"3.{minor}" for minor in range(120)), public=True)
    said = pydock("registry", "tags", "--long", "--limit", "110", "python").splitlines()
    assert said[0].split() == ["TAG", "DIGEST", "SIZE", "CREATED", "PLATFORMS"]
    assert len(said) == 111
    assert "linux/amd64" in said[1]
    pages = [one.query for one in there.asked if one.host == "hub.docker.com"]
    assert [one["page"] for one in pages] == ["1", "2"]
    assert not any("authorization" in one.headers for one in there.asked if one.host == "hub.docker.com")
    rows = [json.loads(line) for line in pydock("registry", "tags", "--format", "json", "python").splitlines()]
    assert rows[0]["CreatedAt"] == "2026-01-05T21:06:53.506400Z"
    assert rows[0]["Digest"] == there.repositories["library/python"].tags["3.0"]


def test_hub_tags_of_what_is_private(double: Callable[[str], Double], pydock: Run) -> None:
    """Its list of tags knows another login: then the registry itself is asked."""
    double("hub")
    log_in(pydock, PROVIDERS["hub"])
    (row,) = [json.loads(line) for line in pydock("registry", "tags", "--format", "json", "alice/secret").splitlines()]
    assert (row["Tag"], row["Platforms"], row["CreatedAt"]) == ("latest", "linux/amd64", "2026-01-05T21:06:53Z")


def test_hub_searches(double: Callable[[str], Double], pydock: Run) -> None:
    double("hub")
    rows = pydock("search", "busy").splitlines()
    assert rows[1].split() == ["busybox", "About", "library/busybox", "1", "[OK]"]
    assert len(rows) == 2


def test_hub_refuses_what_is_not_one_s_own(double: Callable[[str], Double], pydock: Run, skopeo: Run) -> None:
    double("hub")
    log_in(pydock, PROVIDERS["hub"])
    pydock("pull", "busybox")
    pydock("tag", "busybox", "bob/app:1")
    assert "docker.io/bob/app" in pydock("push", "bob/app:1", status=1)
    skopeo("copy", "docker://docker.io/library/busybox", "docker://docker.io/bob/app:1", status=1)


@pytest.mark.parametrize("name", ["hub", "github"])
@pytest.mark.parametrize("who", ["nobody", "somebody"])
def test_no_catalog(name: str, who: str, double: Callable[[str], Double], pydock: Run) -> None:
    double(name)
    provider = PROVIDERS[name]
    if who == "somebody":
        log_in(pydock, provider)
    assert f"{provider.host} does not list its repositories" in pydock("tree", provider.host, status=1)


# ---- GitHub


def test_github_wants_a_token_for_everything(double: Callable[[str], Double], pydock: Run) -> None:
    there = double("github")
    pydock("registry", "tags", "ghcr.io/lab/base")
    asked = [(one.path, bool(one.authorization[0])) for one in there.asked]
    assert asked == [("/v2/lab/base/tags/list", False), ("/token", False), ("/v2/lab/base/tags/list", True)]


# ---- Amazon


def test_amazon_s_repositories_are_made_before(double: Callable[[str], Double], pydock: Run, skopeo: Run) -> None:
    there, host = double("amazon"), AmazonPrivate.hosts[0]
    log_in(pydock, PROVIDERS["amazon"])
    pydock("pull", f"{host}/team/secret")
    pydock("tag", f"{host}/team/secret", f"{host}/team/new:1")
    said = pydock("push", f"{host}/team/new:1", status=1)
    assert "aws ecr create-repository --repository-name team/new --region eu-west-3" in said
    skopeo("copy", f"docker://{host}/team/secret", f"docker://{host}/team/new:1", status=1)
    there.repositories["team/new"] = Repository()
    pydock("push", f"{host}/team/new:1")


def test_amazon_gives_a_thousand_tags_at_most(double: Callable[[str], Double], network: Internet) -> None:
    """What others have run into (n=10000): we name no number."""
    there = double("amazon")
    assert isinstance(there, AmazonPrivate)
    url = f"https://AWS:{there.password}@{AmazonPrivate.hosts[0]}/v2/team/secret/tags/list?n=10000"
    assert "less than or equal to 1000" in ask(network, f"requests.get({url!r}, verify=trusted).text")


def test_amazon_public_takes_no_basic(double: Callable[[str], Double], pydock: Run) -> None:
    there = double("amazon public")
    log_in(pydock, PROVIDERS["amazon public"])
    pydock("pull", PROVIDERS["amazon public"].public)
    basic = [one for one in there.asked if one.authorization[0] == "basic"]
    assert {one.path for one in basic} == {"/token/"}


# ---- Google


@pytest.mark.parametrize("name", ["google", "google, old names"])
@pytest.mark.parametrize("username", ["oauth2accesstoken", "_json_key", "_json_key_base64"])
def test_google_s_three_users(
    name: str, username: str, double: Callable[[str], Double], pydock: Run, skopeo: Run
) -> None:
    there, provider = double(name), PROVIDERS[name]
    assert isinstance(there, ArtifactRegistry)
    pydock("login", "-u", username, "--password-stdin", provider.host, stdin=there.passwords[username])
    pydock("pull", provider.private)
    skopeo("inspect", f"docker://{provider.private}")


def test_google_s_names_have_three_parts(double: Callable[[str], Double], pydock: Run, skopeo: Run) -> None:
    double("google")
    log_in(pydock, PROVIDERS["google"])
    assert "invalid argument" in pydock("pull", "europe-west9-docker.pkg.dev/lab/images", status=1)
    assert "knows no repository" in pydock("pull", "europe-west9-docker.pkg.dev/lab/other/app", status=1)
    skopeo("inspect", "docker://europe-west9-docker.pkg.dev/lab/other/app", status=1)


# ---- Azure


def test_azure_gives_a_refresh_token_in_place_of_the_password(
    double: Callable[[str], Double], pydock: Run, skopeo: Run, tmp_path: Path
) -> None:
    there = double("azure")
    log_in(pydock, PROVIDERS["azure"])
    written = (tmp_path / "config" / "config.json").read_text()
    assert "refresh." in written
    assert "admin+password" not in written
    there.asked.clear()
    pydock("pull", "lab.azurecr.io/secret")
    skopeo("inspect", "docker://lab.azurecr.io/secret")
    posts = [one for one in there.asked if one.method == "POST"]
    assert posts
    assert all(b"grant_type=refresh_token" in one.body for one in posts)
    assert not any("refresh." in one.path for one in there.asked)


def test_azure_s_exchange(double: Callable[[str], Double], network: Internet, pydock: Run, skopeo: Run) -> None:
    """What `az acr login --expose-token` does: a token of Azure becomes the password of the user of zeros."""
    double("azure")
    form = {"grant_type": "access_token", "service": "lab.azurecr.io", "access_token": Azure.azure_token}
    url = "https://lab.azurecr.io/oauth2/exchange"
    token = ask(network, f"requests.post({url!r}, {form!r}, verify=trusted).json()['refresh_token']").strip()
    pydock("login", "-u", NOBODY, "--password-stdin", "lab.azurecr.io", stdin=token)
    pydock("pull", "lab.azurecr.io/secret")
    skopeo("inspect", "docker://lab.azurecr.io/secret")


def test_azure_lists_its_catalog(double: Callable[[str], Double], pydock: Run) -> None:
    there = double("azure")
    for number in range(5):
        fill(there, f"team/app{number}")
    log_in(pydock, PROVIDERS["azure"])
    assert [row.split()[0] for row in pydock("search", "lab.azurecr.io/team").splitlines()[1:]] == [
        f"lab.azurecr.io/team/app{number}" for number in range(5)
    ]


# ---- Quay


@pytest.mark.parametrize("login", [("$oauthtoken", "OAUTH1"), ("$app", "APP1"), ("alice", "s3cret")])
def test_quay_s_other_users(login: tuple[str, str], double: Callable[[str], Double], pydock: Run, skopeo: Run) -> None:
    double("quay")
    pydock("login", "-u", login[0], "--password-stdin", "quay.io", stdin=login[1])
    pydock("pull", "quay.io/alice/secret")
    skopeo("inspect", "docker://quay.io/alice/secret")


def test_quay_s_catalog_and_search(double: Callable[[str], Double], pydock: Run) -> None:
    there = double("quay")
    for number in range(5):
        fill(there, f"lab/app{number}", public=True)
    rows = pydock("search", "quay.io/app").splitlines()[1:]
    assert [row.split()[0] for row in rows] == [f"quay.io/lab/app{number}" for number in range(5)]
    assert "does not list" in pydock("tree", "quay.io", status=1)
    log_in(pydock, PROVIDERS["quay"])
    assert "lab/app4" in pydock("tree", "quay.io")


# ---- Harbor


def test_harbor_s_catalog_is_the_administrator_s(double: Callable[[str], Double], pydock: Run) -> None:
    there = double("harbor")
    for number in range(5):
        fill(there, f"lab/app{number}", public=True)
    assert "Log in first" in pydock("tree", "harbor.example.org", status=1)
    log_in(pydock, PROVIDERS["harbor"])
    assert "does not list" in pydock("tree", "harbor.example.org", status=1)
    rows = pydock("search", "harbor.example.org/app").splitlines()[1:]
    assert [row.split()[0] for row in rows] == [f"harbor.example.org/lab/app{number}" for number in range(5)]
    pydock("login", "-u", "admin", "--password-stdin", "harbor.example.org", stdin="Harbor12345")
    assert "lab/app4" in pydock("tree", "harbor.example.org")


def test_harbor_s_projects_are_made_before(double: Callable[[str], Double], pydock: Run, skopeo: Run) -> None:
    double("harbor")
    pydock("login", "-u", "alice", "--password-stdin", "harbor.example.org", stdin="s3cret")
    pydock("pull", "harbor.example.org/lab/base")
    pydock("tag", "harbor.example.org/lab/base", "harbor.example.org/new/app:1")
    assert "project new not found" in pydock("push", "harbor.example.org/new/app:1", status=1)
    skopeo("copy", "docker://harbor.example.org/lab/base", "docker://harbor.example.org/new/app:1", status=1)


# ---- whom it is for


def test_each_gets_its_own_login_alone(double: Callable[[str], Double], pydock: Run) -> None:
    """Logged in everywhere: no provider ever hears the password of another."""
    doubles = {name: double(name) for name in PROVIDERS}
    for provider in PROVIDERS.values():
        log_in(pydock, provider)
    for provider in PROVIDERS.values():
        pydock("pull", provider.private or provider.public)
    for name, there in doubles.items():
        basics = {request.basic for request in there.asked if request.authorization[0] == "basic"}
        assert basics <= {PROVIDERS[name].login}
