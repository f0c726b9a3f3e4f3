"""`--isolation` and $PYDOCK_ISOLATION: another tier than the best one, or a clear word why not."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pydock_lab.engine.ground import shown
from pydock_lab.errors import BuildError, IsolationError
from pydock_lab.linux import ptrace
from pydock_lab.locale import LANGUAGES

pytestmark = pytest.mark.usefixtures("containers")
IMAGE = "lab/busybox"


def test_a_container_in_another_tier_is_all_there(docker: Any, tmp_path: Path) -> None:
    docker("run", "-d", "--isolation", "traced", "--name", "one", IMAGE, "sh", "-c", "echo hi > /etc/mine; sleep 60")
    assert docker("exec", "one", "sh", "-c", "id -u; until cat /etc/mine 2> /dev/null; do :; done").split() == [
        "0",
        "hi",
    ]
    assert "A /etc/mine" in docker("diff", "one")
    docker("cp", "one:/etc/mine", str(tmp_path / "copy"))
    assert (tmp_path / "copy").read_text() == "hi\n"
    assert "sleep 60" in docker("top", "one")
    docker("instances")
    [container] = docker.face.shown[-1].images[0].containers
    assert container.inside_pid == container.pid > 1  # there is no other namespace to count in
    docker("commit", "one", "two")
    docker("rm", "-f", "one")
    assert docker("run", "--rm", "two", "cat", "/etc/mine") == "hi\n"


def test_a_build_in_another_tier_gives_the_same_image(docker: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {IMAGE}\nRUN mkdir /d && echo x > /d/x && chown 5:6 /d/x\n")
    ids = {
        docker("build", "-q", "--no-cache", "--build-arg", "SOURCE_DATE_EPOCH=1", "--isolation", tier, str(tmp_path))
        for tier in ("default", "traced")
    }
    assert len(ids) == 1


@pytest.mark.usefixtures("as_root")
def test_what_cannot_be_had_is_named(fails: Callable[..., str]) -> None:
    assert fails("run", "--isolation", "rootless", IMAGE, "true") == "sandbox.tier-refused"  # root needs none


@pytest.mark.parametrize("by", ["option", "variable"])
def test_none_is_a_choice_too(
    docker: Any, fails: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    words = ["--isolation", "none"] if by == "option" else []
    if by == "variable":
        monkeypatch.setenv("PYDOCK_ISOLATION", "none")
    assert fails("run", *words, IMAGE, "true") == "engine.none-chosen"
    (tmp_path / "Dockerfile").write_text(f"FROM {IMAGE}\nENV A=1\n")
    docker("build", "-q", *words, "-t", "plain", str(tmp_path))
    (tmp_path / "Dockerfile").write_text(f"FROM {IMAGE}\nRUN true\n")
    with pytest.raises(BuildError) as caught:
        docker("build", "-q", *words, str(tmp_path))
    assert "$PYDOCK_ISOLATION" in str(caught.value)
    # The kernel has refused nothing, and is not said to have.
    facets = json.loads(docker("info", *words, "--format", "{{json .Facets}}"))
    assert {(one["InForce"], "$PYDOCK_ISOLATION" in one["Why"]) for one in facets} == {(False, True)}


def test_info_speaks_of_the_tier_that_is_asked_for(docker: Any) -> None:
    facts = [json.loads(docker("info", *words, "--format", "json")) for words in ((), ("--isolation", "traced"))]
    assert [one["Driver"] for one in facts][1] == "links"
    assert facts[0]["Isolation"] != facts[1]["Isolation"] == shown("traced")
    by_name = {one["Name"]: one for one in facts[1]["Facets"]}
    assert "$PYDOCK_ISOLATION" in by_name["network"]["Why"]
    docker("doctor", "--isolation", "traced")
    assert docker.face.shown[-1].tier == shown("traced")


def test_a_tier_that_is_unknown(fails: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYDOCK_ISOLATION", "perfect")
    assert fails("run", IMAGE, "true") == "sandbox.unknown-tier"


def test_other_machines_are_told_that_there_is_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(machine="aarch64"))
    with pytest.raises(IsolationError) as caught:
        ptrace.this_machine()
    assert caught.value.key == "linux.no-registers"
    assert all("x86_64" in caught.value.hint(language) for language in LANGUAGES)
