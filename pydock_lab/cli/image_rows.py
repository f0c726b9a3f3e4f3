"""Images as rows of Docker's lists: `docker images`, `docker history`, and `docker system df -v`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydock_lab.cli.table import Listing, Row
from pydock_lab.cli.words import ago, local_time, rfc3339, short, shortened, size
from pydock_lab.oci.times import seconds

if TYPE_CHECKING:
    from pydock_lab.engine.values import ImageSummary
    from pydock_lab.oci import History

_CREATED_BY = 45  # columns that it may take
_UNKNOWN = "N/A"

LISTING = Listing(
    headings={
        "Repository": "REPOSITORY",
        "Tag": "TAG",
        "Digest": "DIGEST",
        "ID": "IMAGE ID",
        "CreatedSince": "CREATED",
        "CreatedAt": "CREATED AT",
        "Size": "SIZE",
        "Containers": "CONTAINERS",
        "SharedSize": "SHARED SIZE",
        "UniqueSize": "UNIQUE SIZE",
        "VirtualSize": "SIZE",
    },
    columns=("Repository", "Tag", "ID", "CreatedSince", "Size"),
    setting="imagesFormat",
    raw="""\
repository: {{ .Repository }}
tag: {{.Tag}}
image_id: {{.ID}}
created_at: {{.CreatedAt}}
virtual_size: {{.Size}}
""",
    quiet_raw="image_id: {{.ID}}",
)
WITH_DIGESTS = Listing(
    headings=LISTING.headings,
    columns=("Repository", "Tag", "Digest", "ID", "CreatedSince", "Size"),
    setting=LISTING.setting,
    raw=LISTING.raw.replace("image_id:", "digest: {{.Digest}}\nimage_id:"),
    quiet_raw=LISTING.quiet_raw,
)
HISTORY = Listing(
    headings={
        "ID": "IMAGE",
        "CreatedSince": "CREATED",
        "CreatedAt": "CREATED AT",
        "CreatedBy": "CREATED BY",
        "Size": "SIZE",
        "Comment": "COMMENT",
    },
    columns=("ID", "CreatedSince", "CreatedBy", "Size", "Comment"),
)


def image_row(
    one: ImageSummary, *, no_trunc: bool = False, digest: str = "<none>", shared: int = -1, containers: int = -1
) -> Row:
    """One row; `shared` bytes and the number of its `containers` are -1 where nobody counted."""
    created = seconds(one.created)
    return Row(
        fields={
            "Repository": one.repository,
            "Tag": one.tag,
            "Digest": digest,
            "ID": one.image_id if no_trunc else short(one.image_id),
            "CreatedAt": local_time(created) if created is not None else _UNKNOWN,
            "CreatedSince": ago(created) or _UNKNOWN,
            "Size": size(one.size, 3),
            "VirtualSize": size(one.size),
            "SharedSize": _UNKNOWN if shared < 0 else size(shared),
            "UniqueSize": _UNKNOWN if shared < 0 else size(one.size - shared),
            "Containers": _UNKNOWN if containers < 0 else str(containers),
        },
        labels=one.labels,
    )


def history_row(step: History, written: int, image_id: str, *, no_trunc: bool, human: bool) -> Row:
    """One step of an image, with the bytes of its files; only the newest one has an image of its own."""
    created = seconds(step.created)
    created_at = rfc3339(created) if created is not None else ""
    text = step.created_by.replace("\t", " ")
    return Row(
        fields={
            "ID": image_id if no_trunc else short(image_id),
            "CreatedAt": created_at,
            "CreatedSince": ago(created) if human else created_at,
            "CreatedBy": text if no_trunc else shortened(text, _CREATED_BY),
            "Size": size(written, 3) if human else str(written),
            "Comment": step.comment,
        }
    )
