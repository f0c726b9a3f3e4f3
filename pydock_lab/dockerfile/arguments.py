"""The forms that the arguments of an instruction take, cut into words.

    shell form       RUN echo "hello world"            one text, for the shell
    exec form        RUN ["echo", "hello world"]       a JSON array of strings
    list             COPY a.py b.py /app/              words between blanks; quotes mean nothing here
    pairs            ENV name="two words" other=b      words, with quotes and escapes kept for later
    old pair         ENV name two words                one pair, all the rest is its value

What begins like the exec form but is no JSON is the shell form: `RUN ['a']` looks for a program named `[a]`.
Variables are not replaced here, so quotes and escapes are only stepped over.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from pydock_lab.dockerfile.characters import WHITE_SPACE, quote
from pydock_lab.errors import DockerfileError

BLANKS = re.compile(r"[\t\v\f\r ]+")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_FIRST_WORD = re.compile(r"([^\t\n\v\f\r ]*)[\t\n\v\f\r ]*(.*)", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Arguments:
    """The words of an instruction, and whether they were written as a JSON array."""

    words: tuple[str, ...] = ()
    is_json: bool = False


@cache
def _word_pattern(escape: str) -> re.Pattern[str]:
    # Each alternative starts with another character, so there is one way to read a text, in linear time. An
    # escape at the very end fits none of them, and is dropped.
    sign, space = re.escape(escape), re.escape(WHITE_SPACE)
    pair = f"{sign}."
    return re.compile(
        f"""(?:{pair}|'[^']*'?|"(?:{pair}|[^"{sign}])*+"?|[^{space}'"{sign}])++""",
        re.DOTALL,
    )


def words(text: str, escape: str) -> tuple[str, ...]:
    """Words between white space, with quotes and escapes left in."""
    return tuple(_word_pattern(escape).findall(text))


def pairs(keyword: str, text: str, escape: str) -> tuple[str, ...]:
    """Triples name, value, "=" (or "" in the old form), flattened; raises DockerfileError."""
    found = words(text, escape)
    if not found:
        return ()
    # The first word alone tells which form it is: in the old one, equals signs further on are text.
    if "=" not in found[0]:
        name, *value = BLANKS.split(text, maxsplit=1)
        if not value:
            raise DockerfileError("dockerfile.pair-value", instruction=keyword)
        return (name, *value, "")
    flat: list[str] = []
    for word in found:
        name, equals, content = word.partition("=")
        if not equals:
            raise DockerfileError("dockerfile.pair-equals", word=quote(word))
        flat += [name, content, equals]
    return tuple(flat)


def json_strings(text: str) -> tuple[str, ...] | None:
    """The strings of a JSON array; None where `text` is no JSON array, and so is in shell form.

    Raises DockerfileError for an array with anything but strings in it: nobody means that as a command.
    """
    if not text.startswith("["):
        return None
    try:
        # Numbers are not converted: Python refuses to read thousands of digits.
        items = json.loads(text, parse_int=str.encode, parse_float=str.encode, parse_constant=_no_constant)
    except RecursionError:
        items = [None]  # thousands of brackets: an array of arrays, not of strings
    except ValueError:
        return None
    if not all(isinstance(item, str) for item in items):
        raise DockerfileError("dockerfile.json-strings")
    return tuple(_SURROGATES.sub("\ufffd", item) for item in items)


def _no_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity, which are Python's but not JSON's


def _text(text: str, _escape: str) -> Arguments:
    return Arguments(words=(text,) if text else ())


def _list(text: str, _escape: str) -> Arguments:
    return Arguments(words=tuple(BLANKS.split(text)) if text else ())


def _command(text: str, escape: str) -> Arguments:
    items = json_strings(text)
    return _text(text, escape) if items is None else Arguments(words=items, is_json=True)


def _json_or_list(text: str, escape: str) -> Arguments:
    items = json_strings(text)
    return _list(text, escape) if items is None else Arguments(words=items, is_json=True)


def _words(text: str, escape: str) -> Arguments:
    return Arguments(words=words(text, escape))


def _healthcheck(text: str, escape: str) -> Arguments:
    """`NONE`, or `CMD` and a command."""
    found = _FIRST_WORD.fullmatch(text)
    if found is None or not found[1]:
        return Arguments()
    command = _command(found[2], escape)
    return Arguments(words=(found[1], *command.words), is_json=command.is_json)


def _env(text: str, escape: str) -> Arguments:
    return Arguments(words=pairs("ENV", text, escape))


def _label(text: str, escape: str) -> Arguments:
    return Arguments(words=pairs("LABEL", text, escape))


FORMS: dict[str, Callable[[str, str], Arguments]] = {
    "ADD": _json_or_list,
    "ARG": _words,
    "CMD": _command,
    "COPY": _json_or_list,
    "ENTRYPOINT": _command,
    "ENV": _env,
    "EXPOSE": _list,
    "FROM": _list,
    "HEALTHCHECK": _healthcheck,
    "LABEL": _label,
    "MAINTAINER": _text,
    "RUN": _command,
    "SHELL": _command,
    "STOPSIGNAL": _text,
    "USER": _text,
    "VOLUME": _json_or_list,
    "WORKDIR": _text,
}
ONBUILD = "ONBUILD"  # its argument is an instruction
KEYWORDS = tuple(sorted([*FORMS, ONBUILD]))


def split_flags(text: str, escape: str) -> tuple[tuple[str, ...], str]:
    """The `--flags` that stand before the arguments, and the rest; `--` alone ends them.

    Here quotes disappear at once, and so does the escape before a character.
    """
    flags: list[str] = []
    position = _skip_space(text, 0)
    while text.startswith("--", position):
        flag, position = _flag(text, position, escape)
        if flag == "--":
            break
        flags.append(flag)
        position = _skip_space(text, position)
    return tuple(flags), text[position:]


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position] in WHITE_SPACE:
        position += 1
    return position


def _flag(text: str, position: int, escape: str) -> tuple[str, int]:
    letters: list[str] = []
    mark = ""
    while position < len(text) and (mark or text[position] not in WHITE_SPACE):
        char = text[position]
        if char == escape:
            position += 1
            letters.append(text[position : position + 1])
        elif char == mark:
            mark = ""
        elif char in "'\"" and not mark:
            mark = char
        else:
            letters.append(char)
        position += 1
    return "".join(letters), position
