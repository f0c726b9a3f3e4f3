"""Loading adds, unloading takes away all of it; and importing costs nothing."""

import json
import os
import re
import subprocess
import sys
import zlib
from base64 import b64decode
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from samples import views
from samples.gallery import USUAL

import pydock_lab.notebook
from pydock_lab import drawing
from pydock_lab.errors import PydockError
from pydock_lab.notebook import extension
from pydock_lab.notebook.pictures import picture_of


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
    scripts = source.parent / "static"
    found = {str(path.relative_to(installed)): path.read_bytes() for path in installed.rglob("*.*s*")}
    for name, content in found.items():
        at_home = scripts / Path(name).name if "pictures" in name else source / name
        assert at_home.read_bytes() == content, "run: pip install --no-deps -e ."
    assert {name.rpartition("/")[2] for name in found} == {
        *("install.json", "package.json", "remoteEntry.js", "saved.js"),
        *("make.js", "picture.js", "plain.js", "trace.js", "palette.css", "picture.css"),
    }


def test_the_palette_of_a_page_without_python_is_the_drawings() -> None:
    written = Path(pydock_lab.notebook.__file__).parent / "static" / "palette.css"
    comment, _, rules = written.read_text(encoding="utf-8").partition("\n")
    if os.environ.get("PYDOCK_UPDATE_GOLDEN"):
        written.write_text(f"{comment}\n{drawing.host_stylesheet()}", encoding="utf-8")
        return
    assert rules == drawing.host_stylesheet()


def test_a_saved_picture_may_have_all_that_the_drawings_have() -> None:
    """What saved.js lets through, of a stranger's picture too, is what ours consist of."""
    listed = (Path(pydock_lab.notebook.__file__).parent / "labextension" / "static" / "saved.js").read_text()
    elements, attributes = (
        set(re.findall('"([^"]+)"', part)) for part in re.findall(r"new Set\(\[(.*?)\]\)", listed, re.DOTALL)[1:3]
    )
    for view in USUAL.values():
        for node in ET.fromstring(drawing.to_svg(view, theme=drawing.Theme.HOST)).iter():
            assert node.tag.rpartition("}")[2] in elements
            assert node.attrib.keys() <= attributes
            assert re.fullmatch("(?:[a-z0-9-]+ ?)*", node.get("class", ""))


@pytest.mark.parametrize("name", USUAL)
def test_what_is_saved_of_a_picture_is_what_stands_without_a_kernel(name: str) -> None:
    data, _ = picture_of(USUAL[name], language="fr")._repr_mimebundle_()
    saved = data["application/vnd.pydock-lab.picture+json"]
    svg, details = (json.loads(zlib.decompress(b64decode(saved[part]))) for part in ("drawn", "behind"))
    assert (saved["script"] in ("plain.js", "trace.js"), saved["language"]) == (True, "fr")
    keys = re.findall('data-pick="([^"]+)"', svg)
    assert set(keys) <= {detail["key"] for detail in details}
    assert all(len(detail["files"]) <= 10 for detail in details)
