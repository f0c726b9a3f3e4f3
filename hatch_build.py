"""What the wheel needs from npm: xterm.js, the terminal emulator that JupyterLab's own terminal uses.

    npm pack @xterm/xterm ──▶ checked against its digest ──▶ pydock_lab/notebook/static/xterm/

Taken when the wheel is built, so that no page ever fetches a script from elsewhere. Where there is no npm, or no
network, the wheel is built without: a terminal in a notebook is then a plain view of lines, which says so.
"""

import base64
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

TARGET = Path("pydock_lab/notebook/static/xterm")


class Package(NamedTuple):
    """An npm package: its digest, as the registry states it, and which of its files are taken under which name."""

    name: str
    version: str
    sha512: str
    files: dict[str, str]


PACKAGES = (
    Package(
        "@xterm/xterm",
        "6.0.0",
        "TQwDdQGtwwDt+2cgKDLn0IRaSxYu1tSUjgKarSDkUM0ZNiSRXFpjxEsvc/Zgc5kq5omJ+V0a8/kIM2WD3sMOYg==",
        {"lib/xterm.mjs": "xterm.mjs", "css/xterm.css": "xterm.css", "LICENSE": "LICENSE"},
    ),
    Package(
        "@xterm/addon-fit",
        "0.11.0",
        "jYcgT6xtVYhnhgxh3QgYDnnNMYTcf8ElbxxFzX0IZo+vabQqSPAjC3c1wJrKB5E19VwQei89QCiZZP86DCPF7g==",
        {"lib/addon-fit.mjs": "addon-fit.mjs"},
    ),
)


class XtermHook(BuildHookInterface):  # type: ignore[type-arg] # its configuration has no type
    """Puts the emulator beside the widgets' own scripts, once."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before the wheel, or the editable install, is made."""
        del version
        build_data["artifacts"].append(f"/{TARGET}")
        target = Path(self.root) / TARGET
        stamp = "".join(f"{package.name} {package.version}\n" for package in PACKAGES)
        if (target / "VERSIONS").exists() and (target / "VERSIONS").read_text(encoding="utf-8") == stamp:
            return
        try:
            fetch(target)
        except (OSError, subprocess.CalledProcessError, tarfile.TarError, ValueError) as error:
            sys.stderr.write(f"xterm.js is left out, terminals in notebooks are plain lines: {error}\n")
            return
        (target / "VERSIONS").write_text(stamp, encoding="utf-8")


def fetch(target: Path) -> None:
    """Take all packages; raises OSError, CalledProcessError, TarError, and ValueError where a digest is another one."""
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm is not installed")
    with tempfile.TemporaryDirectory() as folder:
        for package in PACKAGES:
            command = [npm, "pack", "--silent", "--pack-destination", folder, f"{package.name}@{package.version}"]
            said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder).stdout
            unpack(Path(folder) / said.split()[-1], package, target)


def unpack(archive: Path, package: Package, target: Path) -> None:
    """Take the files of one package out of its archive; raises as `fetch` does."""
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != package.sha512:
        raise ValueError(f"{package.name} {package.version} has the digest {found}")
    target.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as tar:
        for inside, name in package.files.items():
            content = tar.extractfile(f"package/{inside}")
            if content is None:
                raise ValueError(f"{package.name} has no {inside}")
            (target / name).write_bytes(content.read())
