"""What is told when all is over: notes, and of a failed step its last words, and where it stands in the Dockerfile.

------
 > [2/3] RUN make:
0.312 make: *** No targets specified and no makefile found.  Stop.
------
Dockerfile:2
--------------------
   1 |     FROM lab/base
   2 | >>> RUN make
   3 |     CMD ["app"]
--------------------
"""

from pydock_lab.cli.progress.work import Vertex, Work

_AROUND, _AROUND_MANY = 2, 1  # lines of the Dockerfile above and below a step of one line, of several
_RULE = "-" * 20


def failure(vertex: Vertex, work: Work, *, lines: int) -> str:
    """The block of a failed vertex, with at most so many lines of its output."""
    last = list(vertex.tail)[-lines:]
    words = "".join(f"{piece.stamp} {piece.text.rstrip()}\n" for piece in last)
    return f"------\n > {vertex.name}:\n{words}------\n{excerpt(work.dockerfile, work.dockerfile_name, vertex.lines)}"


def notes(work: Work) -> str:
    """What else there is to be said, after an empty line."""
    return "".join(f"{line}\n" for line in ("", *work.notes))


def excerpt(text: str, name: str, lines: tuple[int, int]) -> str:
    """The lines from the first to the last (from 1), marked, and some around them; "" where they are not known."""
    written = text.split("\n")
    first, last = lines
    if not text or not 1 <= first <= last <= len(written):
        return ""
    around = _AROUND if first == last else _AROUND_MANY
    start, end = max(1, first - around), min(len(written), last + around)
    shown = [
        f" {number:3} | {'>>>' if first <= number <= last else '   '} {written[number - 1]}"
        for number in range(start, end + 1)
    ]
    return "\n".join([f"{name}:{first}", _RULE, *shown, _RULE, ""])
