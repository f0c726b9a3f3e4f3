"""Two images side by side: with a common floor, one on the other, and of strangers."""

from dataclasses import replace

from pydock_lab.views import LayerStack, Origin, SharedLayers
from samples import views
from samples.views import HOSTILE, MB, config, layer

_PIP = layer(1, "RUN pip install flask", Origin.CACHED, int(9.2 * MB))
_DOC = layer(5, "COPY README /srv/", Origin.BUILT, 40_000)
SHOP = LayerStack(
    name="shop:1.2",
    image_id=views.digest("shop"),
    digest=views.digest("shop manifest"),
    platform="linux/amd64",
    rows=(views.BASE, _PIP, config(3, "ENV PORT=8080"), layer(4, "COPY app.py /srv/", Origin.BUILT, 400_000), _DOC),
)
BLOG = replace(
    SHOP,
    name="blog:3",
    image_id=views.digest("blog"),
    # The last layer has the same content, but stands on another one.
    rows=(views.BASE, _PIP, layer(3, "COPY blog /srv", Origin.BUILT, 12 * MB), _DOC),
)
BESIDE = SharedLayers(first=SHOP, second=BLOG)
GROWN = SharedLayers(first=replace(SHOP, name="python-flask:1", rows=SHOP.rows[:2]), second=SHOP)
_STRANGE = replace(
    SHOP,
    name=HOSTILE,
    rows=tuple(layer(at, f"{HOSTILE}{at}", Origin.BUILT, 10**15 * (at % 2)) for at in range(9)),
)
HOSTILE_BESIDE = SharedLayers(first=_STRANGE, second=replace(_STRANGE, rows=(*_STRANGE.rows[:3], _STRANGE.rows[7])))
