"""What a machine can do."""

from dataclasses import dataclass

from pydock_lab.views.base import View


@dataclass(frozen=True, kw_only=True, slots=True)
class FacetView:
    """One facet of isolation: whether it is in force here, how, why not, and what would bring it."""

    name: str
    title: str
    in_force: bool
    how: str
    why: str = ""
    remedy: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Doctor(View):
    """What this machine can do for containers."""

    tier: str
    summary: str
    facets: tuple[FacetView, ...]
