"""What `tests/conftest.py` offers, for the machine: there nothing is missing, and pytest is Debian's."""

import os
import shutil
from collections.abc import Callable

import pytest
from conftest import any_box, box, shared_box  # tests/runtime/conftest.py

from pydock_lab.linux.cgroups import find_hierarchy

__all__ = ["any_box", "box", "shared_box"]


@pytest.fixture(scope="session")
def need() -> Callable[[str], str]:
    return lambda program: shutil.which(program) or ""


@pytest.fixture
def as_root() -> None:
    assert os.geteuid() == 0


@pytest.fixture
def control_groups() -> None:
    assert find_hierarchy() is not None
