"""The same containers on each ground: as an ordinary user, with one id only, and where nothing is allowed."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from samples.users import ordinary_user, run_as

from pydock_lab.errors import IsolationError
from pydock_lab.linux import seccomp, syscalls
from pydock_lab.linux.facets import Facet
from pydock_lab.linux.syscalls import Prctl
from pydock_lab.linux.tiers import Refusal, Tier
from pydock_lab.locale import LANGUAGES, text
from pydock_lab.runtime import probing

SUITES = (
    *("test_containers.py", "test_life.py", "test_unread.py", "test_supervision.py", "test_sharing.py"),
    *("test_networks.py", "test_facets.py"),
)
# What a container without namespaces has besides: all but these, which look at namespaces, mounts or overlays.
WITHOUT_NAMESPACES = ("test_containers.py", "test_life.py", "test_unread.py", "test_supervision.py")
OF_NAMESPACES = (
    *("alone_in_its_namespaces", "changes_stay_apart", "nothing_is_written_that", "host_is_out_of_sight"),
    *("no_window_to_the_host", "test_mounts", "steps_of_a_start", "husk_of_a_container"),
)


@pytest.fixture(scope="module")
def user() -> Iterator[str]:
    """An ordinary user, where this is root."""
    if os.geteuid() != 0:
        yield ""
        return
    with ordinary_user() as found:
        yield found


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("expected", [Tier.ROOTLESS, Tier.ROOTLESS_SINGLE])
def test_all_of_it_without_root(expected: Tier, user: str, need: Callable[[str], str]) -> None:
    need("newuidmap")
    run_suites(user, expected, SUITES, ("way_outside",))


@pytest.mark.usefixtures("as_root")
def test_what_needs_no_namespaces_without_them(user: str) -> None:
    run_suites(user, Tier.TRACED, WITHOUT_NAMESPACES, OF_NAMESPACES)


def run_suites(user: str, expected: Tier, suites: tuple[str, ...], without: tuple[str, ...]) -> None:
    options = ["-q", "-p", "no:cacheprovider", "-x", "--no-header", "-k", f"not ({' or '.join(without)})"]
    files = [str(Path(__file__).with_name(name)) for name in suites]
    done = run_as(user, "-m", "pytest", *options, *files, tier=expected, PYDOCK_EXPECTED_TIER=expected)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


ASKING = """
import sys
from pathlib import Path
from pydock_lab.errors import IsolationError
from pydock_lab.oci.runtime_spec import ContainerSpec, ProcessSpec, Rootfs
from pydock_lab.runtime.base import Runtime
home = Path(sys.argv[1])
runtime = Runtime(home)
print(runtime.tier)
print(*sorted({f.why for f in runtime.probe()}))
print(*(f.name for f in runtime.probe() if f.in_force))
spec = ContainerSpec(id="x", process=ProcessSpec(args=("true",)), rootfs=Rootfs(layers=(), mountpoint=str(home)))
try:
    runtime.run(home, spec)
except IsolationError as error:
    print(error.key, error.exit_status)
    print(error)
"""


@pytest.mark.usefixtures("as_root")
def test_where_nothing_is_allowed_it_is_said(user: str) -> None:
    home = f"/home/{user}/nothing"
    done = run_as(user, "-c", ASKING, home, tier=Tier.NONE, PYDOCK_LANG="fr")
    lines = done.stdout.splitlines()
    assert lines[:4] == ["none", "runtime.why-namespaces-denied", "", "runtime.no-isolation 125"], done.stderr
    assert "espaces de noms" in lines[4]


@pytest.mark.usefixtures("as_root")
def test_without_namespaces_it_is_said_what_there_is(user: str) -> None:
    done = run_as(user, "-c", ASKING, f"/home/{user}/traced", tier=Tier.TRACED)
    lines = done.stdout.splitlines()
    assert lines[0] == "traced", done.stderr
    assert "runtime.why-namespaces-denied" in lines[1].split()
    assert lines[2].split() == ["files", "users", "storage", "writes", "outside"]
    assert lines[3] == "runtime.demand-no-network 125"  # a network that is none at all cannot be had, too


@pytest.mark.parametrize(
    ("refusal", "why"),
    [
        (Refusal(tier="rootless-single", call="unshare: Operation not permitted", code=1), "denied"),
        (Refusal(tier="rootless-single", call="unshare: No space left on device", code=28), "too-many"),
        (Refusal(tier="rootless-single", call="mount tmpfs: Permission denied", code=13), "apparmor"),
        (Refusal(tier="rootless-single", call="setgroups: Permission denied", code=13), "apparmor"),
        (Refusal(tier="rootless-single", call="clone3: Function not implemented", code=38), "denied"),
    ],
)
def test_the_reason_is_told_apart(refusal: Refusal, why: str) -> None:
    facets = probing._nothing((refusal,))
    assert {facet.why for facet in facets} == {f"runtime.why-namespaces-{why}"}
    assert not any(facet.in_force for facet in facets)
    for facet in facets:
        speaks_every_language(facet)


def speaks_every_language(facet: Facet) -> None:
    for language in LANGUAGES:
        assert text(f"runtime.facet-{facet.name}", language)
        assert all(text(key, language) for key in (facet.why, facet.remedy) if key)


def test_every_tier_has_its_words() -> None:
    for tier in Tier:
        assert all(text(f"runtime.tier-{tier}", language) for language in LANGUAGES)


def test_forbidding_really_forbids() -> None:
    pid = os.fork()
    if pid == 0:
        syscalls.prctl(Prctl.SET_NO_NEW_PRIVS)
        syscalls.install_seccomp(seccomp.assemble(seccomp.isolation_forbidden_policy()))
        try:
            syscalls.unshare(syscalls.Namespace.USER)
        except PermissionError:
            os._exit(0)
        os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0


def test_isolation_errors_name_their_facet() -> None:
    assert IsolationError("runtime.no-isolation", facet="namespaces", call="x").fields["facet"] == "namespaces"
