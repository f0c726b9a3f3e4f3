"""Names for containers that were given none: an adjective and somebody to whom computing owes something."""

import random
from collections.abc import Container

_HOW = [
    "brave",
    "bright",
    "calm",
    "clever",
    "curious",
    "eager",
    "fair",
    "gentle",
    "glad",
    "happy",
    "keen",
    "kind",
    "lively",
    "merry",
    "nimble",
    "patient",
    "quick",
    "quiet",
    "serene",
    "sharp",
    "steady",
    "sunny",
    "swift",
    "tidy",
    "warm",
    "wise",
    "witty",
]
_WHO = [
    "allen",
    "babbage",
    "backus",
    "bartik",
    "berners_lee",
    "cerf",
    "chappe",
    "cray",
    "dijkstra",
    "engelbart",
    "germain",
    "goldberg",
    "hamilton",
    "hoare",
    "holberton",
    "hopper",
    "johnson",
    "kahn",
    "kernighan",
    "kilburn",
    "knuth",
    "lamarr",
    "lamport",
    "liskov",
    "lovelace",
    "mandelbrot",
    "mccarthy",
    "meitner",
    "noether",
    "pascal",
    "perlman",
    "ritchie",
    "shannon",
    "stallman",
    "thompson",
    "torvalds",
    "turing",
    "vaughan",
    "wilkes",
    "wirth",
]


def invent(taken: Container[str]) -> str:
    """A name that is not taken yet."""
    chooser = random.SystemRandom()
    for _ in range(100):
        name = f"{chooser.choice(_HOW)}_{chooser.choice(_WHO)}"
        if name not in taken:
            return name
    return f"{chooser.choice(_HOW)}_{chooser.choice(_WHO)}{chooser.randrange(10**6)}"
