r"""Texts of strangers in lines of a terminal: no escape sequence works, no carriage return goes back.

A name comes from a Dockerfile, output from any program: `\x1b[2J` in it must not clear the reader's screen.
"""

import re

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-_])")
# Control characters, and the marks that reorder a line: "gnp.exe" must not be shown as "exe.png".
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def flat(text: str) -> str:
    """On one line, and without anything that a terminal would obey."""
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", " ".join(_ESCAPE.sub("", text).split()))


def settled(line: str) -> str:
    """What stays of a line of output when its carriage returns have done what they do; its indent is kept."""
    text = _ESCAPE.sub("", line.rstrip("\r\n")).rsplit("\r", 1)[-1].expandtabs()
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text).rstrip()
