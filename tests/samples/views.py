"""Views made by hand: an image, its containers, a registry, a machine."""

import hashlib
from dataclasses import replace

from pydock_lab.views import (
    BlobView,
    ChangeKind,
    ContainerView,
    Doctor,
    FacetView,
    FileChange,
    Gauge,
    ImageInstances,
    Instances,
    LayerRow,
    LayerStack,
    ManifestView,
    Origin,
    PortView,
    RepositoryView,
    TagTree,
    TagView,
    View,
)

MB = 1_000_000
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"


def digest(text: str) -> str:
    """A digest that stays the same from run to run."""
    return "sha256:" + hashlib.sha256(text.encode(errors="replace")).hexdigest()


def change(sign: str, path: str, size: int = 0) -> FileChange:
    """`+` added, `~` changed, `-` deleted."""
    kind = {"+": ChangeKind.ADDED, "~": ChangeKind.CHANGED, "-": ChangeKind.DELETED}[sign]
    return FileChange(path=path, kind=kind, size=size, mode=0o644)


def copied(path: str, size: int) -> FileChange:
    """A file of the image's fifth layer that a container has changed."""
    return replace(change("~", path, size), layer=4, copied=380_000)


def layer(number: int, instruction: str, origin: Origin, size: int, *changes: FileChange, **more: object) -> LayerRow:
    """A row with a layer; its digests follow from the instruction."""
    row: dict[str, object] = {
        "size": int(size * 0.4),
        "unpacked_size": size,
        "digest": digest(f"blob {instruction}"),
        "diff_id": digest(instruction),
        "changes": changes,
        "changes_total": len(changes),
    }
    return LayerRow(number=number, instruction=instruction, origin=origin, **(row | more))  # type: ignore[arg-type]


def config(number: int, instruction: str) -> LayerRow:
    """A row without a layer."""
    return LayerRow(number=number, instruction=instruction, origin=Origin.CONFIG)


BASE = layer(
    0,
    "FROM lab/python",
    Origin.BASE,
    int(51.8 * MB),
    change("+", "/usr/local/lib/libpython3.12.so", 31 * MB),
    change("+", "/usr/share/doc/python3.12/manual.html", 6 * MB),
    change("+", "/usr/share/doc/README", 100_000),
    change("+", "/bin/busybox", 2 * MB),
)
SHOP = LayerStack(
    name="shop:1.2",
    image_id=digest("shop config"),
    digest=digest("shop manifest"),
    platform="linux/amd64",
    created="2026-11-20T08:00:00Z",
    rows=(
        BASE,
        config(1, "ENV PORT=8080"),
        layer(2, "WORKDIR /srv", Origin.CACHED, 0, change("+", "/srv"), line=3),
        layer(
            3,
            "RUN pip install flask",
            Origin.CACHED,
            int(9.2 * MB),
            change("+", "/usr/local/lib/python3.12/site-packages/flask/app.py", 120_000),
            change("+", "/usr/local/lib/python3.12/site-packages/werkzeug/serving.py", 90_000),
            line=4,
        ),
        layer(
            4,
            "COPY app.py templates/ /srv/",
            Origin.BUILT,
            400_000,
            change("+", "/srv/app.py", 380_000),
            change("~", "/srv/templates/index.html", 840),
            line=5,
            seconds=0.1,
        ),
        layer(
            5,
            "RUN rm -r /usr/share/doc",
            Origin.BUILT,
            20_000,
            change("-", "/usr/share/doc", int(6.1 * MB)),
            change("~", "/var/lib/status", 20_000),
            line=6,
            seconds=1.2,
        ),
        config(6, 'CMD ["python3", "app.py"]'),
    ),
)
HOSTILE = '</text><script>alert("é")</script>&amp;\x1b[31m\u202egnp.exe\udc80 一二三 🐳 ' + "W" * 200
HOSTILE_STACK = LayerStack(
    name=HOSTILE,
    image_id=digest("hostile"),
    digest=digest("hostile manifest"),
    platform=HOSTILE,
    rows=(
        layer(0, HOSTILE, Origin.BASE, 10**15, change("+", "/" + HOSTILE, 10**15)),
        layer(1, HOSTILE, Origin.BUILT, 1, *(change("-", f"/{at}{HOSTILE}", 10**12) for at in range(9)), line=10**6),
        config(2, HOSTILE),
    ),
)
WEB1 = ContainerView(
    id=digest("web1")[7:],
    name="web1",
    state="running",
    command="python3 app.py",
    pid=4711,
    inside_pid=1,
    hostname="5f2d7c11aa90",
    address="172.20.0.2",
    ports=(PortView(host_ip="127.0.0.1", host_port=8080, container_port=80),),
    writable_size=int(1.6 * MB),
    changes=(copied("/srv/app.py", 380_400), change("+", "/tmp/upload.jpg", int(1.2 * MB))),
    changes_total=2,
    tier="rootless",
    network="bridge",
    docker_command="docker diff web1",
    gauges=(
        Gauge(kind="memory", used=61.4 * MB, limit=64 * MB),
        Gauge(kind="cpu", used=0.42, limit=0.5),
        Gauge(kind="pids", used=3),
    ),
)
WEB2 = ContainerView(
    id=digest("web2")[7:],
    name="web2",
    state="running",
    command="python3 app.py --debug --reload --with-a-very-long-line-of-options",
    pid=4790,
    inside_pid=1,
    hostname="web2",
    address="172.20.0.3",
    writable_size=100_000,
    changes=(change("+", "/tmp/x", 100_000),),
    changes_total=1,
    tier="rootless",
    network="bridge",
)
TRIAL = ContainerView(
    id=digest("trial")[7:],
    name="essai",
    state="exited",
    exit_code=137,
    command="sh -c 'rm -r /usr/share/doc; pip download flask'",
    writable_size=int(6.4 * MB),
    oom_killed=True,
    changes=(
        replace(change("-", "/usr/share/doc", int(6.1 * MB)), layer=0),
        change("+", "/root/.cache/pip/http/flask.whl", int(6.3 * MB)),
        change("+", "/root/.cache/pip/index", 40_000),
        change("+", "/root/.profile", 40),
        change("+", "/root/.sh_history", 40),
    ),
    changes_total=214,
)
SHOP_INSTANCES = ImageInstances(
    name="shop:1.2", image_id=SHOP.image_id, layers=SHOP.rows, containers=(WEB1, WEB2, TRIAL)
)
BASE_INSTANCES = ImageInstances(
    name="lab/python",
    image_id=digest("base"),
    layers=(BASE,),
    containers=(ContainerView(id=digest("idle")[7:], name="idle", state="created", command="python3"),),
)
INSTANCES = Instances(images=(SHOP_INSTANCES, BASE_INSTANCES), tier="rootless")
HOSTILE_INSTANCES = Instances(
    images=(
        ImageInstances(
            name=HOSTILE,
            image_id=digest("h"),
            layers=HOSTILE_STACK.rows,
            containers=tuple(
                ContainerView(
                    id=digest(f"h{at}")[7:],
                    name=HOSTILE,
                    state=HOSTILE,
                    command=HOSTILE,
                    pid=2**31,
                    inside_pid=2**31,
                    hostname=HOSTILE,
                    address=HOSTILE,
                    ports=tuple(
                        PortView(host_ip="255.255.255.255", host_port=65535, container_port=60000 + port)
                        for port in range(9)
                    ),
                    writable_size=10**15,
                    changes=HOSTILE_STACK.rows[1].changes,
                    changes_total=10**9,
                    network=HOSTILE,
                )
                for at in range(7)
            ),
        ),
    ),
    tier=HOSTILE,
)


