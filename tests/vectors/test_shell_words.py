"""shell_words.json: variables, then cut at white space."""

from vectors.cases import Case, EveryCase

from pydock_lab.dockerfile.expansion import Mode, expand

FLAGS = {
    "raw_quotes": Mode.KEEP_QUOTES,
    "raw_escapes": Mode.KEEP_ESCAPES,
    "skip_unset_env": Mode.KEEP_UNSET,
    "skip_process_quotes": Mode.PLAIN_QUOTES,
}


def words(case: Case) -> tuple[str, ...]:
    env = case.env
    mode = Mode.VALUE
    for name, wanted in case.input["flags"].items():
        mode |= FLAGS[name] if wanted else Mode.VALUE
    return expand(case.input["text"], env, case.input["escape"], mode).words


def check(case: Case) -> None:
    if case.is_error:
        case.raises(lambda: words(case))
    else:
        assert list(words(case)) == case.expect["words"]


def test_shell_words(every_case: EveryCase) -> None:
    every_case("dockerfile/shell_words", check)
