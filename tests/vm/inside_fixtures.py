"""What `tests/conftest.py` offers, for the machine: there nothing is missing, and pytest is Debian's."""

import os

import pytest

from pydock_lab.linux.cgroups import find_hierarchy


@pytest.fixture
def as_root() -> None:
    assert os.geteuid() == 0


@pytest.fixture
def control_groups() -> None:
    assert find_hierarchy() is not None
