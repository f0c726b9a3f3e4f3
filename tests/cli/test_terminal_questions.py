"""What a person is asked in a terminal, and what an end of the input means there."""

import os
import pty
import subprocess
import sys

import pytest


@pytest.mark.parametrize("words", [["system", "prune"], ["volume", "prune"]])
@pytest.mark.usefixtures("home")
def test_no_answer_is_none(words):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "pydock_lab", *words]
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as asked:
        os.close(theirs)
        os.write(ours, b"\x04")  # Ctrl-D
        said = asked.communicate(timeout=60)[1]
    os.close(ours)
    assert asked.returncode == 125
    assert "Traceback" not in said
    assert said.splitlines()[-1] != ""
