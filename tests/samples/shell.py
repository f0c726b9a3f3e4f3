"""A real IPython shell to run cells in."""

from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import CapturedIO, capture_output


class Shell:
    """A shell to run cells in; what they showed is in `captured`."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.captured: CapturedIO | None = None

    def run(self, cell: str) -> Any:
        """Run a cell; its result, whose error is in `error_in_exec`. Never anything on the standard error."""
        with capture_output() as captured:
            result = self.shell.run_cell(cell)
        self.captured = captured
        assert captured.stderr == ""
        return result

    @property
    def shown(self) -> str:
        """All text and HTML that the last cell showed."""
        assert self.captured is not None
        parts = [output.data.get("text/html") or output.data.get("text/plain", "") for output in self.captured.outputs]
        return "\n".join([self.captured.stdout, *parts])
