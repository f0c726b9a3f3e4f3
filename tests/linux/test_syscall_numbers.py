"""The tables of system calls against those of libseccomp, both ways."""

from collections.abc import Callable

import pytest
from samples.libseccomp import LibSeccomp

from pydock_lab.linux.syscall_numbers import X32_BIT, Architecture, numbers

pytestmark = pytest.mark.peers


@pytest.fixture(scope="module")
def library(need: Callable[[str], str]) -> LibSeccomp:
    need("crun")  # it comes with libseccomp
    return LibSeccomp()


@pytest.mark.parametrize("architecture", Architecture)
def test_every_call_that_libseccomp_knows_has_the_same_number(architecture: Architecture, library: LibSeccomp) -> None:
    theirs = {name: library.number(name, architecture) for name in numbers(architecture)}
    known = {name: number for name, number in theirs.items() if number >= 0}
    assert len(known) > 300
    assert known == {name: numbers(architecture)[name] for name in known}


@pytest.mark.parametrize("architecture", Architecture)
def test_no_call_that_libseccomp_knows_is_missing(architecture: Architecture, library: LibSeccomp) -> None:
    bit = X32_BIT if architecture is Architecture.X32 else 0
    names = {library.name(number | bit, architecture) for number in range(600)} - {""}
    assert len(names) > 300
    assert names - numbers(architecture).keys() == set()


def test_calls_that_newer_kernels_have() -> None:
    """Beyond what libseccomp may know: from 424 on there is one number for all."""
    for architecture, name, number in (
        (Architecture.X86_64, "mseal", 462),
        (Architecture.AARCH64, "removexattrat", 466),
        (Architecture.ARM, "statmount", 457),
        (Architecture.X32, "listmount", X32_BIT | 458),
        (Architecture.X86_64, "uretprobe", 335),
    ):
        assert numbers(architecture)[name] == number
