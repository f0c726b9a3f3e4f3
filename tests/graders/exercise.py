"""One exercise, and three submissions of it, in the words of docs/teachers.md.

No instruction is `RUN` and no container runs: where graders work there may be no namespaces.
"""

import re
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

FIRST_CELL = """%load_ext pydock_lab
from pydock_lab import check

check.fresh_store()"""
MAGIC = "%%dockerfile -t app:1\n"
NBGRADER_TEST = """check.image(
    "app:1",
    cmd=["cat", "/greeting"],
    user="1000",
    labels={"org.course": "1"},
    files={"/greeting": "hello"},
).points(4)"""
OTTER_TEST = """def test_user():
    from pydock_lab import check

    check.image("app:1", user="1000").require()"""
OTTER_TESTS = (
    OTTER_TEST.replace("user", "command").replace('command="1000"', 'cmd=["cat", "/greeting"]'),
    OTTER_TEST,
    OTTER_TEST.replace("user", "labels").replace('"1000"', '{"org.course": "1"}'),
    OTTER_TEST.replace("user", "files").replace('"1000"', '{"/greeting": "hello"}'),
)
DOCKERFILES = {
    "right": """FROM lab/base
COPY <<EOF /greeting
hello
EOF
LABEL org.course=1
USER 1000
CMD ["cat", "/greeting"]
""",
    # Builds nothing: if there is an image for it to be graded by, it is that of the one before.
    "wrong": """FORM lab/base
""",
    "half right": """FROM lab/base
LABEL org.course=1
CMD ["cat", "/greeting"]
""",
}
POINTS = {"right": 4, "wrong": 0, "half right": 2}
_OTTERS_LOG = re.compile(r"\[(DEBUG|INFO) otter\.")


def notebook(*cells: NotebookNode) -> NotebookNode:
    """A notebook of these cells for the kernel of the environment that it is executed in."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=list(cells), metadata={"kernelspec": kernel})


def code(source: str, **metadata: Any) -> NotebookNode:
    """A cell of code."""
    return new_code_cell(source, metadata=metadata)


def answered(released: NotebookNode, submission: str) -> NotebookNode:
    """What a student hands in: the released notebook with a Dockerfile of theirs."""
    (cell,) = (cell for cell in released.cells if cell.source.startswith(MAGIC))
    cell.source = MAGIC + DOCKERFILES[submission]
    return released


def troubles(executed: Any) -> list[str]:
    """The errors of an executed notebook, and the lines on its stderr, but for Otter's own log of what it does."""
    outputs = [output for cell in executed["cells"] for output in cell.get("outputs", ())]
    assert outputs, "the notebook was not executed"
    errors = ["\n".join(output["traceback"]) for output in outputs if output["output_type"] == "error"]
    said = "".join("".join(output["text"]) for output in outputs if output.get("name") == "stderr")
    return [*errors, *(line for line in said.splitlines() if not _OTTERS_LOG.match(line))]
