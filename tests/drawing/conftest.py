"""Every view, usual and hostile, at the widths and in the languages that drawings promise."""

from itertools import product

import pytest
from samples.gallery import HOSTILE_VIEWS, USUAL

from pydock_lab.locale import LANGUAGES
from pydock_lab.views import View

WIDTHS = (480, 640, 800, 1200, 1600)


@pytest.fixture(
    params=[*USUAL.values(), *HOSTILE_VIEWS.values()], ids=[*USUAL, *(f"hostile-{name}" for name in HOSTILE_VIEWS)]
)
def view(request: pytest.FixtureRequest) -> View:
    """One view after the other."""
    found: View = request.param
    return found


@pytest.fixture(params=product(WIDTHS, LANGUAGES), ids=lambda each: f"{each[0]}-{each[1]}")
def size_and_language(request: pytest.FixtureRequest) -> tuple[int, str]:
    """One width and language after the other."""
    found: tuple[int, str] = request.param
    return found
