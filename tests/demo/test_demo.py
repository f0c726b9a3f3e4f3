"""`make demo` does the main job, from build to rebuild, in a store of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

import pydock_lab

ROOT = Path(pydock_lab.__file__).parents[1]


@pytest.mark.usefixtures("containers")
def test_the_demo_tells_its_story_to_the_end():
    done = subprocess.run([sys.executable, "-m", "demo"], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Visit 2," in done.stdout
    assert "6 steps came from the cache" in done.stdout
