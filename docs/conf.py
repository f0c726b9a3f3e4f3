"""Sphinx: MyST Markdown, furo, and the reference written by the code itself (see `directives`)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from gallery_pages import write

from pydock_lab.version import __version__

write(Path(__file__).parent / "gallery")

project = "pydock_lab"
author = "the pydock_lab developers"
copyright = author
version = release = __version__
extensions = ["myst_parser", "directives"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "pydock_lab"
myst_heading_anchors = 3
