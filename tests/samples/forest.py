"""Images of a store as one tree: some stand on others, two share layers that nobody has a name for."""

from pydock_lab.views import ImageTree, TreeContainer, TreeImage, TreeLayer
from samples.views import HOSTILE, MB, digest


def layer(instruction: str, size: int) -> TreeLayer:
    """A layer, its digest made of its instruction."""
    return TreeLayer(diff_id=digest(instruction), size=size, instruction=instruction)


def image(name: str, *layers: TreeLayer, **more: object) -> TreeImage:
    """An image of one name."""
    fields: dict[str, object] = {"created": "2026-11-20T08:00:00Z", "names": (name,) if name else ()}
    return TreeImage(image_id=digest(name), layers=layers, **fields | more)  # type: ignore[arg-type]


SHOP = image(
    "shop:1.2",
    layer("COPY app.py templates/ /srv/", 400_000),
    names=("shop:1.2", "shop:latest", "localhost:5000/lab/shop:1.2"),
    containers=(TreeContainer(name="web1", runs=True), TreeContainer(name="web2", runs=False)),
    children=(image("", layer("RUN rm -r /usr/share/doc", 200)), image("shop:dev", containers=())),
)
FOREST = ImageTree(
    roots=(
        image(
            "lab/python:latest",
            layer("FROM lab/python", int(51.8 * MB)),
            children=(
                TreeImage(
                    layers=(layer("WORKDIR /srv", 120), layer("RUN pip install flask", int(9.2 * MB))),
                    children=(SHOP, image("blog:3", layer("COPY blog /srv", 2 * MB))),
                ),
            ),
        ),
        image("lab/busybox:latest", layer("FROM lab/busybox", int(1.1 * MB))),
    )
)
_DEEP = TreeImage(image_id=digest("deep"), names=(HOSTILE,) * 30, layers=(layer(HOSTILE, 10**15),) * 30)
for depth in range(12):
    _DEEP = TreeImage(
        image_id=digest(f"deep {depth}") if depth % 3 else "",
        names=(HOSTILE,) if depth % 2 else (),
        layers=(layer(HOSTILE, 10**12),),
        containers=(TreeContainer(name=HOSTILE, runs=bool(depth % 2)),) * depth if depth % 3 else (),
        created=HOSTILE,
        children=(_DEEP, _DEEP) if depth < 3 else (_DEEP,),
    )
HOSTILE_FOREST = ImageTree(roots=(_DEEP,))
