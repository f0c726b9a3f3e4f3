"""`%docker weigh` and `%docker whatif`: the widgets, what Python hears of them, and what stays without a kernel."""

from typing import Any

import pytest
from samples import weights

from pydock_lab import drawing
from pydock_lab.notebook.edits import Edits
from pydock_lab.notebook.pictures import picture_of
from pydock_lab.notebook.weighed import WeighedContext, WeighedImage

VIEWS = {"weigh shop:1.2": weights.WEIGHT, "weigh .": weights.CONTEXT, "whatif shop:1.2": weights.WHAT_IF}


@pytest.mark.parametrize("words", VIEWS)
def test_a_command_shows_its_picture_as_a_widget(shell: Any, words: str) -> None:
    assert shell.run(f"%docker {words}").success
    [output] = shell.captured.outputs
    assert "application/vnd.jupyter.widget-view+json" in output.data
    assert output.data["text/html"].startswith('<figure class="pydock-figure"')
    assert output.data["text/plain"] == drawing.to_text(VIEWS[words])
    assert shell.captured.stdout == ""


@pytest.mark.parametrize("words", ["weigh nope:1", "whatif nope"])
def test_what_is_not_there_is_said(shell: Any, words: str) -> None:
    shell.run(f"%docker {words}")
    assert "nope" in shell.shown


@pytest.mark.parametrize(
    ("view", "kind"),
    [(weights.WEIGHT, WeighedImage), (weights.CONTEXT, WeighedContext), (weights.WHAT_IF, Edits)],
)
def test_a_view_at_the_end_of_a_cell_is_a_widget(shell: Any, view: Any, kind: type) -> None:
    assert isinstance(picture_of(view), kind)
    data, _ = shell.shell.display_formatter.format(view)
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"] == drawing.to_text(view)


def test_the_layer_that_was_clicked() -> None:
    widget = WeighedImage(weights.WEIGHT, language="en")
    assert (widget.step, widget.wasted, widget.secrets) == (None, (), ())
    widget.selected = "weight-1"
    assert widget.step is weights.WEIGHT.steps[1]
    assert [file.path for file in widget.wasted] == ["/var/lib/apt/lists/main", "/var/lib/apt/lists/security"]
    assert widget.command == "docker history --no-trunc shop:1.2"
    widget.selected = "weight-5"
    assert [secret.name for secret in widget.secrets] == ["/srv/id_rsa"]
    widget.selected = "secret-2"
    assert widget.step is None
    assert [secret.name for secret in widget.secrets] == ["GH_TOKEN"]


def test_the_part_of_the_context_that_was_clicked() -> None:
    widget = WeighedContext(weights.CONTEXT, language="fr")
    assert widget.part is None
    widget.selected = "part-2-0-1"
    assert widget.part is not None
    assert widget.part.path == "shop/static/raw"
    widget.selected = "ignore-lines"
    assert widget.part is None
    assert widget.advised == (".git", "**/__pycache__")
    assert widget.command == "printf '%s\\n' .git '**/__pycache__' >> .dockerignore"


def test_the_edit_that_was_clicked() -> None:
    widget = Edits(weights.WHAT_IF, language="fr")
    assert widget.proposal is None
    widget.selected = "proposal-2"
    assert widget.proposal is weights.WHAT_IF.proposals[1]
    assert widget.command == "pydock whatif shop:1.2"


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_selection_stays_when_the_language_changes(view: Any) -> None:
    widget = picture_of(view, language="en")
    key = widget.details[0].key
    widget.selected = key
    widget.language = "fr"
    assert widget.selected == key
    assert "fichier" in widget.svg or "étape" in widget.svg