def blob(text: str, size: int, *, local: bool = False) -> BlobView:
    """A layer of a registry."""
    return BlobView(digest=digest(f"blob {text}"), size=size, local=local)


def manifest(name: str, *layers: BlobView, platform: str = "linux/amd64") -> ManifestView:
    """An image of a registry."""
    return ManifestView(
        digest=digest(name), media_type=MANIFEST_TYPE, size=700, platform=platform, layers=layers, created=""
    )


_BASE = blob("FROM lab/python", 21 * MB, local=True)
_FLASK = blob("RUN pip install flask", 4 * MB, local=True)
_ARM = manifest("arm", blob("arm", 20 * MB), platform="linux/arm64")
_AMD = manifest("base manifest", _BASE)
_BOTH = ManifestView(digest=digest("both"), media_type=INDEX_TYPE, size=500, children=(_AMD.digest, _ARM.digest))
REGISTRY = TagTree(
    host="localhost:5000",
    repositories=(
        RepositoryView(
            name="shop",
            tags=(
                TagView(name="1.1", digest=digest("shop 1.1")),
                TagView(name="1.2", digest=SHOP.digest),
                TagView(name="latest", digest=SHOP.digest),
            ),
            manifests=(
                manifest("shop manifest", _BASE, _FLASK, blob("COPY app.py templates/ /srv/", 160_000, local=True)),
                manifest("shop 1.1", _BASE, _FLASK, blob("COPY old", 150_000)),
            ),
        ),
        RepositoryView(
            name="cours/base",
            tags=(TagView(name="stable", digest=_BOTH.digest), TagView(name="2026-11", digest=_BOTH.digest)),
            manifests=(_BOTH, _AMD, _ARM, manifest("nobody's", blob("old", 3 * MB))),
            private=True,
        ),
        RepositoryView(name="empty", tags=(), manifests=()),
    ),
)
HOSTILE_REGISTRY = TagTree(
    host=HOSTILE,
    repositories=(
        RepositoryView(
            name=HOSTILE,
            tags=tuple(TagView(name=f"{at}{HOSTILE}", digest=digest(str(at // 4))) for at in range(9)),
            manifests=tuple(
                ManifestView(
                    digest=digest(str(at)),
                    media_type=MANIFEST_TYPE,
                    size=10**15,
                    platform=HOSTILE,
                    layers=tuple(blob(str(number), 10**14) for number in range(60)),
                )
                for at in range(2)
            ),
            private=True,
        ),
    ),
)
DOCTOR = Doctor(
    tier="rootless",
    summary="Containers in real namespaces, without root: everything but limits of memory and CPU.",
    facets=(
        FacetView(name="files", title="Own file system", in_force=True, how="overlay in a mount namespace"),
        FacetView(name="pids", title="Own processes", in_force=True, how="PID namespace"),
        FacetView(
            name="limits",
            title="Limits",
            in_force=False,
            how="",
            why="/sys/fs/cgroup is read-only here, and no part of it was delegated to this user",
            remedy="Ask the administrator for: systemctl set-property user.slice Delegate=yes",
        ),
    ),
)
HOSTILE_DOCTOR = Doctor(
    tier=HOSTILE,
    summary=HOSTILE,
    facets=(FacetView(name="x", title=HOSTILE, in_force=False, how=HOSTILE, why=HOSTILE, remedy=HOSTILE),),
)

USUAL: dict[str, View] = {
    "layers": SHOP,
    "instances": INSTANCES,
    "tags": REGISTRY,
    "doctor": DOCTOR,
}
HOSTILE_VIEWS: dict[str, View] = {
    "layers": HOSTILE_STACK,
    "instances": HOSTILE_INSTANCES,
    "tags": HOSTILE_REGISTRY,
    "doctor": HOSTILE_DOCTOR,
}
