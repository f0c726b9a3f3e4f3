"""A million inputs (`make fuzz`; some thousands in `make test`): mutated Dockerfiles, words and ignore files.

Hypothesis looks for the small and odd; this one changes what is real: pieces are cut out, doubled, swapped and put
elsewhere. Whatever comes out is a value or a PydockError with a text.
"""

import json
import os
import random
from pathlib import Path

import pytest

from pydock_lab.dockerfile.expansion import expand
from pydock_lab.dockerfile.ignore import IgnoreRules
from pydock_lab.dockerfile.stages import parse
from pydock_lab.errors import PydockError

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


TARGETS = {
    "parser": (read_dockerfile, corpus(), 400_000),
    "expansion": (read_word, WORDS, 300_000),
    "ignore patterns": (read_ignore, IGNORES, 300_000),
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


def test_a_large_dockerfile_is_read_in_linear_time():
    from time import process_time  # noqa: PLC0415 - only here

    def seconds(size: int) -> float:
        line = "RUN echo \"$A ${B:-c}\" 'd' \\\n  && make --jobs=4 install\n"
        text = "FROM a\n" + line * (size // len(line))
        began = process_time()
        parse(text)
        return process_time() - began

    small = min(seconds(1 << 18) for _ in range(3))
    assert min(seconds(1 << 20) for _ in range(3)) < 6 * small
