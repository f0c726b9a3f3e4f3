from dataclasses import replace

import pytest
from samples.builds import Builder, Project

from pydock_lab.build.explain.nearest import nearest
from pydock_lab.build.record import BuildStatus

BUILDER = Builder()
APP = [BUILDER.build(Project(dockerfile=f"FROM b\nRUN {word}\nRUN z\n")) for word in ("one", "two", "three")]
OTHER = BUILDER.build(Project(dockerfile="FROM c\nRUN three\n"), references=("other:1",), context="/elsewhere")
LAST = BUILDER.build(Project(dockerfile="FROM b\nRUN three\nRUN z\nRUN y\n"))


@pytest.mark.parametrize(
    ("records", "after", "found"),
    [
        ([*APP, OTHER], LAST, APP[2]),
        ([APP[2], APP[0], OTHER], LAST, APP[2]),
        (APP, APP[1], APP[0]),  # only what was before it
        ([LAST, replace(APP[2], status=BuildStatus.PREDICTED), APP[0]], LAST, APP[0]),
        ([replace(APP[2], target="x"), APP[0]], LAST, APP[0]),
        ([replace(APP[2], dockerfile_name="Other"), APP[1]], LAST, APP[1]),
        # of another thing: the one that shares most steps
        ([replace(one, references=("x:1",)) for one in (APP[2], APP[1])], LAST, replace(APP[2], references=("x:1",))),
        ([OTHER], LAST, OTHER),
        ([replace(OTHER, steps=())], LAST, None),
        ([], LAST, None),
    ],
)
def test_what_to_compare_with(records, after, found):
    assert nearest(records, after) == found
