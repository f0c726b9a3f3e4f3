"""All lessons from the first cell to the last, in each tier and language: no error, and they show what they promise."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from samples.lessons import LESSONS, RUNNER, broken, claims, code_cells, lesson, notebook, troubles
from samples.users import ordinary_user, run_as

from pydock_lab.linux.tiers import Tier
from pydock_lab.locale import LANGUAGES

SECONDS = 60
EVERY = pytest.mark.parametrize(("number", "language"), [(n, lang) for n in LESSONS for lang in LANGUAGES])


@pytest.fixture(scope="module")
def user() -> Iterator[str]:
    with ordinary_user() as name:
        yield name


def executed(done: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    assert done.returncode == 0, done.stderr[-3000:]
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@EVERY
@pytest.mark.usefixtures("containers")
def test_a_lesson_runs(number: str, language: str, home: Path, tmp_path: Path) -> None:
    words = [sys.executable, str(RUNNER), str(lesson(number, language)), str(tmp_path)]
    environment = os.environ | {"PYDOCK_HOME": str(home), "IPYTHONDIR": str(tmp_path / "ipython")}
    start = time.monotonic()
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    document = executed(done)
    assert troubles(document) == []
    assert broken(document, number, Tier.ROOT if os.geteuid() == 0 else Tier.ROOTLESS) == []
    assert time.monotonic() - start < SECONDS


@EVERY
@pytest.mark.usefixtures("as_root")
def test_a_lesson_runs_without_root(number: str, language: str, user: str) -> None:
    words = [str(RUNNER), str(lesson(number, language)), f"/home/{user}"]
    # A store for each language: what the other one built would come from the cache.
    document = executed(run_as(user, *words, timeout=SECONDS, PYDOCK_HOME=f"/home/{user}/lessons-{language}"))
    assert troubles(document) == []
    assert broken(document, number, Tier.ROOTLESS) == []


@pytest.mark.usefixtures("as_root")
def test_containers_run_with_a_single_id(user: str) -> None:
    words = [str(RUNNER), str(lesson("02", "fr")), f"/home/{user}"]
    done = run_as(user, *words, tier=Tier.ROOTLESS_SINGLE, timeout=SECONDS, PYDOCK_HOME=f"/home/{user}/single")
    assert troubles(executed(done)) == []


TRACED = {"en": "traced: a view", "fr": "traced : une vue"}


@EVERY
@pytest.mark.usefixtures("as_root")
def test_a_lesson_runs_without_namespaces(number: str, language: str, user: str) -> None:
    words = [str(RUNNER), str(lesson(number, language)), f"/home/{user}"]
    home = f"/home/{user}/traced-{language}"
    document = executed(run_as(user, *words, tier=Tier.TRACED, timeout=SECONDS, PYDOCK_HOME=home))
    assert troubles(document) == []
    assert broken(document, number, Tier.TRACED) == []
    runs_containers = any("%docker run" in "".join(cell["source"]) for cell in code_cells(document))
    said = json.dumps(document, ensure_ascii=False).replace("\u00a0", " ")
    assert (TRACED[language] in said) is runs_containers


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize("number", ["01", "02", "03"])
def test_the_tier_is_on_the_first_screen(number: str) -> None:
    for language in LANGUAGES:
        assert "engine.doctor().tier" in code_cells(notebook(lesson(number, language)))[0]["source"]


TAUGHT = {1, 2, 3, 4, 5, 6, 7, 8, 14, 15, 16}


def test_each_misconception_falls_somewhere() -> None:
    assert {claim.misconception for number in LESSONS for claim in claims(number)} == TAUGHT


@EVERY
def test_no_claim_holds_where_nothing_is_shown(number: str, language: str) -> None:
    document = notebook(lesson(number, language))
    assert [claim.says for claim in claims(number) if claim.holds(document)] == []


@pytest.mark.usefixtures("containers")
def test_lessons_begin_anew_on_a_used_store(home: Path, tmp_path: Path) -> None:
    environment = os.environ | {"PYDOCK_HOME": str(home), "IPYTHONDIR": str(tmp_path / "ipython")}
    for number in 2 * ("01", "02", "03"):
        words = [sys.executable, str(RUNNER), str(lesson(number, "en")), str(tmp_path)]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
        assert troubles(executed(done)) == [], number
