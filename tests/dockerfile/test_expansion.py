import pytest

from pydock_lab.dockerfile.expansion import Mode, expand
from pydock_lab.errors import DockerfileError

ENV = {"A": "one", "EMPTY": "", "TWO": "x  y", "FILE": "/a/b.tar.gz"}


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("$A${A}$B", "oneone"),
        ("${B:-$A} ${EMPTY:-d} ${EMPTY-d}", "one d "),
        ("${A:+yes} ${EMPTY:+yes} ${EMPTY+yes}", "yes  yes"),
        ("${FILE##*/} ${FILE%%.*} ${FILE%.*} ${FILE#*/}", "b.tar.gz /a/b /a/b.tar a/b.tar.gz"),
        ("${FILE/a/A} ${FILE//\\//:}", "/A/b.tar.gz :a:b.tar.gz"),
        ("'$A' \"$A\" \\$A", "$A one $A"),
        ("$ $( a$", "$ $( a$"),
        ("$1x ${10}", "x "),
    ],
)
def test_values(word: str, text: str) -> None:
    assert expand(word, ENV).text == text


def test_the_escape_character_can_be_a_backtick() -> None:
    assert expand("`$A C:\\dir", ENV, "`").text == "$A C:\\dir"


def test_words_are_cut_after_replacing_and_outside_quotes() -> None:
    assert expand('$TWO "$TWO" <<  EOF', ENV).words == ("x", "y", "x  y", "<<  EOF")


def test_it_says_which_variables_were_there() -> None:
    found = expand("$A ${B:-$C}", ENV)
    assert (found.matched, found.unmatched) == ({"A"}, {"B", "C"})


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        (Mode.KEEP_QUOTES, "\"one\" 'x' $"),
        (Mode.KEEP_UNSET, "one x $"),
        (Mode.KEEP_ESCAPES, "one x \\$"),
        (Mode.PLAIN_QUOTES, "\"one\" 'x' $"),
    ],
)
def test_modes(mode: Mode, text: str) -> None:
    assert expand("\"$A\" 'x' \\$", ENV, mode=mode).text == text


def test_unset_variables_can_be_kept_as_written() -> None:
    assert expand("$B ${B} ${B:-w} ${B/a/b}", ENV, mode=Mode.KEEP_UNSET).text == "$B ${B} ${B:-w} ${B/a/b}"


@pytest.mark.parametrize(
    ("word", "key"),
    [
        ("'a", "expand-single-quote"),
        ('"a', "expand-double-quote"),
        ("${", "expand-brace"),
        ("${A:-b", "expand-brace"),
        ("${A:-'b", "expand-brace"),
        ("${A/b}", "expand-slash"),
        ("${}", "expand-bad"),
        ("${A^}", "expand-modifier"),
        ("${A:#b}", "expand-modifier"),
        ("${B?}", "expand-unset"),
        ("${EMPTY:?}", "expand-empty"),
        ("${B?why}", "expand-required"),
        ("${A#\\d}", "expand-pattern"),
        ("${A:-" * 200, "expand-deep"),
    ],
)
def test_errors(word: str, key: str) -> None:
    with pytest.raises(DockerfileError) as caught:
        expand(word, ENV)
    assert caught.value.key == f"dockerfile.{key}"
