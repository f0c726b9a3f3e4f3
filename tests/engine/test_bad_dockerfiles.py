"""Wrong Dockerfiles, each with its exact text in both languages: where, what, what to do."""

import json
import os
import tomllib
from pathlib import Path

import pytest

from pydock_lab.errors import PydockError

TABLE = tomllib.loads((Path(__file__).parent / "bad_dockerfiles.toml").read_text(encoding="utf-8"))


def said(engine, dockerfile, language):
    with pytest.raises(PydockError) as caught:
        engine.build(dockerfile)
    error = caught.value
    return f"{error.place(language)}{error.message(language)}\n{error.hint(language)}"


@pytest.mark.parametrize("case", TABLE["case"], ids=lambda case: repr(case["dockerfile"]))
def test_what_is_said(engine, case):
    assert said(engine, case["dockerfile"], "en") == case["en"]
    assert said(engine, case["dockerfile"], "fr") == case["fr"]


@pytest.mark.parametrize("case", TABLE["vector"], ids=lambda case: case["id"])
def test_what_is_said_of_the_references_own_cases(engine, case):
    folder = os.environ.get("PYDOCK_VECTORS")
    if not folder:
        pytest.skip("PYDOCK_VECTORS does not name the folder of conformance vectors")
    cases = json.loads(Path(folder, "dockerfile", f"{case['file']}.json").read_text(encoding="utf-8"))["cases"]
    dockerfile = next(one["input"]["dockerfile"] for one in cases if one["id"] == case["id"])
    assert said(engine, dockerfile, "en") == case["en"]
    assert said(engine, dockerfile, "fr") == case["fr"]


def test_there_are_twenty_of_them():
    assert len(TABLE["case"]) >= 20
    assert len(TABLE["vector"]) >= 10
