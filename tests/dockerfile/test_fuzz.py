"""More than a million inputs (`make fuzz`; some thousands in `make test`): mutated Dockerfiles, words, ignore files.

Hypothesis looks for the small and odd; this one changes what is real: pieces are cut out, doubled, swapped and put
elsewhere. Whatever comes out is a value or a PydockError with a text.
"""

import gc
import json
import math
import os
import random
from contextlib import suppress
from pathlib import Path
from time import process_time

import pytest

from pydock_lab.dockerfile.checks import check
from pydock_lab.dockerfile.expansion import expand
from pydock_lab.dockerfile.ignore import IgnoreRules
from pydock_lab.dockerfile.platforms import LINUX_AMD64
from pydock_lab.dockerfile.stages import parse
from pydock_lab.dockerfile.survey import BuildFacts
from pydock_lab.errors import PydockError
from pydock_lab.oci import ContainerConfig, ImageConfig

LONG = bool(os.environ.get("PYDOCK_FUZZ"))
DOCKERFILES = [
    "# syntax=docker/dockerfile:1\nARG V=3.20\nFROM x:$V AS b\nRUN --mount=type=cache,target=/c make \\\n -j\n",
    "FROM --platform=$BUILDPLATFORM a AS b\nCOPY --from=c --chown=1 --link x* /y/\nADD --checksum=sha256:ab http:x /\n",
    'FROM scratch\nENV A=1 B="two words" C=$A\nLABEL a.b=c\nEXPOSE 80/tcp 90-95\nVOLUME ["/a", "/b"]\nSHELL ["sh"]\n',
    "FROM x\nRUN <<EOF cat > /a\nhello $NAME\nEOF\nCOPY <<-'A' <<\"B\" /d/\n\tone\nA\ntwo\nB\n",
    "# escape=`\nFROM w\nRUN a `\n b\nHEALTHCHECK --interval=5s --retries=3 CMD curl -f http://localhost/ || exit 1\n",
    'FROM a\nONBUILD RUN x\nUSER me:us\nWORKDIR ../x\nSTOPSIGNAL SIGTERM\nENTRYPOINT ["a", "b"]\nCMD c\nMAINTAINER x\n',
]
WORDS = [
    "a$b${c}",
    "${x:-y}${x:+z}${x:?m}",
    "${v#*/}${v##*/}${v%.*}${v/a/b}${v//a/b}",
    "'$a'\"$b\"\\$c",
    "${a-${b-${c}}}",
]
IGNORES = [
    "*\n!a/b\n**/*.py\n# c\n",
    "a/**/b\n[a-z]?\n!\\*x\n./d/\n",
    "**\n!**/keep\n/abs\n",
    "\ufeffx\n \n!y/*\n[^a]\n",
]
PATHS = ["a", "a/b", "x/y/z.py", "keep", "[a", "é/ü", "a b/c", ".git/config"]
ODD = [
    "\\",
    '"',
    "'",
    "$",
    "${",
    "}",
    "[",
    "]",
    "<<E",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\ufeff",
    "é",
    "\udc80",
    "--",
    "=",
    "*",
    "!",
]


def corpus():
    """Real Dockerfiles to start from: those of the vectors, where they are."""
    folder = os.environ.get("PYDOCK_VECTORS")
    if not folder:
        return DOCKERFILES
    cases = json.loads(Path(folder, "dockerfile/image_config.json").read_text(encoding="utf-8"))["cases"]
    return DOCKERFILES + [case["input"]["dockerfile"] for case in cases[:300]]


def mutated(chance: random.Random, texts: list[str]) -> str:
    """One of the texts after a few changes."""
    text = chance.choice(texts)
    for _ in range(chance.randrange(1, 5)):
        first, last = sorted((chance.randrange(len(text) + 1), chance.randrange(len(text) + 1)))
        piece, at = text[first : min(last, first + 40)], chance.randrange(len(text) + 1)
        match chance.randrange(5):
            case 0:
                text = text[:first] + text[first + len(piece) :]
            case 1:
                text = text[:at] + piece + text[at:]
            case 2:
                text = text[:at] + chance.choice(ODD) * chance.choice([1, 1, 1, 9]) + text[at:]
            case 3:
                other = chance.choice(texts)
                cut = chance.randrange(len(other) + 1)
                text = text[:at] + other[cut : cut + 60]
            case _:
                text = text[:first] + text[first : first + 1].swapcase() + text[first + 1 :]
    return text[:4000]


