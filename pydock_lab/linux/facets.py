"""What isolation consists of, as a person sees it in `docker info` or the notebook's doctor."""

from dataclasses import dataclass

from pydock_lab.oci.plain import Document


@dataclass(frozen=True, kw_only=True, slots=True)
class Facet(Document):
    """One facet: whether it is in force, by what means, and where it is not, why and what would bring it.

    `name` is files, processes, network, limits, users, storage, writes or outside. `why` and `remedy` are keys of texts
    ("" where there is nothing to say), `how` a technical term that needs no translation, `detail` what the kernel
    said.
    """

    name: str
    in_force: bool
    how: str = ""
    why: str = ""
    remedy: str = ""
    detail: str = ""
