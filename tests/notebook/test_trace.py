"""`%trace`: the widget, what Python hears of it, and what stays without a kernel."""

from typing import Any

import pytest
from samples import explained, traces

from pydock_lab import drawing
from pydock_lab.notebook.explained import Explained
from pydock_lab.notebook.trace import Trace


@pytest.mark.parametrize("line", ["%trace", "%trace shop:1.2"])
def test_a_build_is_shown_step_by_step(shell: Any, line: str) -> None:
    assert shell.run(f"w = get_ipython().run_line_magic('trace', {line[7:]!r})").success
    assert isinstance(shell.shell.user_ns["w"], Trace)


def test_a_saved_notebook_has_its_steps_in_words() -> None:
    shown = drawing.mimebundle(traces.TRACE, language="en")["text/html"]
    assert '<img alt="The build of shop:1.2, step by step: 1. FROM $PYTHON AS build; 7. FROM lab/base' in shown


def test_the_step_that_was_clicked() -> None:
    widget = Trace(traces.TRACE, language="fr")
    assert widget.step is None
    widget.selected = "step-9"
    assert widget.step is not None
    assert widget.step.text == "RUN mkdocs build --site-dir /site"
    assert widget.command == "pydock trace shop:1.2 --step 9"
    assert widget.svg.count('class="trace-state"') == len(traces.TRACE.steps)


def test_both_keys_of_the_step_that_was_clicked() -> None:
    widget = Explained(explained.EXPLAINED, language="en")
    widget.selected = "explained-4"
    assert widget.step is not None
    assert widget.step.missed
    assert widget.command == "pydock explain app:latest --step 4"
    assert len(next(one for one in widget.details if one.key == "explained-4").texts) == 3
