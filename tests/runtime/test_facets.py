"""What the probe says, and that it is so."""

import os
from typing import Any

from pydock_lab.linux.facets import Facet
from pydock_lab.linux.tiers import Tier
from pydock_lab.locale import LANGUAGES, text
from pydock_lab.oci.runtime_spec import Limits

NAMES = ["processes", "files", "network", "users", "limits", "storage", "writes", "outside"]


def facets(box: Any) -> dict[str, Facet]:
    return {facet.name: facet for facet in box.runtime.probe()}


def test_the_tier_is_the_expected_one(tier: Tier) -> None:
    expected = os.environ.get("PYDOCK_EXPECTED_TIER", Tier.ROOT if os.geteuid() == 0 else tier)
    assert tier == expected


def test_each_facet_is_named_and_explained(box: Any) -> None:
    found = facets(box)
    assert list(found) == NAMES
    for facet in found.values():
        assert facet.how if facet.in_force else (facet.why and facet.remedy)
        for key in filter(None, (f"runtime.facet-{facet.name}", facet.why, facet.remedy)):
            assert all(text(key, language) for language in LANGUAGES)


def test_what_containers_need_is_in_force(box: Any) -> None:
    found = facets(box)
    assert all(found[name].in_force for name in ("processes", "files", "network", "storage"))


def test_users_are_apart_exactly_where_a_user_namespace_is(box: Any, tier: Tier) -> None:
    assert facets(box)["users"].in_force is (tier is not Tier.ROOT)


def test_limits_are_in_force_exactly_where_they_work(box: Any) -> None:
    directory, spec = box.spec("true", limits=Limits(pids=50))
    seen: list[Any] = []
    box.runtime.run(directory, spec, on_event=seen.append)
    refused = any(type(event).__name__ == "Noted" for event in seen)
    assert facets(box)["limits"].in_force is not refused


def test_probing_leaves_nothing_behind(box: Any) -> None:
    before = set(os.listdir(box.home))
    box.runtime.probe()
    assert set(os.listdir(box.home)) == before
