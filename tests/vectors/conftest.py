"""`every_case`: one check on all vectors of a file; skipped where there are no vectors on this machine."""

import os

import pytest
from vectors.cases import Check, EveryCase, load

SHOWN = 20


@pytest.fixture
def every_case() -> EveryCase:
    """`every_case("dockerfile/parser", check, "dump", ...)`: run `check` on the cases of those kinds (or all)."""
    folder = os.environ.get("PYDOCK_VECTORS")
    if not folder:
        pytest.skip("PYDOCK_VECTORS does not name the folder of conformance vectors")

    def run(file: str, check: Check, *kinds: str) -> None:
        cases = [case for case in load(folder, file) if not kinds or case.kind in kinds]
        assert cases
        failures = []
        for case in cases:
            try:
                check(case)
            except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - every failure is reported, by id
                failures.append(f"{case.id}: {type(error).__name__}: {error}")
        if failures:
            shown = "\n".join(failures[:SHOWN])
            pytest.fail(f"{len(failures)} of {len(cases)} cases fail:\n{shown}", pytrace=False)

    return run
