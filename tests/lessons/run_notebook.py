"""Execute the notebook in argv[1] and print it as JSON: the tests run this as root and as an ordinary user.

All cells run, whatever happens in one; the kernel's working directory is argv[2].
"""

import sys
from pathlib import Path

# As if it were not installed: else jsonschema loads the grammar of internationalized addresses (1 s), of which a
# notebook has none.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]

import nbformat  # noqa: E402
from nbclient import NotebookClient  # noqa: E402

_CELL_SECONDS = 60


def main(path: str, folder: str) -> None:
    notebook = nbformat.reads(Path(path).read_text(encoding="utf-8"), as_version=4)
    resources = {"metadata": {"path": folder}}
    client = NotebookClient(
        notebook, timeout=_CELL_SECONDS, kernel_name="python3", allow_errors=True, resources=resources
    )
    client.execute()
    sys.stdout.write(nbformat.writes(notebook))


if __name__ == "__main__":
    main(*sys.argv[1:])
