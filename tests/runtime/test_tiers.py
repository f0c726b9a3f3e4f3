"""The same containers on each ground: as an ordinary user, with one id only, and where nothing is allowed."""

import os
import shutil
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
    *("test_containers.py", "test_life.py", "test_supervision.py", "test_sharing.py"),
    *("test_networks.py", "test_facets.py"),
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
    single = expected is Tier.ROOTLESS_SINGLE
    suites = [str(Path(__file__).with_name(name)) for name in SUITES]
    options = ["-q", "-p", "no:cacheprovider", "-x", "--no-header", "-k", "not way_outside"]
    done = run_as(user, "-m", "pytest", *options, *suites, single_id=single, PYDOCK_EXPECTED_TIER=expected)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


FORBIDDEN = """
import sys
from pathlib import Path
from pydock_lab.errors import IsolationError
from pydock_lab.linux import seccomp, syscalls
from pydock_lab.oci.runtime_spec import ContainerSpec, ProcessSpec, Rootfs
from pydock_lab.runtime.base import Runtime
syscalls.prctl(syscalls.Prctl.SET_NO_NEW_PRIVS)
syscalls.install_seccomp(seccomp.assemble(seccomp.isolation_forbidden_policy()))
home = Path(sys.argv[1])
runtime = Runtime(home)
print(runtime.tier)
print(*sorted({f.why for f in runtime.probe()}))
spec = ContainerSpec(id="x", process=ProcessSpec(args=("true",)), rootfs=Rootfs(layers=(), mountpoint=str(home)))
try:
    runtime.run(home, spec)
except IsolationError as error:
    print(error.key, error.exit_status)
    print(error)
"""


@pytest.mark.usefixtures("as_root")
def test_where_nothing_is_allowed_it_is_said(user: str) -> None:
    done = run_as(user, "-c", FORBIDDEN, f"/tmp/pydock-forbidden-{os.getpid()}", PYDOCK_LANG="fr")
    lines = done.stdout.splitlines()
    assert lines[:3] == ["none", "runtime.why-namespaces-denied", "runtime.no-isolation 125"], done.stderr
    assert "espaces de noms" in lines[3]
    shutil.rmtree(f"/tmp/pydock-forbidden-{os.getpid()}", ignore_errors=True)


@pytest.mark.parametrize(
    ("refusal", "why"),
    [
        (Refusal(tier="rootless-single", call="unshare: Operation not permitted", code=1), "denied"),
        (Refusal(tier="rootless-single", call="unshare: No space left on device", code=28), "too-many"),
        (Refusal(tier="rootless-single", call="mount tmpfs: Permission denied", code=13), "apparmor"),
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
