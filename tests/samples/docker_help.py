"""What Docker's own command line offers: options by command, read from its help."""

import re
import subprocess

_OPTION = re.compile(r"^\s+(?:-(\w), )?--([a-z0-9-]+)", re.MULTILINE)


def docker_options(docker: str, *command: str) -> frozenset[str]:
    """The long options of a command, without dashes, `help` left out."""
    done = subprocess.run([docker, *command, "--help"], capture_output=True, text=True, check=True)
    return frozenset(name for _, name in _OPTION.findall(done.stdout)) - {"help"}
