"""All lessons from the first cell to the last, as root and as an ordinary user: no error, nothing on stderr."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from samples.lessons import LESSONS, RUNNER, code_cells, lesson, troubles
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
    assert troubles(executed(done)) == []
    assert time.monotonic() - start < SECONDS


@EVERY
@pytest.mark.usefixtures("as_root")
def test_a_lesson_runs_without_root(number: str, language: str, user: str) -> None:
    words = [str(RUNNER), str(lesson(number, language)), f"/home/{user}"]
    done = run_as(user, *words, timeout=SECONDS, PYDOCK_HOME=f"/home/{user}/lessons")
    assert troubles(executed(done)) == []


@pytest.mark.usefixtures("as_root")
def test_containers_run_with_a_single_id(user: str) -> None:
    words = [str(RUNNER), str(lesson("02", "fr")), f"/home/{user}"]
    done = run_as(user, *words, tier=Tier.ROOTLESS_SINGLE, timeout=SECONDS, PYDOCK_HOME=f"/home/{user}/single")
    assert troubles(executed(done)) == []


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("number", LESSONS)
def test_a_lesson_runs_without_namespaces(number: str, user: str) -> None:
    words = [str(RUNNER), str(lesson(number, "en")), f"/home/{user}"]
    variables = {"PYDOCK_HOME": f"/home/{user}/traced", "PYDOCK_LANG": "en"}
    document = executed(run_as(user, *words, tier=Tier.TRACED, timeout=SECONDS, **variables))
    assert troubles(document) == []
    runs_containers = any("%docker run" in "".join(cell["source"]) for cell in code_cells(document))
    assert ("traced: a view" in json.dumps(document)) is runs_containers


@pytest.mark.usefixtures("containers")
def test_lessons_begin_anew_on_a_used_store(home: Path, tmp_path: Path) -> None:
    environment = os.environ | {"PYDOCK_HOME": str(home), "IPYTHONDIR": str(tmp_path / "ipython")}
    for number in ("02", "03", "02", "03"):
        words = [sys.executable, str(RUNNER), str(lesson(number, "en")), str(tmp_path)]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
        assert troubles(executed(done)) == [], number
