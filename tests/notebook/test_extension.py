"""Loading adds, unloading takes away all of it; and importing costs nothing."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from samples import views

import pydock_lab.notebook
from pydock_lab.errors import PydockError
from pydock_lab.notebook import extension


def state(shell: Any) -> tuple[object, ...]:
    magics = {kind: set(names) for kind, names in shell.magics_manager.magics.items()}
    printers = set(shell.display_formatter.mimebundle_formatter.type_printers)
    return magics, printers, len(shell.Completer.custom_matchers), len(shell.configurables)


def test_unloading_leaves_the_shell_as_it_was(bare: Any) -> None:
    before = state(bare)
    extension.load(bare)
    assert state(bare) != before
    extension.unload(bare)
    assert state(bare) == before
    assert not hasattr(PydockError, "_render_traceback_")
    extension.unload(bare)


def test_load_ext_finds_it(bare: Any) -> None:
    bare.run_line_magic("load_ext", "pydock_lab")
    assert "dockerfile" in bare.magics_manager.magics["cell"]
    bare.run_line_magic("unload_ext", "pydock_lab")


def test_importing_the_package_loads_no_ipython() -> None:
    heavy = "('IPython', 'ipywidgets', 'anywidget')"
    code = f"import sys, pydock_lab.notebook; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("view", views.USUAL.values(), ids=views.USUAL)
def test_views_show_themselves_as_widgets(shell: Any, view: Any) -> None:
    data, _ = shell.shell.display_formatter.format(view)
    assert {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"} <= data.keys()


def test_the_installed_highlighting_is_this_one() -> None:
    source = Path(pydock_lab.notebook.__file__).parent / "labextension"
    installed = Path(sys.prefix) / "share" / "jupyter" / "labextensions" / "pydock-lab-highlight"
    found = {
        str(path.relative_to(folder)): path.read_bytes()
        for folder in (source, installed)
        for path in folder.rglob("*.js*")
    }
    for name, content in found.items():
        assert (source / name).read_bytes() == content, "run: pip install --no-deps -e ."
    assert len(found) == 3
