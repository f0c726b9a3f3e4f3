"""The settings of Docker's client that we honour: how lists are shown where no `--format` is given.

They are in Docker's own config.json (`psFormat`, `imagesFormat`, `volumesFormat` ...). Source: Docker's documentation,
"docker CLI configuration properties".
"""

import json
import os
from pathlib import Path

from pydock_lab import locale
from pydock_lab.cli.session import Face


def config_file() -> Path:
    """`$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`."""
    folder = os.environ.get("DOCKER_CONFIG")
    return (Path(folder) if folder else Path.home() / ".docker") / "config.json"


def setting(face: Face, name: str) -> str:
    """A setting that is a text, "" where there is none; a file that cannot be read is noted, and has none."""
    path = config_file()
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        face.note(locale.text("cli.settings-unread", path=path, reason=error) + "\n")
        return ""
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""