def read_dockerfile(text: str, _chance: random.Random) -> None:
    parse(text)


def read_word(text: str, chance: random.Random) -> None:
    expand(text, {"a": "x/y.z", "b": "", "v": "a/b/c.tar.gz"}, chance.choice("\\`"))


def read_ignore(text: str, chance: random.Random) -> None:
    rules = IgnoreRules.parse(text)
    rules.ignores(chance.choice(PATHS))


IMAGE = ImageConfig(platform=LINUX_AMD64, config=ContainerConfig(env=("A=b",), on_build=("COPY x y",)))


def check_dockerfile(text: str, chance: random.Random) -> None:
    facts = BuildFacts(
        build_args={"V": "1"},
        target=chance.choice(["", "", "b", "0", "none"]),
        all_stages=chance.random() < 0.5,
        ignore=IgnoreRules.parse(chance.choice(IGNORES)),
        find_config=lambda _name, _platform: IMAGE,
    )
    for finding in check(text, facts).findings:
        assert finding.summary()
        assert finding.advice()


TARGETS = {
    "parser": (read_dockerfile, corpus(), 400_000),
    "expansion": (read_word, WORDS, 300_000),
    "ignore patterns": (read_ignore, IGNORES, 300_000),
    "checks": (check_dockerfile, corpus(), 100_000),
}


def told(error: PydockError) -> None:
    assert error.message("en")
    assert error.message("fr")


@pytest.mark.fuzz
@pytest.mark.parametrize("name", TARGETS)
def test_whatever_it_is(name):
    target, texts, count = TARGETS[name]
    seed = random.randrange(2**32) if LONG else 1
    chance = random.Random(seed)
    for number in range(count if LONG else count // 200):
        text = mutated(chance, texts)
        try:
            target(text, chance)
        except PydockError as error:
            told(error)
        except Exception as error:  # noqa: BLE001 - what is found is told with its input
            pytest.fail(f"seed {seed}, input {number}: {type(error).__name__}: {error}\n{text!r}")


# What is repeated until it is a megabyte, and what stands before and after it.
LARGE = {
    "instructions": ("FROM a\n", "RUN echo \"$A ${B:-c}\" 'd' \\\n  && make --jobs=4 install\n", ""),
    "continued lines": ("FROM a\nRUN a", " \\\n  && b $C", "\n"),
    "comments in a command": ("FROM a\nRUN a \\\n", "# why\n  b \\\n", "  c\n"),
    "one line": ("FROM a\nRUN ", 'word "in $quotes" ', "\n"),
    "variables": ("FROM a\nENV ", "A=b C='d e' ", "\n"),
    "labels": ("FROM a\n", 'LABEL a.b.c="${d:-e}"\n', ""),
    "a here-document": ("FROM a\nCOPY <<E /x\n", "a line of it, $with a variable\n", "E\n"),
    "here-documents": ("FROM a\n", "RUN <<E\ntrue\nE\n", ""),
    "json": ("FROM a\nCMD [", '"a b", ', '"c"]\n'),
    "sources": ("FROM a\nCOPY ", "a/b/c*.txt ", "/d/\n"),
    "stages": ("FROM a AS x\n", "FROM a\nCOPY --from=x b c\n", ""),
    "arguments": ("", "ARG A=${A:-b}\n", "FROM a\n"),
}


def is_linear(read, small: str, large: str) -> bool:
    """Whether four times as much takes at most five times as long, the least disturbed of several tries each."""
    best = [math.inf, math.inf]
    for _ in range(6):
        for number, text in enumerate((small, large)):
            gc.collect()
            began = process_time()
            with suppress(PydockError):
                read(text)
            best[number] = min(best[number], process_time() - began)
        # Very little is measured badly.
        if best[1] < 5 * best[0] + 0.05:
            return True
    return False


@pytest.fixture
def no_collector():
    """Python's collector walks through all values again and again: that would not be the parser's own time."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("shape", LARGE)
def test_a_megabyte_is_read_in_linear_time(shape):
    start, piece, end = LARGE[shape]
    small, large = (start + piece * (size // len(piece)) + end for size in (1 << 18, 1 << 20))
    assert is_linear(parse, small, large)


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("piece", IGNORES, ids=repr)
def test_many_patterns_are_read_in_linear_time(piece):
    small, large = (piece * (size // len(piece)) for size in (1 << 16, 1 << 18))
    assert is_linear(IgnoreRules.parse, small, large)
