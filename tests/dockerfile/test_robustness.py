"""Whatever is written, reading it gives a value or an error that says what is wrong; and it does not take long."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pydock_lab.dockerfile.directives import CheckOptions, detect
from pydock_lab.dockerfile.expansion import expand
from pydock_lab.dockerfile.ignore import IgnoreRules
from pydock_lab.dockerfile.mounts import parse_device, parse_mount
from pydock_lab.dockerfile.platforms import parse_platform
from pydock_lab.dockerfile.ports import parse_ports
from pydock_lab.dockerfile.stages import parse
from pydock_lab.errors import PydockError
from pydock_lab.locale import LANGUAGES

PIECES = some.sampled_from(
    [
        *("FROM a\n", "FROM a AS b\n", "RUN ", "COPY ", "ADD ", "ENV ", "ARG ", "LABEL ", "ONBUILD ", "HEALTHCHECK "),
        *("EXPOSE ", "VOLUME ", "SHELL ", "CMD ", "USER ", "WORKDIR ", "STOPSIGNAL ", "MAINTAINER ", "BAD "),
        *("--mount=", "--from=b ", "--link ", "--interval=1s ", "--device=", "type=cache,", "target=/x", "NONE", "--"),
        *("<<EOF", "<<-'EOF' ", "EOF\n", "\\\n", "`\n", "# escape=`\n", "# check=skip=all\n", "\n", " ", "\t", "\r\n"),
        *('["a", "b"]', "[1]", "[", "]", '"', "'", "\\", "$", "${", "}", ":-", "#", "%", "/", "=", "a", "*", "\ufeff"),
        *("\x1c", "\x85", "\u2028", "é", "\udc80", "\x00", "9" * 30),
    ]
)
TEXTS = some.one_of(some.lists(PIECES, max_size=30).map("".join), some.text(max_size=60))


def value_or_error(call: Callable[[], object]) -> None:
    try:
        call()
    except PydockError as error:
        # KeyError where a text is missing, or a field in it.
        for language in LANGUAGES:
            error.message(language)
            error.hint(language)


@given(TEXTS)
def test_any_dockerfile(text: str) -> None:
    value_or_error(lambda: parse(text))
    value_or_error(lambda: parse(f"FROM a\n{text}"))


@given(TEXTS, some.sampled_from("\\`"))
def test_any_word(text: str, escape: str) -> None:
    value_or_error(lambda: expand(text, {"a": "x*y", "E": ""}, escape))
    value_or_error(lambda: expand(f"${{a{text}}}", {"a": "x*y"}, escape))


@given(TEXTS, TEXTS)
def test_any_ignore_file(text: str, path: str) -> None:
    value_or_error(lambda: IgnoreRules.parse(text).ignores(path))
    value_or_error(lambda: IgnoreRules.of([f"[{text}]", text]).ignores(path))


@given(TEXTS)
def test_any_single_value(text: str) -> None:
    value_or_error(lambda: parse_mount(text, str))
    value_or_error(lambda: parse_device(text))
    value_or_error(lambda: parse_ports([text]))
    value_or_error(lambda: parse_platform(text))
    value_or_error(lambda: CheckOptions.parse(text))
    value_or_error(lambda: detect("syntax", text))


LINE = 60_000
DEEP = {
    "braces": "FROM a\nCOPY <<E " + "${a:-" * (LINE // 5),
    "heredoc signs": "FROM a\nRUN " + "<<" * (LINE // 2),
    "heredoc words": "FROM a\nRUN " + "<<a " * (LINE // 4),
    "quotes": "FROM a\nENV a=" + "\"'" * (LINE // 2),
    "quoted escapes": 'FROM a\nENV a="' + "\\" * LINE,
    "blanks": "FROM a\nRUN" + " " * LINE + "a\\",
    "escapes and blanks": "FROM a\nRUN " + "\\ " * (LINE // 2),
    "json": "FROM a\nRUN " + "[" * LINE,
    "json digits": "FROM a\nRUN [" + "1" * LINE + "]",
    "onbuild": "FROM a\n" + "ONBUILD " * (LINE // 8),
    "flags": "FROM a\nRUN " + "--mount=a " * (LINE // 10),
    "directive blanks": "# escape" + " " * LINE + "x\nFROM a",
    "continuations": "FROM a\nRUN a " + "\\\n" * LINE,
    "comments": "FROM a\n" + "# a\n" * LINE,
    "lines": "FROM a\n" + "RUN a\n" * (LINE // 6),
    "digits": "FROM a\nHEALTHCHECK --interval=" + "1" * LINE + "s CMD a",
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_time_is_linear(text: str) -> None:
    began = time.process_time()
    value_or_error(lambda: parse(text))
    # Quadratic work on 60,000 characters would take minutes.
    assert time.process_time() - began < 5


@pytest.mark.parametrize("word", ["${a:-" * 12_000, "${a#" + "*a" * 500 + "}", "${a//" + "*" * 50 + "b/c}", "$" * LINE])
def test_words_do_not_explode(word: str) -> None:
    began = time.process_time()
    value_or_error(lambda: expand(word, {"a": "a" * 200}))
    assert time.process_time() - began < 5
