import json

import pytest

from pydock_lab.build.record import Base, BuildRecord, BuildStatus, StepKind, StepRecord
from pydock_lab.errors import Corrupt

FROM = StepRecord(
    stage="stage-0", stage_index=0, number=1, kind=StepKind.FROM, text="FROM a", line=1, end_line=1,
    base=Base(name="a", chain="sha256:1"),
)  # fmt: skip
COPY = StepRecord(
    stage="stage-0", stage_index=0, number=2, kind=StepKind.COPY, text="COPY a b /", line=2, end_line=3, cached=False,
    seconds=0.5, made_seconds=0.25, key="{}", key_digest="sha256:2", in_history=True, layer={"seconds": 0.25},
    sources=("a", "b"), origin="build",
)  # fmt: skip
RECORD = BuildRecord(
    build="b1", status=BuildStatus.DONE, created="2026-01-02T03:04:05.678Z", dockerfile="FROM a\nCOPY a b /\n",
    references=("app:1",), build_args={"V": "1"}, no_cache_filter=("build",), skipped=("docs",), steps=(FROM, COPY),
)  # fmt: skip


def test_what_is_written_is_read_again():
    document = RECORD.to_json()
    assert document["format"] == 2
    assert BuildRecord.from_json(json.loads(json.dumps(document))) == RECORD


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"format": 3}, "explain.record-format"),
        ({"format": None}, "explain.record-format"),
        ({"status": "lost"}, "explain.record-damaged"),
        ({"steps": [{}]}, "explain.record-damaged"),
        ({"steps": None}, "explain.record-damaged"),
    ],
)
def test_what_is_no_record_of_ours_is_refused(change, key):
    with pytest.raises(Corrupt) as caught:
        BuildRecord.from_json(RECORD.to_json() | change)
    assert caught.value.key == key
    assert str(caught.value)
